"""Changes of ledger rows by discoveries and visits, in the transaction of the caller."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from storage.database.bulk import add, change, select_in
from storage.database.schema import Address
from storage.database.values import Values
from storage.ledger.discoveries import MergedDiscovery
from storage.ledger.selection import starts_with
from storage.ledger.states import BACK_OFF, DROPPED, WITHDRAWN, Budget, Discovery, State, queue_priority


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitResult:
    """The state of an address after a visit, and values for its row; None keeps the value of a column.

    again: retried with back-off, instead of at `next_at`. changed: whether the visit found new text.
    """

    address: str
    state: State
    why: str | None
    next_at: datetime | None
    again: bool = False
    changed: bool = False
    capture_id: int | None = None
    dated_on: date | None = None
    etag: str | None = None
    last_modified: str | None = None
    retry_after_seconds: float | None = None
    url: str | None = None


def apply_visit(row: Values, result: VisitResult, now: datetime) -> Values:
    """The columns of a row that a visit changes."""
    visited = result.state != "failed"
    tries = row["tries"] + 1 if result.again else 0
    dated_on = result.dated_on or row["dated_on"]
    return {
        "url": result.url or row["url"],
        "state": result.state,
        "was": None,
        "why": result.why,
        "leased_until": None,
        "due_at": next_try_at(tries, now, result.retry_after_seconds) if result.again else result.next_at,
        "tries": tries,
        "visits": row["visits"] + visited,
        "changes": row["changes"] + (result.changed and row["visits"] > 0),
        "visited_at": now,
        "capture_id": result.capture_id or row["capture_id"],
        "dated_on": dated_on,
        "etag": result.etag or row["etag"],
        "last_modified": result.last_modified or row["last_modified"],
        "priority": row_priority(row | {"dated_on": dated_on}, visited=visited or row["visits"] > 0),
    }


def row_priority(row: Values, *, visited: bool) -> int:
    return queue_priority(row["address"], row["kind"], row["dated_on"], row["heard_at"], visited=visited)


def raw_priority(row: Mapping[str, Any]) -> int:
    """row: with values as SQLite stores them."""
    dated_on = date.fromisoformat(row["dated_on"]) if row["dated_on"] else None
    heard_at = datetime.fromisoformat(row["heard_at"])
    return queue_priority(row["address"], row["kind"], dated_on, heard_at, visited=row["visits"] > 0)


def next_try_at(tries: int, now: datetime, retry_after_seconds: float | None = None) -> datetime | None:
    """The time of the next try after this number of failures; None: in the next run."""
    if tries > len(BACK_OFF):
        return None
    return now + max(BACK_OFF[tries - 1], timedelta(seconds=retry_after_seconds or 0))


class LedgerBatch:
    """Rows of some addresses, changed in memory and written once; locked until the transaction ends."""

    def __init__(self, connection: Connection, addresses: Iterable[str]) -> None:
        self._connection = connection
        self._rows: dict[str, Values] = {}
        self._new: dict[str, None] = {}
        self._changed: dict[str, None] = {}
        query = select(Address.__table__).with_for_update()
        for row in select_in(connection, query, Address.__table__.c.address, set(addresses)):
            self._rows[row.address] = dict(row._mapping)

    def row(self, address: str) -> Values | None:
        """None for an address that is not in the ledger."""
        return self._rows.get(address)

    def discover(self, discoveries: Iterable[MergedDiscovery]) -> int:
        """Add or update the rows of discoveries, one for each address; returns the number of new addresses."""
        before, merged = len(self._new), list(discoveries)
        unknown = (entry.discovery for entry in merged if entry.discovery.address not in self._rows)
        exceeded = _exceeded_budgets(self._connection, unknown)
        for entry in merged:
            address = entry.discovery.address
            row = self._rows.get(address)
            if row is None:
                self._rows[address] = _new_row(entry, exceeded.get(address))
                self._new[address] = None
            elif values := _rediscovered(row, entry):
                self.change(address, values)
        return len(self._new) - before

    def change(self, address: str, values: Values) -> None:
        """Update the row of an address. Raises KeyError."""
        self._rows[address] |= values
        if address not in self._new:
            self._changed[address] = None

    def write(self) -> None:
        add(self._connection, Address, [self._rows[address] for address in self._new])
        change(self._connection, Address, "address", [self._rows[address] for address in self._changed])


def new_row(address: str, kind: str, found_by: str, now: datetime) -> Values:
    """The row of an address that was never visited, without the columns that depend on its state."""
    empty: Values = dict.fromkeys(_COLUMNS)
    own = {"address": address, "url": address, "kind": kind, "how": found_by, "heard_at": now}
    return empty | own | {"depth": 0, "tries": 0, "visits": 0, "changes": 0}


_COLUMNS = tuple(column.name for column in Address.__table__.columns)


def _new_row(merged: MergedDiscovery, exceeded: str | None) -> Values:
    """exceeded: the name of the budget that has no room for the address, or None."""
    discovery = merged.discovery
    why = discovery.excluded_by or exceeded
    row = new_row(discovery.address, discovery.kind, discovery.found_by, merged.now) | {
        "url": discovery.url,
        "section": discovery.section,
        "dated_on": discovery.dated_on,
        "depth": discovery.depth,
        "heard_from": merged.found_on,
        "state": "excluded" if why else "known",
        "why": why,
        "due_at": None if why else merged.allowed_at or merged.now,
    }
    return row | {"priority": row_priority(row, visited=False)}


def _rediscovered(row: Values, merged: MergedDiscovery) -> Values:
    """The columns of a known address that a further discovery changes; usually none."""
    discovery = merged.discovery
    values: Values = {}
    if row["section"] is None and discovery.section is not None:
        values["section"] = discovery.section
    if row["dated_on"] is None and discovery.dated_on is not None:
        values["dated_on"] = discovery.dated_on
    if discovery.depth < row["depth"]:
        values["depth"] = discovery.depth
    if row["kind"] == "page" and discovery.kind != "page":
        values["kind"] = discovery.kind
    values |= _exclusion(row, merged)
    if values:
        values["priority"] = row_priority(row | values, visited=row["visits"] > 0)
    return values


def _exclusion(row: Values, merged: MergedDiscovery) -> Values:
    """The columns changed by the crawl's exclusion rules, which may have changed since the last discovery.

    An address given by a person is due at once.
    """
    state, discovery, flipped = row["state"], merged.discovery, merged.allowed_at is not None
    by_person = discovery.found_by == "asked"
    if row["why"] == WITHDRAWN or (state == "excluded" and row["why"] == DROPPED and not by_person):
        return {}
    at = merged.allowed_at or merged.now
    if discovery.excluded_by:
        excluded = state == "known" or (state == "excluded" and flipped)
        return {"state": "excluded", "why": discovery.excluded_by, "due_at": None} if excluded else {}
    over_budget = discovery.budget is not None and row["why"] == discovery.budget.name
    if (state == "excluded" and not over_budget) or (state == "known" and flipped):
        return {"state": "known", "why": None, "due_at": at}
    if by_person and state != "leased" and (row["due_at"] is None or row["due_at"] > at):
        return {"due_at": at, "tries": 0}
    return {}


def _exceeded_budgets(connection: Connection, discoveries: Iterable[Discovery]) -> dict[str, str]:
    """The new addresses that exceed their budget, with its name; the first ones fit, as far as there is room."""
    by_budget: dict[Budget, list[str]] = {}
    for discovery in discoveries:
        if discovery.budget is not None:
            by_budget.setdefault(discovery.budget, []).append(discovery.address)
    exceeded: dict[str, str] = {}
    for budget, new in by_budget.items():
        # A range of the primary key: the query reads only the index.
        held = select(func.count()).select_from(Address).where(*starts_with(Address.__table__.c.address, budget.start))
        room = max(0, budget.most - connection.execute(held).scalar_one())
        exceeded |= dict.fromkeys(new[room:], budget.name)
    return exceeded
