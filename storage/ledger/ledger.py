"""The ledger: every address ever discovered, with its state; the frontier of a crawl and the basis of audits.

It reads no clock: callers pass the time.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Engine, Row, Update, and_, func, or_, select, update

from storage.database.bulk import run_in
from storage.database.schema import Address
from storage.ledger.discoveries import MergedDiscovery, merge
from storage.ledger.rows import LedgerBatch, VisitResult, apply_visit
from storage.ledger.selection import Selection, starts_with
from storage.ledger.states import DROPPED, Discovery, Kind, State

ALL = Selection()
_ADDRESS = Address.__table__.c
_RELEASED = (
    update(Address)
    .where(_ADDRESS.state == "leased")
    .values(state=func.coalesce(_ADDRESS.was, "known"), was=None, leased_until=None)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """An address to visit, with the validators of its last response."""

    url: str
    address: str
    kind: Kind
    section: str | None
    dated_on: date | None
    depth: int
    tries: int
    etag: str | None
    last_modified: str | None


class Ledger:
    """Available as `archive.ledger`; every method is one transaction. All moments are aware."""

    def __init__(self, engine: Engine, writer: Engine) -> None:
        self._engine = engine
        self._writer = writer

    def discover(self, discoveries: Iterable[Discovery], now: datetime) -> int:
        """Add addresses that no page led to; returns the number of new ones.

        An address given by a person (`asked`) is due at once.
        """
        with self._writer.begin() as connection:
            merged = merge(MergedDiscovery(discovery, None, now) for discovery in discoveries)
            rows = LedgerBatch(connection, merged)
            new = rows.discover(merged.values())
            rows.write()
        return new

    def lease(self, limit: int, selection: Selection = ALL, *, now: datetime) -> list[Due]:
        """Up to `limit` due addresses in the order of the queue; not given out again until visited or released.

        A lease has no time limit, because a site may make a run wait for any time; it ends with its run.
        """
        queue = (
            select(_ADDRESS.address)
            .where(_ADDRESS.due_at <= now, _ADDRESS.state != "leased", *_conditions(selection))
            .order_by(_ADDRESS.priority, _ADDRESS.depth, _ADDRESS.address)
            .limit(limit)
            .with_for_update(skip_locked=True)  # for PostgreSQL; SQLite has one writer and ignores it
        )
        leased = update(Address).where(_ADDRESS.address.in_(queue.scalar_subquery()))
        with self._writer.begin() as connection:
            values = leased.values(was=_ADDRESS.state, state="leased").returning(Address.__table__)
            rows = sorted(connection.execute(values), key=lambda row: (row.priority, row.depth, row.address))
        return [Due(**{name: getattr(row, name) for name in Due.__slots__}) for row in rows]

    def release_all(self, now: datetime) -> int:
        """At the start of a run: end the leases of a dead run, and make failed and partial addresses due.

        Returns the number of leases.
        """
        broken = and_(_ADDRESS.state == "partial", _ADDRESS.tries > 0)
        with self._writer.begin() as connection:
            leases = connection.execute(_RELEASED).rowcount
            failed = or_(_ADDRESS.state == "failed", broken)
            connection.execute(update(Address).where(failed).values(due_at=now, tries=0))
        return leases

    def release(self, addresses: Iterable[str]) -> int:
        """Give leases back without a visit, as when a crawl is stopped; returns their number."""
        with self._writer.begin() as connection:
            return run_in(connection, _RELEASED, _ADDRESS.address, set(addresses))

    def settle(self, address: str, state: State, why: str | None, next_at: datetime | None, now: datetime) -> None:
        """Set the state of an address after a visit; next_at: time of the next, None for never. Raises KeyError."""
        self._apply(VisitResult(address=address, state=state, why=why, next_at=next_at), now)

    def failed(self, address: str, why: str, now: datetime) -> datetime | None:
        """Record a failure of the server or the network; returns the time of the next try, None: in the next run.

        Raises KeyError.
        """
        return self._apply(VisitResult(address=address, state="failed", why=why, next_at=None, again=True), now)

    def excluded(self, address: str, by: str, now: datetime) -> None:
        """Exclude an address by a rule. Raises KeyError."""
        self.settle(address, "excluded", by, None, now)

    def _apply(self, result: VisitResult, now: datetime) -> datetime | None:
        with self._writer.begin() as connection:
            rows = LedgerBatch(connection, [result.address])
            row = rows.row(result.address)
            if row is None:
                raise KeyError(result.address)
            rows.change(result.address, values := apply_visit(row, result, now))
            rows.write()
        due_at: datetime | None = values["due_at"]
        return due_at

    def dropped(self) -> frozenset[str]:
        """The addresses of pages that pipelines rejected."""
        rejected = select(_ADDRESS.address).where(_ADDRESS.state == "excluded", _ADDRESS.why == DROPPED)
        return frozenset(address for (address,) in self._read(rejected))

    def retry(self, state: State, now: datetime) -> int:
        """Make all addresses of a state due now, but for leased and excluded ones; returns their number."""
        if state in ("leased", "excluded"):
            return 0
        with self._writer.begin() as connection:
            again: Update = update(Address).where(_ADDRESS.state == state).values(due_at=now, tries=0)
            return connection.execute(again).rowcount

    def counts(self) -> dict[str, int]:
        """Number of addresses in each state."""
        counted = select(_ADDRESS.state, func.count()).group_by(_ADDRESS.state).order_by(_ADDRESS.state)
        return dict(self._read(counted))

    def whys(self, state: State) -> dict[str | None, int]:
        """Number of addresses of a state for each reason, the most common first."""
        counted = select(_ADDRESS.why, func.count()).where(_ADDRESS.state == state).group_by(_ADDRESS.why)
        return dict(self._read(counted.order_by(func.count().desc(), _ADDRESS.why)))

    def due(self, now: datetime, selection: Selection = ALL) -> int:
        """Number of addresses that could be leased now."""
        return self._count(_ADDRESS.due_at <= now, _ADDRESS.state != "leased", *_conditions(selection))

    def next_due_at(self, now: datetime, selection: Selection = ALL) -> datetime | None:
        """When this run can next retry an address that failed or broke off; None when none waits."""
        failed = (_ADDRESS.state.in_(("failed", "partial")), _ADDRESS.tries > 0, _ADDRESS.due_at > now)
        moment: datetime | None
        ((moment,),) = self._read(select(func.min(_ADDRESS.due_at)).where(*failed, *_conditions(selection)))
        return moment

    def not_yet_due(self, now: datetime, begun_at: datetime, selection: Selection = ALL) -> int:
        """Number of addresses that a run, begun at a moment, skipped since they are not due yet.

        Those that it visited itself wait, too, and are not counted.
        """
        earlier = or_(_ADDRESS.visited_at.is_(None), _ADDRESS.visited_at < begun_at)
        return self._count(_ADDRESS.due_at > now, _ADDRESS.state != "leased", earlier, *_conditions(selection))

    def _count(self, *conditions: Any) -> int:
        ((count,),) = self._read(select(func.count()).select_from(Address).where(*conditions))
        return int(count)

    def _read(self, query: Any) -> Sequence[Any]:
        with self._engine.connect() as connection:
            return connection.execute(query).all()

    def rows(self, state: State | None = None) -> Iterator[Row[Any]]:
        """All rows, or those of one state, by address."""
        query = select(Address.__table__).order_by(_ADDRESS.address)
        if state is not None:
            query = query.where(_ADDRESS.state == state)
        with self._engine.connect() as connection:
            yield from connection.execution_options(yield_per=1000).execute(query)

    def row(self, address: str) -> Row[Any] | None:
        """The row of an address; None when it is not in the ledger."""
        return next(iter(self._read(select(Address.__table__).where(_ADDRESS.address == address))), None)


def _conditions(selection: Selection) -> list[Any]:
    """SQL conditions of a selection; an address of unknown section or day is in every one."""
    conditions: list[Any] = []
    if selection.host is not None:
        conditions += starts_with(_ADDRESS.address, f"https://{selection.host}/")
    if selection.found_on is not None:
        conditions += starts_with(_ADDRESS.heard_from, f"https://{selection.found_on}/")
    if selection.kinds is not None:
        conditions.append(_ADDRESS.kind.in_(selection.kinds))
    if selection.sections is not None:
        conditions.append(or_(_ADDRESS.section.is_(None), _ADDRESS.section.in_(selection.sections)))
    if selection.since is not None:
        conditions.append(or_(_ADDRESS.dated_on.is_(None), _ADDRESS.dated_on >= selection.since))
    if selection.until is not None:
        conditions.append(or_(_ADDRESS.dated_on.is_(None), _ADDRESS.dated_on <= selection.until))
    if selection.addresses is not None:
        conditions.append(_ADDRESS.address.in_(selection.addresses))
    return conditions
