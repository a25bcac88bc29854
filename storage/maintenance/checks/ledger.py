"""Check of the ledger against the schema, and against the captures that its rows name.

Some values, such as the number of failures, come from no page and cannot be read again. But each must have the type of
its column, and most must agree with another value.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import get_args

from sqlalchemy import Connection

from storage.database.schema import Address
from storage.ingest.reprocess import Reader
from storage.ledger.discoveries import MergedDiscovery, merge
from storage.ledger.rows import LedgerBatch, raw_priority
from storage.ledger.states import Discovery, FoundBy, Kind, State
from storage.maintenance.checks.findings import BROKEN, Finding, printable
from storage.maintenance.checks.rows import Row, malformed, rows

_CHOICES = {"kind": get_args(Kind), "how": get_args(FoundBy), "state": get_args(State), "was": get_args(State)}
_PRINTABLE = ("address", "url", "section", "heard_from")

# Queries for the addresses of rows with a column that another row contradicts, by column.
_CONTRADICTED = {
    "heard_from": "SELECT address FROM ledger AS known WHERE heard_from IS NOT NULL"
    " AND NOT EXISTS (SELECT 1 FROM ledger WHERE address = known.heard_from)",
    "capture_id": "SELECT address FROM ledger WHERE capture_id IS NOT NULL"
    " AND NOT EXISTS (SELECT 1 FROM capture WHERE id = capture_id AND capture.address = ledger.address)",
    "etag": "SELECT address FROM ledger WHERE etag IS NOT NULL"
    " AND NOT EXISTS (SELECT 1 FROM capture WHERE address = ledger.address AND etag = ledger.etag)",
    "last_modified": "SELECT address FROM ledger WHERE last_modified IS NOT NULL AND NOT EXISTS"
    " (SELECT 1 FROM capture WHERE address = ledger.address AND last_modified = ledger.last_modified)",
}


def ledger(connection: Connection, reader: Reader) -> Iterator[Finding]:
    """Rows with impossible values."""
    for row in rows(connection, "SELECT * FROM ledger ORDER BY address"):
        if fields := wrong(row, reader):
            yield _finding(row["address"], fields)
    for column, query in _CONTRADICTED.items():
        for row in rows(connection, query):
            yield _finding(row["address"], [column])


def _finding(address: object, fields: list[str]) -> Finding:
    what = "has values that cannot be, or that its captures contradict"
    return Finding(kind="ledger", where=f"ledger ({printable(address)})", what=what, fields=tuple(fields))


def mend(connection: Connection, reader: Reader, now: datetime) -> int:
    """Replace rows with impossible values by new discoveries, if their address is valid; returns their number."""
    contradicted = {row["address"] for query in _CONTRADICTED.values() for row in rows(connection, query)}
    every = rows(connection, "SELECT rowid AS number, * FROM ledger ORDER BY address")
    replaced = [row for row in every if row["address"] in contradicted or wrong(row, reader)]
    for row in replaced:
        connection.exec_driver_sql("DELETE FROM ledger WHERE rowid = ?", (row["number"],))
    possible = (discovery_of(row, reader) for row in replaced)
    discoveries = merge(MergedDiscovery(discovery, None, now) for discovery in possible if discovery)
    batch = LedgerBatch(connection, discoveries)
    batch.discover(discoveries.values())
    batch.write()
    lost = f"UPDATE ledger SET heard_from = NULL WHERE address IN ({_CONTRADICTED['heard_from']})"
    connection.exec_driver_sql(lost)
    return len(replaced)


def discovery_of(row: Row, reader: Reader) -> Discovery | None:
    """The address of a row as a new discovery; None when the row has no valid address."""
    fields = _malformed(row)
    if fields & {"address", "url", "kind", "how"} or row["address"] != _address(row, reader):
        return None
    sections = {None, *reader.section(row["address"])}
    is_excluded = row["state"] == "excluded" and _is_printable(row["why"])
    return Discovery(
        url=row["url"],
        address=row["address"],
        kind=row["kind"],
        section=row["section"] if row["kind"] == "rest" or row["section"] in sections else None,
        found_by="link" if row["how"] == "asked" else row["how"],  # the person's request is not repeated
        excluded_by=row["why"] if is_excluded else None,
        depth=0 if "depth" in fields else row["depth"],
    )


def _address(row: Row, reader: Reader) -> str | None:
    try:
        return reader.address(row["url"])
    except BROKEN:
        return None


def wrong(row: Row, reader: Reader) -> list[str]:
    """The columns of a row that have impossible values."""
    if fields := _malformed(row):
        return [name for name in row if name in fields]
    address = _address(row, reader)
    if address != row["address"]:
        return ["url" if address is None else "address"]
    # The address of a list of the REST API does not name its section.
    if row["kind"] != "rest" and row["section"] not in {None, *reader.section(row["address"])}:
        return ["section", *_contradictions(row)]
    return [*_contradictions(row)]


def _malformed(row: Row) -> set[str]:
    unprintable = {name for name in _PRINTABLE if row[name] is not None and not _is_printable(row[name])}
    return unprintable | set(malformed(Address, row, _CHOICES))


def _is_printable(value: object) -> bool:
    return isinstance(value, str) and value != "" and value.isprintable()


def _contradictions(row: Row) -> Iterator[str]:
    """The columns of a well-formed row that another column contradicts."""
    if row["priority"] != raw_priority(row):
        yield "priority"
    leased = row["state"] == "leased"
    if leased != (row["was"] is not None):
        yield "was"
    if row["leased_until"] is not None and not leased:
        yield "leased_until"
    if (row["visits"] > 0 or row["tries"] > 0) and row["visited_at"] is None and not leased:
        yield "visited_at"
    if row["state"] == "excluded" and (row["why"] is None or row["due_at"] is not None):
        yield "why"
