"""SHA-1 of stored bodies, by which other archives list them; computed from the evidence once."""

import logging
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Engine, func, insert, select

from storage.database.bulk import chunks
from storage.database.other_archives import Payload
from storage.database.schema import Capture
from storage.errors import EvidenceError
from storage.evidence.store import Evidence
from storage.warc.digests import body_digest
from storage.warc.exchange import RecordLocation
from storage.warc.writer import payload_digest

_BATCH = 200
_log = logging.getLogger(__name__)


def name(engine: Engine, writer: Engine, evidence: Evidence) -> int:
    """Store the SHA-1 of every body that has none yet; returns their number.

    A body that cannot be read from the evidence is tried again the next time.
    """
    capture = Capture.__table__.c
    unnamed = (capture.evidence_file.is_not(None), capture.digest.not_in(select(Payload.digest)))
    first = select(func.min(capture.id)).where(*unnamed).group_by(capture.digest)
    records = select(capture.digest, capture.evidence_file, capture.evidence_offset, capture.evidence_length)
    with engine.connect() as connection:
        rows = connection.execute(records.where(capture.id.in_(first))).all()
    if len(rows) > _BATCH:
        _log.info("reading %d captures, to find them in indexes by SHA-1", len(rows))
    count = 0
    for batch in chunks(rows, _BATCH):
        if named := list(_named(evidence, batch)):
            with writer.begin() as connection:
                connection.execute(insert(Payload), named)
        count += len(named)
    return count


def _named(evidence: Evidence, rows: Sequence[Any]) -> Iterator[dict[str, str]]:
    for digest, file, offset, length in rows:
        try:
            body = evidence.read(RecordLocation(file=file, offset=offset, length=length)).body
        except EvidenceError as error:
            _log.warning("%s", error)
            continue
        if digest == body_digest(body):
            yield {"digest": digest, "sha1": payload_digest(body).removeprefix("sha1:")}
