"""The index of words against the readings it was made from, token by token.

The index keeps no text of its own, so SQLite cannot tell whether it is right: each revision is
indexed anew in memory, and every word's place is compared.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing

from sqlalchemy import Connection

from storage.ingest.prepare import ArticleRow
from storage.ingest.search_index import ADD
from storage.maintenance.checks.findings import Finding
from storage.maintenance.checks.rows import rows

WHERE = "the index of words"
BATCH = 500  # revisions in memory at a time
_ALL_BITS = 2**64 - 1
_PLACES = "SELECT term, doc, col, offset FROM temp.places"
_SIZES = "SELECT id, sz FROM words_docsize"
_READINGS = "SELECT revision.id, item FROM revision JOIN reading ON reading.id = reading_id ORDER BY revision.id"

# Of one revision: a sum over its words and their places, and its lengths as the index notes them.
Sums = dict[int, tuple[int, bytes]]


def words(connection: Connection) -> Iterator[Finding]:
    """Revisions that the index holds otherwise than their readings say."""
    connection.exec_driver_sql("CREATE VIRTUAL TABLE temp.places USING fts5vocab('main', 'words', 'instance')")
    try:
        stored = _sums(connection.exec_driver_sql(_PLACES), connection.exec_driver_sql(_SIZES))
        yield from _totals(connection)
    finally:
        connection.exec_driver_sql("DROP TABLE temp.places")
    (made,) = rows(connection, "SELECT sql FROM sqlite_schema WHERE name = 'words'")
    found = rows(connection, _READINGS)
    while some := [(row["id"], row["item"]) for row, _ in zip(found, range(BATCH), strict=False)]:
        expected = _anew(made["sql"], some)
        for revision_id, _ in some:
            if stored.get(revision_id) != expected[revision_id]:
                where = f"revision {revision_id}"
                yield Finding(kind="index", where=where, what="the index does not hold its words as they stand")


def _sums(places: Iterable[tuple[str, int, str, int]], sizes: Iterable[tuple[int, bytes]]) -> Sums:
    found: dict[int, int] = {}
    for place in places:
        found[place[1]] = found.get(place[1], 0) + hash(place) & _ALL_BITS
    return {number: (found.get(number, 0), size) for number, size in sizes}


def _anew(made: str, revisions: list[tuple[int, str]]) -> Sums:
    with closing(sqlite3.connect(":memory:")) as memory:
        memory.execute(made)
        memory.execute("CREATE VIRTUAL TABLE temp.places USING fts5vocab('main', 'words', 'instance')")
        memory.executemany(ADD, [(number, *ArticleRow.by(json.loads(item)).words) for number, item in revisions])
        return _sums(memory.execute(_PLACES), memory.execute(_SIZES))


def _totals(connection: Connection) -> Iterator[Finding]:
    """The index's own count of rows and words, from which the rank of a hit is reckoned."""
    noted = connection.exec_driver_sql("SELECT block FROM words_data WHERE id = 1").scalar()
    sizes = [_numbers(size) for _, size in connection.exec_driver_sql(_SIZES)]
    totals = [len(sizes), *(sum(column) for column in zip(*sizes, strict=True))]
    if isinstance(noted, bytes) and (_numbers(noted) == totals or (not sizes and not any(_numbers(noted)))):
        return
    yield Finding(kind="index", where=WHERE, what="its count of words is not the sum over its rows")


def _numbers(block: bytes) -> list[int]:
    """SQLite's variable-length integers: seven bits a byte, the high bit saying that more follow."""
    found, number = [], 0
    for byte in block:
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            found.append(number)
            number = 0
    return found
