"""Writer of a run's exchanges: each goes into the evidence once, before anything reads it."""

from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256
from typing import Any

from sqlalchemy import Row

from storage.archive import Archive
from storage.evidence.pending import PendingRecords
from storage.evidence.store import Evidence
from storage.ingest.prepare import Identity, second
from storage.warc.exchange import AUXILIARY, Exchange, RecordLocation, RevisitTarget, status_of

SMALLEST_REVISIT = 1000  # bytes; a revisit record is not much smaller


class Recorder:
    """The evidence of one run. One thread may record while another commits."""

    def __init__(self, archive: Archive, evidence: Evidence) -> None:
        self._archive, self._evidence = archive, evidence
        self._pending = PendingRecords()

    def record(self, exchange: Exchange) -> RecordLocation:
        """Write the exchange unless it is stored already, from any source; returns its location.

        Durable after `sync`. Call `committed` or `discard` for it later.
        """
        identity = _identity(exchange)
        if pending := self._pending.place(identity):
            return pending
        # A revisit cannot refer to a body that is cut, and of a small one saves nothing.
        refers = len(exchange.body) >= SMALLEST_REVISIT and exchange.status is not None and not exchange.cut
        row = self._archive.find_capture(identity, same_body=refers)
        if row is not None and (row.url, second(row.captured_at), row.status) == identity[:3]:
            return _location(row)
        location = self._evidence.append(exchange, same_as=_revisit_target(row, identity))
        self._pending.add(location, identity)
        return location

    def record_aside(self, exchange: Exchange) -> None:
        """Write an answer of another archive that is no capture of the paper; no row will name it."""
        self._evidence.append(replace(exchange, source=AUXILIARY))

    def sync(self) -> None:
        """Make the records durable, before a row names them."""
        self._evidence.sync()

    def discard(self, file: str, offset: int) -> None:
        """No row will name the record there."""
        self._pending.remove(file, offset)

    def committed(self, records: Iterable[tuple[str, int]]) -> dict[str, int]:
        """Rows name the records from now on; returns the safe restart offset of each file."""
        for file, offset in records:
            self._pending.remove(file, offset)
        return self._pending.safe_offsets()

    def has(self, exchange: Exchange) -> bool:
        """Whether a row names this very capture."""
        return self._archive.find_capture(_identity(exchange), same_body=False) is not None


def _identity(exchange: Exchange) -> Identity:
    digest = "sha256:" + sha256(exchange.body).hexdigest()
    return exchange.url, second(exchange.captured_at), status_of(exchange), digest, ""


def _location(row: Row[Any]) -> RecordLocation:
    return RecordLocation(file=row.evidence_file, offset=row.evidence_offset, length=row.evidence_length)


def _revisit_target(row: Row[Any] | None, identity: Identity) -> RevisitTarget | None:
    """row: of a capture with the same body."""
    if row is None or row.captured_at is None:
        return None
    return RevisitTarget(url=row.url, captured_at=row.captured_at, payload_digest=identity[3], location=_location(row))
