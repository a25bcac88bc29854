"""Check of the database alone: pages, tables, references between rows."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection

from storage.archive import Archive
from storage.database.engine import DATABASE
from storage.maintenance.checks.findings import Finding, printable
from storage.maintenance.checks.rows import rows
from storage.query.search.text import digest_of

MOST_COMPLAINTS = 100
LONGEST_COMPLAINT = 300  # characters; SQLite lists a broken page cell by cell


def pages(connection: Connection, *, quick: bool = False) -> Iterator[Finding]:
    """The faults that SQLite reports; quick: without comparing tables and indexes."""
    check = "quick_check" if quick else "integrity_check"
    for (complaint,) in connection.exec_driver_sql(f"PRAGMA {check}({MOST_COMPLAINTS})"):
        if complaint != "ok":
            yield Finding(kind="database", where=DATABASE, what=" ".join(str(complaint).split())[:LONGEST_COMPLAINT])
    for table, rowid, parent, _ in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        what = f"row {rowid} of {table} names a {parent} that is not there"
        yield Finding(kind="database", where=DATABASE, what=what)


def tables(connection: Connection) -> Iterator[Finding]:
    """Tables, indexes and views that are not those of a new archive."""
    expected = _new_schema()
    for name in sorted({name for name, _ in _schema(connection).items() ^ expected.items()}):
        # The tables of ANALYZE, and views and indexes that a person added, are not damage.
        if name in expected or not name.isprintable():
            what = f"{printable(name)} is not as this version makes it"
            yield Finding(kind="database", where=DATABASE, what=what)


@cache
def _new_schema() -> dict[str, tuple[str, str, tuple[str, ...]]]:
    with TemporaryDirectory() as folder, Archive.open(Path(folder) / "new") as new, new.connect() as fresh:
        return _schema(fresh)


def _schema(connection: Connection) -> dict[str, tuple[str, str, tuple[str, ...]]]:
    """The schema without the shadow tables of the index, which differ between versions of SQLite."""
    stored = rows(
        connection, "SELECT name, type, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'words\\_%' ESCAPE '\\'"
    )
    return {str(row["name"]): (row["type"], row["tbl_name"], _definition(row["type"], row["sql"])) for row in stored}


def _definition(kind: str, statement: str | None) -> tuple[str, ...]:
    """A statement in comparable parts. Columns of a table have no order: a migration adds one behind all others."""
    words = " ".join((statement or "").split())
    if kind != "table" or words.startswith("CREATE VIRTUAL"):
        return (words,)
    head, _, rest = words.partition("(")
    parts, _, options = rest.rpartition(")")
    return (head, options, *sorted(part.strip() for part in re.split(r",(?![^()]*\))", parts)))


_ORPHANS = """
SELECT id, digest, item, EXISTS (SELECT 1 FROM capture WHERE reading_id = reading.id) AS shown FROM reading
"""


def readings(connection: Connection) -> Iterator[Finding]:
    """Readings with a wrong digest, or without a capture."""
    for row in rows(connection, _ORPHANS):
        where = f"reading {row['id']}"
        if digest_of(row["item"].encode("utf-8", "backslashreplace").decode()) != row["digest"]:
            yield Finding(kind="differs", where=where, what="its text does not have its digest", fields=("item",))
        if not row["shown"]:
            yield Finding(kind="differs", where=where, what="no capture gave it")


_SAME_WORDS = """
SELECT id, canonical_url, same_words_as, expected FROM (
    SELECT id, canonical_url, same_words_as,
           first_value(id) OVER (
               PARTITION BY words_digest ORDER BY first_seen_at IS NULL, first_seen_at, canonical_url
           ) AS expected
    FROM story
) WHERE same_words_as IS NOT CASE WHEN expected = id THEN NULL ELSE expected END
"""


def same_words(connection: Connection) -> Iterator[Finding]:
    """Stories that do not name the first story with the same words."""
    for row in rows(connection, _SAME_WORDS):
        where = f"story {row['id']} ({printable(row['canonical_url'])})"
        what = "does not name the story that had its words first"
        yield Finding(kind="differs", where=where, what=what, fields=("same_words_as",))
