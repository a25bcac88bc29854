"""The ledger against itself, and against the captures that its rows name.

What no page says (when an address was asked for, how often a host failed) cannot be read again;
but every such value has its form, and most are bound to another.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, get_args

from sqlalchemy import Connection

from storage.ledger.discoveries import MergedDiscovery, merge
from storage.ledger.rows import LedgerBatch
from storage.ledger.states import Discovery, FoundBy, Kind, State, queue_priority
from storage.maintenance.checks.findings import BROKEN, Finding, Reader, printable
from storage.maintenance.checks.rows import raw, rows

Row = Mapping[str, Any]

# Each names an address and one of its columns that another table contradicts.
_TIES = {
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
    """Rows that cannot be as they are."""
    for row in rows(connection, "SELECT * FROM ledger ORDER BY address"):
        fields = wrong(row, reader)
        if fields:
            yield _finding(row["address"], fields)
    for column, question in _TIES.items():
        for row in rows(connection, question):
            yield _finding(row["address"], [column])


def mend(connection: Connection, reader: Reader, now: datetime) -> int:
    """Let rows that cannot be as they are begin anew, as far as their addresses can be; how many rows there were."""
    tied = {row["address"] for question in _TIES.values() for row in rows(connection, question)}
    every = rows(connection, "SELECT rowid AS number, * FROM ledger ORDER BY address")
    found = [row for row in every if row["address"] in tied or wrong(row, reader)]
    for row in found:
        connection.exec_driver_sql("DELETE FROM ledger WHERE rowid = ?", (row["number"],))
    reports = merge(MergedDiscovery(again, None, now) for row in found if (again := heard(row, reader)))
    sheet = LedgerBatch(connection, reports)
    sheet.discover(reports.values())
    sheet.write()
    lost = f"UPDATE ledger SET heard_from = NULL WHERE address IN ({_TIES['heard_from']})"
    connection.exec_driver_sql(lost)
    return len(found)


def heard(row: Row, reader: Reader) -> Discovery | None:
    """The address of a row, as if it were heard of anew; None when there is none in it."""
    sound = all(_FORMS[name](row[name]) for name in ("address", "url", "kind", "how"))
    if not sound or row["address"] != _safely(reader.address)(row["url"]):
        return None
    sections = {None, *reader.section(row["address"])}
    return Discovery(
        url=row["url"],
        address=row["address"],
        kind=row["kind"],
        section=row["section"] if row["kind"] == "rest" or row["section"] in sections else None,
        found_by="link" if row["how"] == "asked" else row["how"],  # nobody asks anew
        excluded_by=row["why"] if row["state"] == "excluded" and _printed(row["why"]) else None,
        depth=row["depth"] if _FORMS["depth"](row["depth"]) else 0,
    )


def _finding(address: Any, fields: list[str]) -> Finding:
    what = "has values that cannot be, or that its captures contradict"
    return Finding(kind="ledger", where=f"ledger ({printable(address)})", what=what, fields=tuple(fields))


def wrong(row: Row, reader: Reader) -> list[str]:
    """The columns of a row that cannot be as they are."""
    found = [name for name, is_right in _FORMS.items() if not is_right(row[name])]
    try:
        if found or reader.address(row["url"]) != row["address"]:
            return found or ["address"]
        # Which section a list of the REST API is of, its address does not say.
        if row["kind"] != "rest" and row["section"] not in {None, *reader.section(row["address"])}:
            found.append("section")
    except BROKEN:
        return ["url"]
    dated_on = date.fromisoformat(row["dated_on"]) if row["dated_on"] else None
    heard_at = datetime.fromisoformat(row["heard_at"])
    if row["priority"] != queue_priority(row["address"], row["kind"], dated_on, heard_at, visited=row["visits"] > 0):
        found.append("priority")
    return found + _states(row)


def _states(row: Row) -> list[str]:
    found = []
    leased = row["state"] == "leased"
    if leased != (row["was"] is not None):
        found.append("was")
    if row["leased_until"] is not None and not leased:
        found.append("leased_until")
    if (row["visits"] > 0 or row["tries"] > 0) and row["visited_at"] is None and not leased:
        found.append("visited_at")
    if row["state"] == "excluded" and (row["why"] is None or row["due_at"] is not None):
        found.append("why")
    return found


def _printed(value: Any) -> bool:
    return isinstance(value, str) and value != "" and value.isprintable()


def _text(value: Any) -> bool:
    """Any text of UTF-8; half of a surrogate pair stands for a byte that is none."""
    return isinstance(value, str) and value.encode("utf-8") is not None


def _number(value: Any) -> bool:
    return type(value) is int and value >= 0


def is_moment(value: Any) -> bool:
    return isinstance(value, str) and raw(datetime.fromisoformat(value)) == value


def _day(value: Any) -> bool:
    return isinstance(value, str) and raw(date.fromisoformat(value)) == value


def _one_of(names: tuple[str, ...]) -> Callable[[Any], bool]:
    return lambda value: value in names


def _maybe(is_right: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or is_right(value)


def _safely(is_right: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def told(value: Any) -> Any:
        try:
            return is_right(value)
        except BROKEN:
            return False

    return told


_STATES = get_args(State)
_FORMS: dict[str, Callable[[Any], bool]] = {
    name: _safely(is_right)
    for name, is_right in {
        "address": _printed,
        "url": _printed,
        "kind": _one_of(get_args(Kind)),
        "section": _maybe(_printed),
        "dated_on": _maybe(_day),
        "depth": _number,
        "how": _one_of(get_args(FoundBy)),
        "heard_from": _maybe(_printed),
        "heard_at": is_moment,
        "state": _one_of(_STATES),
        "was": _maybe(_one_of(_STATES)),
        "why": _maybe(_text),
        "due_at": _maybe(is_moment),
        "leased_until": _maybe(is_moment),
        "tries": _number,
        "visits": _number,
        "changes": _number,
        "visited_at": _maybe(is_moment),
        "etag": _maybe(_text),
        "last_modified": _maybe(_text),
    }.items()
}
