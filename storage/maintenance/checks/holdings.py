"""What other archives were heard to have, against itself and against what is held.

An index cannot be read again from the evidence of pages; but it can be asked again, so a row that cannot be
as it is, is forgotten, and with it how far that archive was asked.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, get_args

from sqlalchemy import Connection

from storage.holdings.models import State
from storage.maintenance.checks.findings import BROKEN, Finding, Reader, printable
from storage.maintenance.checks.ledger import is_moment
from storage.maintenance.checks.rows import rows

_STATES = get_args(State)
_SHA1 = re.compile(r"[A-Z2-7]{32}")
_HELD = """
SELECT rowid FROM holding WHERE state = 'held'
AND NOT EXISTS (SELECT 1 FROM capture WHERE capture.address = holding.address)
"""
_NO_CAPTURE = "SELECT rowid FROM payload WHERE NOT EXISTS (SELECT 1 FROM capture WHERE digest = payload.digest)"
_TABLES = ("holding", "enumeration", "refusal", "payload")


def elsewhere(connection: Connection, reader: Reader) -> Iterator[Finding]:
    """Rows that cannot be as they are."""
    for table, row, fields in _wrong(connection, reader):
        what = "has values that cannot be"
        where = f"{table} ({printable(row.get('url') or row.get('query') or row.get('archive') or row.get('digest'))})"
        yield Finding(kind="elsewhere", where=where, what=what, fields=tuple(fields))


def forget(connection: Connection, reader: Reader, *, misnamed: bool = False) -> int:
    """Delete rows that cannot be as they are, and let the indexes be asked again; how many rows there were.

    misnamed: whether bytes are known by false names; then all names go, and the next run makes them anew.
    """
    if misnamed:
        return connection.exec_driver_sql("DELETE FROM payload").rowcount + forget(connection, reader)
    found = [(table, row["number"]) for table, row, _ in _wrong(connection, reader)]
    for table, number in found:
        connection.exec_driver_sql(f"DELETE FROM {table} WHERE rowid = ?", (number,))
    if found:
        connection.exec_driver_sql("DELETE FROM enumeration")
    return len(found)


def _wrong(connection: Connection, reader: Reader) -> Iterator[tuple[str, Mapping[str, Any], list[str]]]:
    unheld = {row["rowid"] for row in rows(connection, _HELD)}
    unknown = {row["rowid"] for row in rows(connection, _NO_CAPTURE)}
    for table in _TABLES:
        for row in rows(connection, f"SELECT rowid AS number, * FROM {table} ORDER BY rowid"):
            try:
                fields = _FIELDS[table](row, reader)
            except BROKEN:
                fields = ["captured_at" if table == "holding" else "archive"]
            if row["number"] in {"holding": unheld, "payload": unknown}.get(table, ()):
                fields = [*fields, "state" if table == "holding" else "digest"]
            if fields:
                yield table, row, fields


def _holding(row: Mapping[str, Any], reader: Reader) -> list[str]:
    state, due = row["state"], row["due_at"] is not None
    try:
        address = reader.address(row["url"])
    except ValueError:
        address = row["url"]
    right = {
        "captured_at": is_moment(row["captured_at"]),
        "listed_at": is_moment(row["listed_at"]),
        "due_at": not due or is_moment(row["due_at"]),
        "state": state in _STATES and (not due or state in ("known", "failed")),
        "why": row["why"] is not None or state in ("known", "held"),
        "address": row["address"] == address,
        "section": row["section"] in {None, *reader.section(row["address"])},
        "turn": isinstance(row["turn"], int) and row["turn"] >= 1,
        "tries": isinstance(row["tries"], int) and row["tries"] >= 0,
    }
    return [name for name, is_right in right.items() if not is_right]


def _enumeration(row: Mapping[str, Any], _: Reader) -> list[str]:
    finished = row["finished_at"]
    right = {
        "asked_at": is_moment(row["asked_at"]),
        "finished_at": finished is None or is_moment(finished),
        "resume_key": (row["resume_key"] is None) == (finished is not None),
        "pages": isinstance(row["pages"], int) and row["pages"] >= 1,
        "listed": isinstance(row["listed"], int) and row["listed"] >= 0,
    }
    return [name for name, is_right in right.items() if not is_right]


def _refusal(row: Mapping[str, Any], _: Reader) -> list[str]:
    date.fromisoformat(row["day"])
    return [] if isinstance(row["times"], int) and row["times"] >= 1 else ["times"]


def _payload(row: Mapping[str, Any], _: Reader) -> list[str]:
    return [] if is_sha1(row["sha1"]) else ["sha1"]


def is_sha1(value: Any) -> bool:
    """Whether a value has the form of SHA-1 in base32."""
    return isinstance(value, str) and _SHA1.fullmatch(value) is not None


_FIELDS = {"holding": _holding, "enumeration": _enumeration, "refusal": _refusal, "payload": _payload}
