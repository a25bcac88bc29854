"""The ledger's rows: how an address is leased and left. Each function works in a transaction of its caller."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, or_, select, update

from storage.database.bulk import add, change, chunks
from storage.database.schema import Address
from storage.database.values import Values
from storage.ledger.discoveries import MergedDiscovery
from storage.ledger.selection import Selection, starts_with
from storage.ledger.states import BACK_OFF, DROPPED, WITHDRAWN, Budget, Discovery, Kind, State, queue_priority


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """An address to visit, with the validators of the last answer."""

    url: str
    address: str
    kind: Kind
    section: str | None
    dated_on: date | None
    depth: int
    tries: int
    etag: str | None
    last_modified: str | None


def conditions(selection: Selection) -> list[Any]:
    """For rows of the ledger; an address of unknown section or day is in every selection."""
    table = Address.__table__.c
    found: list[Any] = []
    if selection.host is not None:
        found += starts_with(table.address, f"https://{selection.host}/")
    if selection.kinds is not None:
        found.append(table.kind.in_(selection.kinds))
    if selection.sections is not None:
        found.append(or_(table.section.is_(None), table.section.in_(selection.sections)))
    if selection.since is not None:
        found.append(or_(table.dated_on.is_(None), table.dated_on >= selection.since))
    if selection.until is not None:
        found.append(or_(table.dated_on.is_(None), table.dated_on <= selection.until))
    if selection.addresses is not None:
        found.append(table.address.in_(selection.addresses))
    return found


def lease(connection: Connection, limit: int, selection: Selection, now: datetime) -> list[Due]:
    """Take up to `limit` due addresses out of the queue, the first in order first.

    A lease ends with its visit, or with the run: no time is long enough for all that a site may let a run wait.
    """
    table = Address.__table__.c
    queue = (
        select(table.address)
        .where(table.due_at <= now, table.state != "leased", *conditions(selection))
        .order_by(table.priority, table.depth, table.address)
        .limit(limit)
        .with_for_update(skip_locked=True)  # for PostgreSQL; SQLite has one writer and ignores it
    )
    taken = (
        update(Address)
        .where(table.address.in_(queue.scalar_subquery()))
        .values(was=table.state, state="leased")
        .returning(Address.__table__)
    )
    rows = sorted(connection.execute(taken), key=lambda row: (row.priority, row.depth, row.address))
    return [Due(**{name: getattr(row, name) for name in Due.__slots__}) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitResult:
    """How an address is left, and what to write beside it; None leaves a column as it is.

    again: tried again with back-off, instead of at `next_at`.
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


def apply_visit(row: Values, how: VisitResult, now: datetime) -> Values:
    """What a visit changes in a row."""
    failed = how.state == "failed"
    tries = row["tries"] + 1 if how.again else 0
    dated_on = how.dated_on or row["dated_on"]
    due_at = next_try_at(tries, now, how.retry_after_seconds) if how.again else how.next_at
    return {
        "url": how.url or row["url"],
        "state": how.state,
        "was": None,
        "why": how.why,
        "leased_until": None,
        "due_at": due_at,
        "tries": tries,
        "visits": row["visits"] + (not failed),
        "changes": row["changes"] + (how.changed and row["visits"] > 0),
        "visited_at": now,
        "capture_id": how.capture_id or row["capture_id"],
        "dated_on": dated_on,
        "etag": how.etag or row["etag"],
        "last_modified": how.last_modified or row["last_modified"],
        "priority": queue_priority(
            row["address"], row["kind"], dated_on, row["heard_at"], visited=not failed or row["visits"] > 0
        ),
    }


def next_try_at(tries: int, now: datetime, retry_after_seconds: float | None = None) -> datetime | None:
    """When to try again after the given number of failures; None: in the next run."""
    if tries > len(BACK_OFF):
        return None
    return now + max(BACK_OFF[tries - 1], timedelta(seconds=retry_after_seconds or 0))


class LedgerBatch:
    """Rows of the ledger, by address; on PostgreSQL nobody else leases them until the transaction ends."""

    def __init__(self, connection: Connection, addresses: Iterable[str]) -> None:
        self._connection = connection
        self._rows: dict[str, Values] = {}
        self._new: dict[str, None] = {}
        self._changed: dict[str, None] = {}
        table = Address.__table__
        for some in chunks(sorted(set(addresses))):
            found = select(table).where(table.c.address.in_(some)).with_for_update()
            self._rows.update((row["address"], dict(row)) for row in connection.execute(found).mappings())

    def row(self, address: str) -> Values | None:
        """None for an address never heard of."""
        return self._rows.get(address)

    def discover(self, reports: Iterable[MergedDiscovery]) -> int:
        """How many addresses were new. reports: one of each address, see `together`."""
        before = len(self._new)
        told = list(reports)
        beyond = over(
            self._connection, (report.discovery for report in told if report.discovery.address not in self._rows)
        )
        for report in told:
            row = self._rows.get(report.discovery.address)
            if row is None:
                self._rows[report.discovery.address] = _row(report, excluded_by=beyond.get(report.discovery.address))
                self._new[report.discovery.address] = None
            elif learnt := _learnt(row, report):
                self.change(report.discovery.address, learnt)
        return len(self._new) - before

    def change(self, address: str, values: Values) -> None:
        """Give the row of an address other values. Raises KeyError."""
        self._rows[address] |= values
        if address not in self._new:
            self._changed[address] = None

    def write(self) -> None:
        add(self._connection, Address, [self._rows[address] for address in self._new])
        change(self._connection, Address, "address", [self._rows[address] for address in self._changed])


def _row(report: MergedDiscovery, excluded_by: str | None) -> Values:
    """excluded_by: the budget that has no room for the address, or None."""
    heard, now = report.discovery, report.now
    why = report.discovery.excluded_by or excluded_by
    empty: Values = dict.fromkeys(_COLUMNS)
    return empty | {
        "address": heard.address,
        "url": heard.url,
        "kind": heard.kind,
        "section": heard.section,
        "dated_on": heard.dated_on,
        "depth": heard.depth,
        "how": heard.found_by,
        "heard_from": report.found_on,
        "heard_at": now,
        "state": "excluded" if why else "known",
        "why": why,
        "priority": queue_priority(heard.address, heard.kind, heard.dated_on, now, visited=False),
        "due_at": None if why else report.allowed_at or now,
        "tries": 0,
        "visits": 0,
        "changes": 0,
    }


_COLUMNS = tuple(column.name for column in Address.__table__.columns)


def _learnt(row: Values, report: MergedDiscovery) -> Values:
    """What hearing of a known address again changes; empty when nothing."""
    heard = report.discovery
    values: Values = {}
    if row["section"] is None and heard.section is not None:
        values["section"] = heard.section
    if row["dated_on"] is None and heard.dated_on is not None:
        values["dated_on"] = heard.dated_on
    if heard.depth < row["depth"]:
        values["depth"] = heard.depth
    if row["kind"] == "page" and heard.kind != "page":
        values["kind"] = heard.kind
    values |= _allowed(row, report)
    if values:
        now_is = row | values
        visited = row["visits"] > 0
        values["priority"] = queue_priority(
            row["address"], now_is["kind"], now_is["dated_on"], row["heard_at"], visited=visited
        )
    return values


def _allowed(row: Values, report: MergedDiscovery) -> Values:
    """The rules of the crawl may change; who asks for an address by name wants it now."""
    state, heard, flipped = row["state"], report.discovery, report.allowed_at is not None
    if row["why"] == WITHDRAWN or (state == "excluded" and row["why"] == DROPPED and heard.found_by != "asked"):
        return {}
    at = report.allowed_at or report.now
    if heard.excluded_by:
        excluded = state == "known" or (state == "excluded" and flipped)
        return {"state": "excluded", "why": heard.excluded_by, "due_at": None} if excluded else {}
    beyond = heard.budget is not None and row["why"] == heard.budget.name
    if (state == "excluded" and not beyond) or (state == "known" and flipped):
        return {"state": "known", "why": None, "due_at": at}
    if heard.found_by == "asked" and state != "leased" and (row["due_at"] is None or row["due_at"] > at):
        return {"due_at": at, "tries": 0}
    return {}


def over(connection: Connection, heards: Iterable[Discovery]) -> dict[str, str]:
    """The addresses for which there is no room, of some that the ledger does not hold, and the budget's name for each.

    Each budget's new addresses are taken in their order, as far as it goes; in the caller's transaction.
    """
    spent: dict[Budget, list[str]] = {}
    for heard in heards:
        if heard.budget is not None:
            spent.setdefault(heard.budget, []).append(heard.address)
    return {address: budget.name for budget, new in spent.items() for address in new[room(connection, budget) :]}


def room(connection: Connection, budget: Budget) -> int:
    """How many more addresses a budget has room for; the range is of the primary key, which is read alone."""
    held = select(func.count()).select_from(Address).where(*starts_with(Address.__table__.c.address, budget.start))
    return max(0, budget.most - connection.execute(held).scalar_one())
