"""Write the exchanges of a run to the evidence: each once, a known body as a revisit."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row

from storage.archive import Archive
from storage.evidence.pending import PendingRecords
from storage.evidence.store import Evidence
from storage.ingest.prepare import Identity, second
from storage.query import captures
from storage.warc.digests import body_digest
from storage.warc.exchange import AUXILIARY, Exchange, RecordLocation, RevisitTarget, status_of

Recorded = tuple[Exchange, RecordLocation]

SMALLEST_REVISIT = 1000  # bytes; a revisit record is not much smaller


class Recorder:
    """Writer of the evidence of one run. One thread may record while another commits."""

    def __init__(self, archive: Archive, evidence: Evidence) -> None:
        self._archive, self._evidence = archive, evidence
        self._pending = PendingRecords()

    def record(self, exchange: Exchange) -> RecordLocation:
        """As `record_all`, for one exchange."""
        return self.record_all([exchange])[0]

    def record_all(self, exchanges: Iterable[Exchange]) -> list[RecordLocation]:
        """Write the exchanges that are not stored already, from any source; returns the location of each.

        Durable after `sync`. Call `committed` or `discard` for them later.
        """
        with self._archive.connect() as connection:  # a connection for each exchange costs 5 % of a replay
            return [self._record(connection, exchange) for exchange in exchanges]

    def _record(self, connection: Connection, exchange: Exchange) -> RecordLocation:
        identity = _identity(exchange)
        if pending := self._pending.location(identity):
            return pending
        # A revisit cannot refer to a truncated body, and saves nothing for a small one.
        refers = len(exchange.body) >= SMALLEST_REVISIT and exchange.status is not None and not exchange.cut
        row = captures.find(connection, *identity[:4], same_body=refers)
        if row is not None and (row.url, second(row.captured_at), row.status) == identity[:3]:
            return RecordLocation.of(row)
        location = self._evidence.append(exchange, same_as=_revisit_target(row, identity))
        self._pending.add(location, identity)
        return location

    def record_aside(self, exchange: Exchange) -> None:
        """Write a response of another archive that is not a capture, such as an index page; it gets no row."""
        self._evidence.append(replace(exchange, source=AUXILIARY))

    def sync(self) -> None:
        """Make all records durable; required before a row names one."""
        self._evidence.sync()

    def discard(self, file: str, offset: int) -> None:
        """Note that the record at this offset gets no row."""
        self._pending.remove(file, offset)

    def committed(self, records: Iterable[tuple[str, int]]) -> dict[str, int]:
        """Note that rows name these records; returns the safe restart offset of each file."""
        for file, offset in records:
            self._pending.remove(file, offset)
        return self._pending.safe_offsets()

    def has(self, exchange: Exchange) -> bool:
        """Whether the archive has a row of this capture."""
        return self._archive.ask(captures.find, *_identity(exchange)[:4], same_body=False) is not None


def _identity(exchange: Exchange) -> Identity:
    return exchange.url, second(exchange.captured_at), status_of(exchange), body_digest(exchange.body), ""


def _revisit_target(row: Row[Any] | None, identity: Identity) -> RevisitTarget | None:
    """row: of a capture with the same body."""
    if row is None or row.captured_at is None:
        return None
    return RevisitTarget(
        url=row.url, captured_at=row.captured_at, payload_digest=identity[3], location=RecordLocation.of(row)
    )
