"""What other archives say they have: their indexes as far as they were read, and what became of each capture.

Reached through `archive.holdings`; every method is one transaction. No clock in here: who asks says what
time it is. An archive is known by its name, which is the source of the captures that come from it.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, func, insert, select, update

from storage.database.schema import Holding, IndexQuery, Refusal
from storage.evidence.store import Evidence
from storage.holdings import payloads
from storage.holdings import queue as table_rows
from storage.holdings.models import Candidate, CdxEntry, State
from storage.holdings.queue import SAME_BYTES
from storage.ledger.rows import next_try_at
from storage.ledger.selection import Selection

__all__ = ["Candidate", "CdxEntry", "Holdings", "State"]


class Holdings:
    def __init__(self, engine: Engine, writer: Engine) -> None:
        self._engine = engine
        self._writer = writer

    def index_query(self, archive: str, query: str) -> Row[Any] | None:
        """How far the answer to a question was read; None when it was never asked."""
        table = IndexQuery.__table__
        found = select(table).where(table.c.archive == archive, table.c.query == query)
        with self._engine.connect() as connection:
            return connection.execute(found).first()

    def add_listing(
        self, archive: str, query: str, page: Sequence[Candidate], resume_key: str | None, now: datetime
    ) -> int:
        """Write down one page of an index, and that it was read; how many captures were new.

        resume_key: where the next page begins; None: this was the last.
        """
        with self._writer.begin() as connection:
            new = table_rows.add_listing(connection, archive, page, now)
            table_rows.note(connection, archive, query, len(page), resume_key, now)
        return new

    def lease(self, archive: str, limit: int, selection: Selection, now: datetime) -> list[Candidate]:
        """Up to `limit` captures to be asked for now; not given again in this run unless they fail or are given back.

        First one capture of every address, the oldest, then a second. What turns out to be held is passed by.
        """
        with self._writer.begin() as connection:
            while rows := connection.execute(table_rows.queue(archive, selection, now).limit(max(limit, 100))).all():
                held = table_rows.find_held(connection, [(row.address, row.digest) for row in rows])
                same = [row for row in rows if (row.address, row.digest) in held]
                table_rows.rewrite(connection, archive, same, state="held", why=SAME_BYTES, due_at=None)
                rest = [row for row in rows if (row.address, row.digest) not in held][:limit]
                if rest:
                    table_rows.rewrite(connection, archive, rest, due_at=None)
                    return [table_rows.placed(row) for row in rest]
        return []

    def mark(self, archive: str, listed: CdxEntry, state: State, why: str | None = None) -> None:
        """Leave a capture in a state for good."""
        with self._writer.begin() as connection:
            table_rows.rewrite(connection, archive, [listed], state=state, why=why, due_at=None)

    def failed(self, archive: str, listed: CdxEntry, why: str, now: datetime) -> None:
        """The archive, or the way to it, failed; the capture is tried again later, or in the next run."""
        table = Holding.__table__.c
        one = (table.archive == archive, table.url == listed.url, table.captured_at == listed.captured_at)
        with self._writer.begin() as connection:
            tries = connection.execute(select(table.tries).where(*one)).scalar_one() + 1
            values = {"state": "failed", "why": why, "tries": tries, "due_at": next_try_at(tries, now)}
            connection.execute(update(Holding).where(*one).values(values))

    def give_back(self, archive: str, unasked: Iterable[CdxEntry], now: datetime) -> None:
        """Captures that were leased and not asked for."""
        with self._writer.begin() as connection:
            table_rows.rewrite(connection, archive, list(unasked), due_at=now)

    def begin(self, archive: str, now: datetime) -> None:
        """At the start of a run: leases of a dead run end, what failed last time may be tried again."""
        table = Holding.__table__.c
        waiting = (table.archive == archive, table.state.in_(("known", "failed")))
        with self._writer.begin() as connection:
            connection.execute(update(Holding).where(*waiting).values(due_at=now, tries=0))

    def due(self, archive: str, selection: Selection, now: datetime, most: int) -> int:
        """How many captures could be leased now, counted up to `most`."""
        some = table_rows.queue(archive, selection, now).order_by(None).limit(most)
        with self._engine.connect() as connection:
            return connection.execute(select(func.count()).select_from(some.subquery())).scalar_one()

    def waiting(self, archive: str, selection: Selection) -> bool:
        """Whether a capture is to be asked for in this run, now or later; those under way are not."""
        table = Holding.__table__.c
        found = select(table.url).where(
            table.archive == archive, table.due_at.is_not(None), *table_rows.conditions(selection)
        )
        with self._engine.connect() as connection:
            return connection.execute(found.limit(1)).first() is not None

    def counts(self, archive: str) -> dict[str, int]:
        """How many captures are in each state."""
        table = Holding.__table__.c
        found = select(table.state, func.count()).where(table.archive == archive).group_by(table.state)
        with self._engine.connect() as connection:
            return dict(connection.execute(found.order_by(table.state)).all())

    def refused(self, archive: str, day: date, count: int = 1) -> int:
        """Write down that the archive asked to be left alone; how often it did on that day."""
        with self._writer.begin() as connection:
            times = table_rows.refusals(connection, archive, day) + count
            connection.execute(delete(Refusal).where(Refusal.archive == archive))
            connection.execute(insert(Refusal).values(archive=archive, day=day, times=times))
        return times

    def refusals(self, archive: str, day: date) -> int:
        """How often the archive asked to be left alone on a day."""
        with self._engine.connect() as connection:
            return table_rows.refusals(connection, archive, day)

    def name_payloads(self, evidence: Evidence) -> int:
        """Learn the names that other archives give to what is held; see storage/elsewhere/payloads.py."""
        return payloads.name(self._engine, self._writer, evidence)

    def forget(self, deleted: Callable[[Connection], int]) -> int:
        """Let rows be deleted in one transaction; how many were."""
        with self._writer.begin() as connection:
            return deleted(connection)
