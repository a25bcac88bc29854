"""What a run keeps: each answer once, in the evidence, before anything reads it."""

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
    """The evidence of one run. One thread keeps while another files."""

    def __init__(self, archive: Archive, evidence: Evidence) -> None:
        self._archive, self._evidence = archive, evidence
        self._unfiled = PendingRecords()

    def record(self, exchange: Exchange) -> RecordLocation:
        """Where the answer is kept, now or before, whatever source brought it; durable after `sync`.

        `filed` or `passed` is to be told of it.
        """
        answer = _identity(exchange)
        if waiting := self._unfiled.place(answer):
            return waiting
        # A revisit cannot refer to a body that is cut, and of a small one saves nothing.
        refers = len(exchange.body) >= SMALLEST_REVISIT and exchange.status is not None and not exchange.cut
        row = self._archive.find_capture(answer, same_body=refers)
        if row is not None and (row.url, second(row.captured_at), row.status) == answer[:3]:
            return _place(row)
        record_in_order = self._evidence.append(exchange, same_as=_earlier(row, answer))
        self._unfiled.add(record_in_order, answer)
        return record_in_order

    def record_aside(self, exchange: Exchange) -> None:
        """Keep what another archive said that is no capture of the paper; no row will name it."""
        self._evidence.append(replace(exchange, source=AUXILIARY))

    def sync(self) -> None:
        """Make durable what is kept, before a row names it."""
        self._evidence.sync()

    def discard(self, file: str, offset: int) -> None:
        """No row will name the record there."""
        self._unfiled.remove(file, offset)

    def committed(self, records: Iterable[tuple[str, int]]) -> dict[str, int]:
        """Rows name the records from now on; for each file the byte before which every record is dealt with."""
        for file, offset in records:
            self._unfiled.remove(file, offset)
        return self._unfiled.safe_offsets()

    def has(self, exchange: Exchange) -> bool:
        """Whether this very capture is kept, and filed."""
        return self._archive.find_capture(_identity(exchange), same_body=False) is not None


def _identity(exchange: Exchange) -> Identity:
    digest = "sha256:" + sha256(exchange.body).hexdigest()
    return exchange.url, second(exchange.captured_at), status_of(exchange), digest, ""


def _place(row: Row[Any]) -> RecordLocation:
    return RecordLocation(file=row.evidence_file, offset=row.evidence_offset, length=row.evidence_length)


def _earlier(row: Row[Any] | None, answer: Identity) -> RevisitTarget | None:
    """What a revisit record refers to; row: of a capture with the same body."""
    if row is None or row.captured_at is None:
        return None
    return RevisitTarget(url=row.url, captured_at=row.captured_at, payload_digest=answer[3], location=_place(row))
