"""The ledger: every address ever heard of, in one state; the frontier of a crawl and the audit of its gaps.

No clock in here: who asks says what time it is.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, and_, func, or_, select, update

from storage.database import bulk
from storage.database.schema import Address
from storage.ledger import rows as frontier
from storage.ledger.discoveries import MergedDiscovery, merge
from storage.ledger.rows import Due, LedgerBatch, VisitResult, conditions
from storage.ledger.selection import Selection
from storage.ledger.states import DROPPED, Discovery, State, Visit, due_again

__all__ = ["Discovery", "Due", "Ledger", "Visit", "due_again"]


_RELEASED = (
    update(Address)
    .where(Address.state == "leased")
    .values(state=func.coalesce(Address.was, "known"), was=None, leased_until=None)
)


ALL = Selection()


class Ledger:
    """Reached through `archive.ledger`; every method is one transaction. All moments are aware."""

    def __init__(self, engine: Engine, writer: Engine) -> None:
        self._engine = engine
        self._writer = writer

    def discover(self, heards: Iterable[Discovery], now: datetime, heard_from: str | None = None) -> int:
        """Write down addresses; how many were new. An address asked for by name becomes due at once."""
        with self._writer.begin() as connection:
            reports = merge(MergedDiscovery(heard, heard_from, now) for heard in heards)
            sheet = LedgerBatch(connection, reports)
            new = sheet.discover(reports.values())
            sheet.write()
        return new

    def lease(self, limit: int, selection: Selection = ALL, *, now: datetime) -> list[Due]:
        """Up to `limit` due addresses, in order; given to nobody again until they are left or released."""
        with self._writer.begin() as connection:
            return frontier.lease(connection, limit, selection, now)

    def release_all(self, now: datetime) -> int:
        """At the start of a run: the leases of a dead run end, what failed or broke off last time may be tried again.

        How many leases there were.
        """
        table = Address.__table__.c
        broken = and_(table.state == "partial", table.tries > 0)
        again = update(Address).where(or_(table.state == "failed", broken)).values(due_at=now, tries=0)
        with self._writer.begin() as connection:
            leases = connection.execute(_RELEASED).rowcount
            connection.execute(again)
        return leases

    def release(self, addresses: Iterable[str]) -> int:
        """Give leases back unvisited, as when a crawl is asked to stop; how many."""
        table = Address.__table__.c
        released = 0
        with self._writer.begin() as connection:
            for some in bulk.chunks(sorted(set(addresses))):
                back = _RELEASED.where(table.address.in_(some))
                released += connection.execute(back).rowcount
        return released

    def settle(self, address: str, state: State, why: str | None, next_at: datetime | None, now: datetime) -> None:
        """Leave an address in a state; next_at: when to look again, None for never. Raises KeyError."""
        self._leave(VisitResult(address=address, state=state, why=why, next_at=next_at), now)

    def failed(
        self, address: str, why: str, now: datetime, retry_after_seconds: float | None = None
    ) -> datetime | None:
        """The server or the way to it failed; when to try again, None for the next run. Raises KeyError."""
        return self._leave(
            VisitResult(
                address=address,
                state="failed",
                why=why,
                next_at=None,
                again=True,
                retry_after_seconds=retry_after_seconds,
            ),
            now,
        )

    def excluded(self, address: str, by: str, now: datetime) -> None:
        """A rule keeps the crawl out of an address. Raises KeyError."""
        self.settle(address, "excluded", by, None, now)

    def _leave(self, how: VisitResult, now: datetime) -> datetime | None:
        with self._writer.begin() as connection:
            sheet = LedgerBatch(connection, [how.address])
            row = sheet.row(how.address)
            if row is None:
                raise KeyError(how.address)
            values = frontier.apply_visit(row, how, now)
            sheet.change(how.address, values)
            sheet.write()
        due_at: datetime | None = values["due_at"]
        return due_at

    def dropped(self) -> frozenset[str]:
        """The addresses of pages that pipelines keep out."""
        table = Address.__table__.c
        kept_out = select(table.address).where(table.state == "excluded", table.why == DROPPED)
        with self._engine.connect() as connection:
            return frozenset(connection.execute(kept_out).scalars())

    def retry(self, state: State, now: datetime) -> int:
        """Make every address of a state due now; how many. Leased and excluded ones are left alone."""
        if state in ("leased", "excluded"):
            return 0
        table = Address.__table__.c
        with self._writer.begin() as connection:
            again = update(Address).where(table.state == state).values(due_at=now, tries=0)
            return connection.execute(again).rowcount

    def mend(self, change: Callable[[Connection], int]) -> int:
        """Let rows be changed in one transaction; how many were."""
        with self._writer.begin() as connection:
            return change(connection)

    def counts(self) -> dict[str, int]:
        """How many addresses are in each state."""
        table = Address.__table__.c
        with self._engine.connect() as connection:
            found = select(table.state, func.count()).group_by(table.state).order_by(table.state)
            return dict(connection.execute(found).all())

    def whys(self, state: State) -> dict[str | None, int]:
        """How many addresses of a state for each reason, the commonest first."""
        table = Address.__table__.c
        found = select(table.why, func.count()).where(table.state == state).group_by(table.why)
        with self._engine.connect() as connection:
            rows = connection.execute(found.order_by(func.count().desc(), table.why))
            return dict(rows.all())

    def due(self, now: datetime, selection: Selection = ALL) -> int:
        """How many addresses could be leased now."""
        table = Address.__table__.c
        return self._count(table.due_at <= now, table.state != "leased", *conditions(selection))

    def next_due_at(self, now: datetime, selection: Selection = ALL) -> datetime | None:
        """When the next address that failed or broke off may be tried again in this run; None: nothing to wait for."""
        table = Address.__table__.c
        failed = (table.state.in_(("failed", "partial")), table.tries > 0, table.due_at > now, *conditions(selection))
        with self._engine.connect() as connection:
            moment: datetime | None = connection.execute(select(func.min(table.due_at)).where(*failed)).scalar()
        return moment

    def left_alone(self, now: datetime, begun_at: datetime, selection: Selection = ALL) -> int:
        """How many addresses a run that began at a moment passed by, for they are not due yet.

        What it visited itself waits, too, and is not counted.
        """
        table = Address.__table__.c
        earlier = or_(table.visited_at.is_(None), table.visited_at < begun_at)
        return self._count(table.due_at > now, table.state != "leased", earlier, *conditions(selection))

    def _count(self, *conditions: Any) -> int:
        with self._engine.connect() as connection:
            found = select(func.count()).select_from(Address).where(*conditions)
            return connection.execute(found).scalar_one()

    def rows(self, state: State | None = None) -> Iterator[Row[Any]]:
        """Every row of the ledger, or those of one state, in the order of address."""
        table = Address.__table__
        found = select(table).order_by(table.c.address)
        if state is not None:
            found = found.where(table.c.state == state)
        with self._engine.connect() as connection:
            yield from connection.execution_options(yield_per=1000).execute(found)

    def row(self, address: str) -> Row[Any] | None:
        """The row of an address; None when it was never heard of."""
        table = Address.__table__
        with self._engine.connect() as connection:
            return connection.execute(select(table).where(table.c.address == address)).first()
