"""The ledger's rows: how an address is leased and left. Each function works in a transaction of its caller."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, or_, select, update

from storage.tables import Address
from storage.turns import priority
from storage.visits import BACK_OFF, Kind, State

Values = dict[str, Any]
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


def chunks(values: Sequence[Any], most: int = CHUNK) -> Iterator[Sequence[Any]]:
    return (values[at : at + most] for at in range(0, len(values), most))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which addresses a run asks for. What is not known of an address never rules it out.

    origin: of one newspaper, as https://www.phnompenhpost.com/. since, until: days, both included.
    addresses: only these.
    """

    origin: str = ""

    kinds: Sequence[Kind] | None = None
    sections: Sequence[str] | None = None
    since: date | None = None
    until: date | None = None
    addresses: Sequence[str] | None = None

    def conditions(self) -> list[Any]:
        table = Address.__table__.c
        found: list[Any] = []
        if self.origin:
            found.append(table.address.between(self.origin, self.origin + chr(0x10FFFF)))
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


def lease(connection: Connection, limit: int, wanted: Wanted, now: datetime) -> list[Due]:
    """Take up to `limit` due addresses out of the queue, the first in order first.

    A lease ends with its visit, or with the run: no time is long enough for all that a site may let a run wait.
    """
    table = Address.__table__.c
    queue = (
        select(table.address)
        .where(table.due_at <= now, table.state != "leased", *wanted.conditions())
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
class Settled:
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


def settled(row: Values, how: Settled, now: datetime) -> Values:
    """What a visit changes in a row."""
    failed = how.state == "failed"
    tries = row["tries"] + 1 if how.again else 0
    dated_on = how.dated_on or row["dated_on"]
    due_at = tried_again(tries, now, how.retry_after_seconds) if how.again else how.next_at
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
        "priority": priority(
            row["address"], row["kind"], dated_on, row["heard_at"], visited=not failed or row["visits"] > 0
        ),
    }


def tried_again(tries: int, now: datetime, retry_after_seconds: float | None = None) -> datetime | None:
    """When to try again after the given number of failures; None: in the next run."""
    if tries > len(BACK_OFF):
        return None
    return now + max(BACK_OFF[tries - 1], timedelta(seconds=retry_after_seconds or 0))
