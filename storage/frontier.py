"""The ledger's rows: how an address is heard, leased and left. Each function works in a transaction of its caller."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, case, insert, or_, select, update

from storage import budgets
from storage.tables import Address
from storage.turns import priority
from storage.visits import BACK_OFF, Heard, Kind, State

CHUNK = 500  # parameters in one IN (…); SQLite of old allowed 999 in all


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


def chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (values[at : at + CHUNK] for at in range(0, len(values), CHUNK))


def rows_of(connection: Connection, addresses: Iterable[str]) -> dict[str, Row[Any]]:
    """Rows to be changed, by address; on PostgreSQL nobody else leases them until the transaction ends."""
    table = Address.__table__
    found: dict[str, Row[Any]] = {}
    for some in chunks(sorted(set(addresses))):
        for row in connection.execute(select(table).where(table.c.address.in_(some)).with_for_update()):
            found[row.address] = row
    return found


@dataclass(frozen=True, slots=True)
class Report:
    """One address heard of, on which page (an address; None: from a person), and when."""

    heard: Heard
    heard_from: str | None
    now: datetime


def hear(connection: Connection, reports: Iterable[Report]) -> int:
    """Write down addresses; how many were new."""
    merged: dict[str, Report] = {}
    for report in reports:
        known = merged.setdefault(report.heard.address, report)
        if known.heard.excluded_by and not report.heard.excluded_by:
            merged[report.heard.address] = report
    old = rows_of(connection, merged)
    new = {address: report for address, report in merged.items() if address not in old}
    beyond = budgets.over(connection, (report.heard for report in new.values()))
    if new:
        connection.execute(insert(Address), [_new(_within(report, beyond)) for report in new.values()])
    learnt = (_learnt(row, merged[address].heard, merged[address].now) for address, row in old.items())
    rewrite(connection, [values for values in learnt if values])
    return len(new)


def _within(report: Report, beyond: Collection[str]) -> Report:
    heard = report.heard
    if heard.budget is None or heard.address not in beyond:
        return report
    return replace(report, heard=replace(heard, excluded_by=heard.budget.name))


def _new(report: Report) -> dict[str, Any]:
    heard, now = report.heard, report.now
    return {
        "address": heard.address,
        "url": heard.url,
        "kind": heard.kind,
        "section": heard.section,
        "dated_on": heard.dated_on,
        "depth": heard.depth,
        "how": heard.how,
        "heard_from": report.heard_from,
        "heard_at": now,
        "state": "excluded" if heard.excluded_by else "known",
        "why": heard.excluded_by,
        "priority": priority(heard.address, heard.kind, heard.dated_on, now, visited=False),
        "due_at": None if heard.excluded_by else now,
        "tries": 0,
        "visits": 0,
        "changes": 0,
    }


def _learnt(row: Row[Any], heard: Heard, now: datetime) -> dict[str, Any] | None:
    """What hearing of a known address again changes; None when nothing."""
    values: dict[str, Any] = {}
    if row.section is None and heard.section is not None:
        values["section"] = heard.section
    if row.dated_on is None and heard.dated_on is not None:
        values["dated_on"] = heard.dated_on
    if heard.depth < row.depth:
        values["depth"] = heard.depth
    if row.kind == "page" and heard.kind != "page":
        values["kind"] = heard.kind
    values |= _allowed(row, heard, now)
    if not values:
        return None
    kind, dated_on = values.get("kind", row.kind), values.get("dated_on", row.dated_on)
    values["priority"] = priority(row.address, kind, dated_on, row.heard_at, visited=row.visits > 0)
    return {"b_address": row.address, **_kept(row), **values}


def _allowed(row: Row[Any], heard: Heard, now: datetime) -> dict[str, Any]:
    """The rules of the crawl may change; who asks for an address by name wants it now."""
    if heard.excluded_by:
        excluded = row.state == "known"
        return {"state": "excluded", "why": heard.excluded_by, "due_at": None} if excluded else {}
    if row.state == "excluded" and not (heard.budget and row.why == heard.budget.name):
        return {"state": "known", "why": None, "due_at": now}
    if heard.how == "asked" and row.state != "leased" and (row.due_at is None or row.due_at > now):
        return {"due_at": now, "tries": 0}
    return {}


_LEARNT = ("section", "dated_on", "depth", "kind", "state", "why", "due_at", "tries", "priority")


def _kept(row: Row[Any]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _LEARNT}


def rewrite(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Update ledger rows, all with the same columns; `b_address` says which."""
    if rows:
        table = Address.__table__
        names: dict[str, Any] = {name: bindparam(name) for name in rows[0] if name != "b_address"}
        connection.execute(update(Address).where(table.c.address == bindparam("b_address")).values(names), list(rows))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which addresses a run asks for. What is not known of an address never rules it out.

    since, until: days, both included. addresses: only these.
    """

    kinds: Sequence[Kind] | None = None
    sections: Sequence[str] | None = None
    since: date | None = None
    until: date | None = None
    addresses: Sequence[str] | None = None

    def conditions(self) -> list[Any]:
        table = Address.__table__.c
        found: list[Any] = []
        if self.kinds is not None:
            found.append(table.kind.in_(self.kinds))
        if self.sections is not None:
            found.append(or_(table.section.is_(None), table.section.in_(self.sections)))
        if self.since is not None:
            found.append(or_(table.dated_on.is_(None), table.dated_on >= self.since))
        if self.until is not None:
            found.append(or_(table.dated_on.is_(None), table.dated_on <= self.until))
        if self.addresses is not None:
            found.append(table.address.in_(self.addresses))
        return found


def lease(connection: Connection, limit: int, wanted: Wanted, now: datetime, seconds: float) -> list[Due]:
    """Take up to `limit` due addresses out of the queue until `seconds` from now, the first in order first."""
    table = Address.__table__.c
    free = or_(table.state != "leased", table.leased_until <= now)
    queue = (
        select(table.address)
        .where(table.due_at <= now, free, *wanted.conditions())
        .order_by(table.priority, table.depth, table.address)
        .limit(limit)
        .with_for_update(skip_locked=True)  # for PostgreSQL; SQLite has one writer and ignores it
    )
    taken = (
        update(Address)
        .where(table.address.in_(queue.scalar_subquery()))
        .values(
            was=case((table.state == "leased", table.was), else_=table.state),
            state="leased",
            leased_until=now + timedelta(seconds=seconds),
        )
        .returning(Address.__table__)
    )
    rows = sorted(connection.execute(taken), key=lambda row: (row.priority, row.depth, row.address))
    return [Due(**{name: getattr(row, name) for name in Due.__slots__}) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """How an address is left, and what to write beside it; None leaves a column as it is."""

    address: str
    state: State
    why: str | None
    next_at: datetime | None
    changed: bool = False
    capture_id: int | None = None
    dated_on: date | None = None
    etag: str | None = None
    last_modified: str | None = None
    retry_after_seconds: float | None = None


def settled(row: Row[Any], how: Settled, now: datetime) -> dict[str, Any]:
    """The values of a row after a visit, for `rewrite`."""
    failed = how.state == "failed"
    tries = row.tries + 1 if failed else 0
    dated_on = how.dated_on or row.dated_on
    due_at = tried_again(tries, now, how.retry_after_seconds) if failed else how.next_at
    return {
        "b_address": row.address,
        "state": how.state,
        "was": None,
        "why": how.why,
        "leased_until": None,
        "due_at": due_at,
        "tries": tries,
        "visits": row.visits + (not failed),
        "changes": row.changes + (how.changed and row.visits > 0),
        "visited_at": now,
        "capture_id": how.capture_id or row.capture_id,
        "dated_on": dated_on,
        "etag": how.etag or row.etag,
        "last_modified": how.last_modified or row.last_modified,
        "priority": priority(row.address, row.kind, dated_on, row.heard_at, visited=not failed or row.visits > 0),
    }


def tried_again(tries: int, now: datetime, retry_after_seconds: float | None = None) -> datetime | None:
    """When to try again after the given number of failures; None: in the next run."""
    if tries > len(BACK_OFF):
        return None
    return now + max(BACK_OFF[tries - 1], timedelta(seconds=retry_after_seconds or 0))
