"""The archive's own evidence: every capture it has, as it was kept. Nothing is kept a second time."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from postscraper.items import Capture
from postscraper.sources.captures import capture_of
from storage.archive import Archive
from storage.evidence.store import Evidence
from storage.warc.exchange import RecordLocation, RecordUnreadable


def captures(
    archive: Archive, evidence: Evidence, *, since: date | None = None, until: date | None = None
) -> Iterator[Capture]:
    """In the order in which they came in; since, until: days of the capture in UTC, both included.

    A capture whose bytes are not kept, or cannot be read, is passed over and told to the log.
    """
    for row in archive.captures(since=since, until=until):
        if row.part:
            continue  # a story in an answer that has a row of its own
        if row.evidence_file is None:
            logging.getLogger(__name__).warning("%s, %s: its bytes are not kept", row.url, row.captured_at)
            continue
        place = RecordLocation(file=row.evidence_file, offset=row.evidence_offset, length=row.evidence_length)
        try:
            exchange = evidence.read(place)
        except RecordUnreadable as error:
            logging.getLogger(__name__).warning("%s", error)
            continue
        yield replace(
            capture_of(exchange, place),
            url=row.url,
            captured_at=row.captured_at,
            status=row.status,
            source=row.source,
        )
