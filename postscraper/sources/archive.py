"""The archive's own evidence: every exchange that it holds, as it was stored."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from storage.archive import Archive
from storage.evidence.store import Evidence
from storage.warc.exchange import Exchange, RecordLocation, RecordUnreadable

_log = logging.getLogger(__name__)


def exchanges(
    archive: Archive, evidence: Evidence, *, since: date | None = None, until: date | None = None
) -> Iterator[tuple[Exchange, RecordLocation]]:
    """In the order in which they came in; since, until: days of the capture in UTC, both included.

    A capture whose bytes are not stored, or cannot be read, is skipped and logged.
    """
    for row in archive.captures(since=since, until=until):
        if row.part:
            continue  # a story in an answer that has a row of its own
        if row.evidence_file is None:
            _log.warning("%s, %s: its bytes are not kept", row.url, row.captured_at)
            continue
        location = RecordLocation(file=row.evidence_file, offset=row.evidence_offset, length=row.evidence_length)
        try:
            exchange = evidence.read(location)
        except RecordUnreadable as error:
            _log.warning("%s", error)
            continue
        stored = {"url": row.url, "captured_at": row.captured_at, "status": row.status, "source": row.source}
        yield replace(exchange, **stored), location
