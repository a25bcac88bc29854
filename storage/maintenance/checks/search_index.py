"""Check of the search index, and of the tables that searches count by, against what they were built from.

The index stores no text, so SQLite cannot check it: each revision is indexed anew in memory, and every position of
every word is compared.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice

from sqlalchemy import Connection

from storage.ingest.prepare import ArticleRow
from storage.ingest.search_index import ADD
from storage.ingest.search_rows import ROWS
from storage.maintenance.checks.findings import Finding
from storage.maintenance.checks.rows import rows

WHERE = "the index of words"
BATCH = 500  # revisions in memory at a time
_ALL_BITS = 2**64 - 1
_CREATE_PLACES = "CREATE VIRTUAL TABLE temp.places USING fts5vocab('main', 'words', 'instance')"
_PLACES = "SELECT term, doc, col, offset FROM temp.places"
_SIZES = "SELECT id, sz FROM words_docsize"
_READINGS = "SELECT revision.id, item FROM revision JOIN reading ON reading.id = reading_id ORDER BY revision.id"

# By revision: a sum over its words and their positions, and its lengths as the index stores them.
Sums = dict[int, tuple[int, bytes]]


def words(connection: Connection) -> Iterator[Finding]:
    """Revisions whose words in the index are not those of their readings."""
    connection.exec_driver_sql(_CREATE_PLACES)
    try:
        stored = _sums(connection.exec_driver_sql(_PLACES), connection.exec_driver_sql(_SIZES))
        yield from _totals(connection)
    finally:
        connection.exec_driver_sql("DROP TABLE temp.places")
    (table,) = rows(connection, "SELECT sql FROM sqlite_schema WHERE name = 'words'")
    revisions = rows(connection, _READINGS)
    while batch := [(row["id"], row["item"]) for row in islice(revisions, BATCH)]:
        expected = _anew(table["sql"], batch)
        for revision_id, _ in batch:
            if stored.get(revision_id) != expected[revision_id]:
                where = f"revision {revision_id}"
                yield Finding(kind="index", where=where, what="the index does not hold its words as they stand")


_STORED = """
SELECT revision_id, story_id, number, newest, published_on, month, section, language, layout, edited, corrected, names
FROM search_row LEFT JOIN facets ON facets.id = facets_id LEFT JOIN author_list ON author_list.id = author_list_id
"""
_UNLIKE = f"""
SELECT revision_id AS id FROM ({_STORED} EXCEPT {ROWS})
UNION SELECT revision_id FROM ({ROWS} EXCEPT {_STORED}) ORDER BY id
"""


_MISCOUNTED = """
SELECT id, stories, (SELECT count(*) FROM search_row WHERE facets_id = facets.id AND newest) AS counted
FROM facets WHERE stories <> counted
"""


def counts(connection: Connection) -> Iterator[Finding]:
    """Revisions whose row for counting is not that of their story, and values with another count of stories."""
    for row in rows(connection, _UNLIKE):
        what = "searches count it by other values than its story has"
        yield Finding(kind="index", where=f"revision {row['id']}", what=what)
    for row in rows(connection, _MISCOUNTED):
        what = f"says {row['stories']} stories have its values, and {row['counted']} do"
        yield Finding(kind="index", where=f"row {row['id']} of facets", what=what)


def _sums(places: Iterable[tuple[str, int, str, int]], sizes: Iterable[tuple[int, bytes]]) -> Sums:
    sums: dict[int, int] = {}
    for place in places:
        sums[place[1]] = sums.get(place[1], 0) + hash(place) & _ALL_BITS
    return {number: (sums.get(number, 0), size) for number, size in sizes}


def _anew(table: str, revisions: list[tuple[int, str]]) -> Sums:
    with closing(sqlite3.connect(":memory:")) as memory:
        memory.execute(table)
        memory.execute(_CREATE_PLACES)
        memory.executemany(ADD, [(number, *ArticleRow.by(json.loads(item)).words) for number, item in revisions])
        return _sums(memory.execute(_PLACES), memory.execute(_SIZES))


def _totals(connection: Connection) -> Iterator[Finding]:
    """The index's count of rows and words, from which bm25 computes the rank of a hit."""
    stored = connection.exec_driver_sql("SELECT block FROM words_data WHERE id = 1").scalar()
    sizes = [_numbers(size) for _, size in connection.exec_driver_sql(_SIZES)]
    totals = [len(sizes), *(sum(column) for column in zip(*sizes, strict=True))]
    if isinstance(stored, bytes) and (_numbers(stored) == totals or (not sizes and not any(_numbers(stored)))):
        return
    yield Finding(kind="index", where=WHERE, what="its count of words is not the sum over its rows")


def _numbers(block: bytes) -> list[int]:
    """SQLite's variable-length integers: seven bits a byte; the high bit is set in all but the last."""
    numbers, number = [], 0
    for byte in block:
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            numbers.append(number)
            number = 0
    return numbers
