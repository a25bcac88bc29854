"""Check of the holdings of other archives against the schema, and against the stored captures.

The evidence of pages does not contain an index, but the archive can be queried again: an impossible row is deleted,
and with it the record of how far that archive was queried.
"""

import re
from collections.abc import Iterator
from typing import Any, get_args

from sqlalchemy import Connection

from storage.database.other_archives import Holding, IndexQuery, Payload, Refusal
from storage.database.schema import Table
from storage.holdings.models import State
from storage.ingest.reprocess import Reader
from storage.maintenance.checks.findings import BROKEN, Finding, printable
from storage.maintenance.checks.rows import Row, malformed, rows

_TABLES: tuple[type[Table], ...] = (Holding, IndexQuery, Refusal, Payload)
_CHOICES = {"state": get_args(State)}
_SHA1 = re.compile(r"[A-Z2-7]{32}")
_HELD = """
SELECT rowid FROM holding WHERE state = 'held'
AND NOT EXISTS (SELECT 1 FROM capture WHERE capture.address = holding.address)
"""
_NO_CAPTURE = "SELECT rowid FROM payload WHERE NOT EXISTS (SELECT 1 FROM capture WHERE digest = payload.digest)"


def elsewhere(connection: Connection, reader: Reader) -> Iterator[Finding]:
    """Rows with impossible values."""
    for table, row, fields in _wrong(connection, reader):
        what = "has values that cannot be"
        where = f"{table} ({printable(row.get('url') or row.get('query') or row.get('archive') or row.get('digest'))})"
        yield Finding(kind="elsewhere", where=where, what=what, fields=tuple(fields))


def forget(connection: Connection, reader: Reader, *, misnamed: bool = False) -> int:
    """Delete rows with impossible values, so that the indexes are queried again; the number of rows.

    misnamed: whether payloads have wrong digests; then all payloads go, and the next run makes them anew.
    """
    if misnamed:
        return connection.exec_driver_sql("DELETE FROM payload").rowcount + forget(connection, reader)
    wrong = [(table, row["number"]) for table, row, _ in _wrong(connection, reader)]
    for table, number in wrong:
        connection.exec_driver_sql(f"DELETE FROM {table} WHERE rowid = ?", (number,))
    if wrong:
        connection.exec_driver_sql("DELETE FROM enumeration")
    return len(wrong)


def _wrong(connection: Connection, reader: Reader) -> Iterator[tuple[str, Row, list[str]]]:
    without_capture = {
        "holding": {row["rowid"] for row in rows(connection, _HELD)},
        "payload": {row["rowid"] for row in rows(connection, _NO_CAPTURE)},
    }
    for table in _TABLES:
        name = table.__tablename__
        for row in rows(connection, f"SELECT rowid AS number, * FROM {name} ORDER BY rowid"):
            fields = malformed(table, row, _CHOICES) or [*_contradictions(name, row, reader)]
            if row["number"] in without_capture.get(name, ()):
                fields.append("state" if name == "holding" else "digest")
            if fields:
                yield name, row, fields


def _contradictions(table: str, row: Row, reader: Reader) -> Iterator[str]:
    """The columns of a well-formed row that contradict another, or are too small."""
    at_least_one = {"holding": "turn", "enumeration": "pages", "refusal": "times"}.get(table)
    if at_least_one and row[at_least_one] < 1:
        yield at_least_one
    if table == "payload" and not is_sha1(row["sha1"]):
        yield "sha1"
    if table == "enumeration" and (row["resume_key"] is None) != (row["finished_at"] is not None):
        yield "resume_key"
    if table == "holding":
        yield from _of_holding(row, reader)


def _of_holding(row: Row, reader: Reader) -> Iterator[str]:
    if row["due_at"] is not None and row["state"] not in ("known", "failed"):
        yield "state"
    if row["why"] is None and row["state"] not in ("known", "held"):
        yield "why"
    try:
        address = reader.address(row["url"])
    except ValueError:
        address = row["url"]
    if row["address"] != address:
        yield "address"
    try:
        if row["section"] not in {None, *reader.section(row["address"])}:
            yield "section"
    except BROKEN:
        yield "address"


def is_sha1(value: Any) -> bool:
    """Whether a value has the form of SHA-1 in base32."""
    return isinstance(value, str) and _SHA1.fullmatch(value) is not None
