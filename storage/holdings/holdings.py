"""Holdings: the captures that other archives list, the state of each, and how far their indexes were read.

An archive is identified by its name, which is the source of the captures that come from it. It reads no clock: callers
pass the time.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, func, insert, select, update

from storage.database.other_archives import Holding, IndexQuery, Refusal
from storage.evidence.store import Evidence
from storage.holdings import payloads
from storage.holdings.models import Candidate, CdxEntry, State
from storage.holdings.queue import SAME_BYTES, add_listing, conditions, find_held, queue, rewrite
from storage.ledger.rows import next_try_at
from storage.ledger.selection import Selection

_HOLDING = Holding.__table__.c


class Holdings:
    """Available as `archive.holdings`; every method is one transaction."""

    def __init__(self, engine: Engine, writer: Engine) -> None:
        self._engine = engine
        self._writer = writer

    def index_query(self, archive: str, query: str) -> Row[Any] | None:
        """The progress in the result of a query; None when it was never sent."""
        with self._engine.connect() as connection:
            return _index_query(connection, archive, query)

    def add_listing(
        self, archive: str, query: str, page: Sequence[Candidate], resume_key: str | None, now: datetime
    ) -> int:
        """Store one page of an index, and that it was read; returns the number of new captures.

        resume_key: start of the next page; None: this was the last. A query sent again after its last page starts
        over.
        """
        with self._writer.begin() as connection:
            new = add_listing(connection, archive, page, now)
            old = _index_query(connection, archive, query)
            pages, listed = (0, 0) if old is None or old.finished_at is not None else (old.pages, old.listed)
            values = {
                "archive": archive,
                "query": query,
                "resume_key": resume_key,
                "pages": pages + 1,
                "listed": listed + len(page),
                "asked_at": now,
                "finished_at": now if resume_key is None else None,
            }
            connection.execute(delete(IndexQuery).where(IndexQuery.archive == archive, IndexQuery.query == query))
            connection.execute(insert(IndexQuery).values(values))
        return new

    def lease(self, archive: str, limit: int, selection: Selection, now: datetime) -> list[Candidate]:
        """Up to `limit` due captures; not given out again in this run unless they fail or are given back.

        The oldest capture of every address first, then a second of each. Those whose bytes are held by now are marked
        and skipped.
        """
        due = queue(archive, selection, now).limit(max(limit, 100))
        with self._writer.begin() as connection:
            while rows := connection.execute(due).all():
                held = find_held(connection, [(row.address, row.digest) for row in rows])
                same = [row for row in rows if (row.address, row.digest) in held]
                rewrite(connection, archive, same, state="held", why=SAME_BYTES, due_at=None)
                if leased := [row for row in rows if (row.address, row.digest) not in held][:limit]:
                    rewrite(connection, archive, leased, due_at=None)
                    return [_candidate(row) for row in leased]
        return []

    def mark(self, archive: str, listed: CdxEntry, state: State, why: str | None = None) -> None:
        """Set the final state of a capture."""
        with self._writer.begin() as connection:
            rewrite(connection, archive, [listed], state=state, why=why, due_at=None)

    def failed(self, archive: str, listed: CdxEntry, why: str, now: datetime) -> None:
        """Record an error of the archive or the network; the capture is retried later, or in the next run."""
        one = (_HOLDING.archive == archive, _HOLDING.url == listed.url, _HOLDING.captured_at == listed.captured_at)
        with self._writer.begin() as connection:
            tries = connection.execute(select(_HOLDING.tries).where(*one)).scalar_one() + 1
            due_at = next_try_at(tries, now)
            rewrite(connection, archive, [listed], state="failed", why=why, tries=tries, due_at=due_at)

    def give_back(self, archive: str, entries: Iterable[CdxEntry], now: datetime) -> None:
        """End the leases of captures that were not requested."""
        with self._writer.begin() as connection:
            rewrite(connection, archive, list(entries), due_at=now)

    def begin(self, archive: str, now: datetime) -> None:
        """At the start of a run: end the leases of a dead run, and make due what failed in the last one."""
        waiting = (_HOLDING.archive == archive, _HOLDING.state.in_(("known", "failed")))
        with self._writer.begin() as connection:
            connection.execute(update(Holding).where(*waiting).values(due_at=now, tries=0))

    def due(self, archive: str, selection: Selection, now: datetime, most: int) -> int:
        """Number of captures that could be leased now, counted up to `most`."""
        due = queue(archive, selection, now).order_by(None).limit(most)
        with self._engine.connect() as connection:
            return connection.execute(select(func.count()).select_from(due.subquery())).scalar_one()

    def waiting(self, archive: str, selection: Selection) -> bool:
        """Whether a capture is to be requested in this run, now or later; leased ones are not counted."""
        wait = (_HOLDING.archive == archive, _HOLDING.due_at.is_not(None), *conditions(selection))
        with self._engine.connect() as connection:
            return connection.execute(select(_HOLDING.url).where(*wait).limit(1)).first() is not None

    def counts(self, archive: str) -> dict[str, int]:
        """Number of captures in each state."""
        counted = select(_HOLDING.state, func.count()).where(_HOLDING.archive == archive).group_by(_HOLDING.state)
        with self._engine.connect() as connection:
            return dict(connection.execute(counted.order_by(_HOLDING.state)).all())

    def refused(self, archive: str, day: date, count: int = 1) -> int:
        """Record that the archive refused requests; returns the number of refusals on that day."""
        with self._writer.begin() as connection:
            times = _refusals(connection, archive, day) + count
            connection.execute(delete(Refusal).where(Refusal.archive == archive))
            connection.execute(insert(Refusal).values(archive=archive, day=day, times=times))
        return times

    def refusals(self, archive: str, day: date) -> int:
        """Number of requests that the archive refused on a day."""
        with self._engine.connect() as connection:
            return _refusals(connection, archive, day)

    def name_payloads(self, evidence: Evidence) -> int:
        """Store the SHA-1 of held bodies, by which other archives list them; see storage/holdings/payloads.py."""
        return payloads.name(self._engine, self._writer, evidence)


def _index_query(connection: Connection, archive: str, query: str) -> Row[Any] | None:
    same = (IndexQuery.archive == archive, IndexQuery.query == query)
    return connection.execute(select(IndexQuery.__table__).where(*same)).first()


def _candidate(row: Row[Any]) -> Candidate:
    entry = CdxEntry(**{name: getattr(row, name) for name in CdxEntry.__slots__})
    return Candidate(entry=entry, address=row.address, section=row.section)


def _refusals(connection: Connection, archive: str, day: date) -> int:
    times = select(Refusal.times).where(Refusal.archive == archive, Refusal.day == day)
    return connection.execute(times).scalar() or 0
