"""The names by which other archives know our bytes: SHA-1 in base32, worked out from the evidence once."""

import logging
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any

from sqlalchemy import Engine, func, insert, select

from storage.database.schema import Capture, Payload
from storage.evidence.store import Evidence
from storage.warc.exchange import EvidenceError, RecordLocation
from storage.warc.writer import payload_digest

_BATCH = 200
_log = logging.getLogger(__name__)


def name(engine: Engine, writer: Engine, evidence: Evidence) -> int:
    """Name the bytes of every capture that have no such name yet; how many were named.

    What the evidence does not give back stays without a name, and is tried again the next time.
    """
    capture = Capture.__table__.c
    there = capture.evidence_file.is_not(None)
    first = select(func.min(capture.id)).where(there, capture.digest.not_in(select(Payload.digest)))
    wanted = select(capture.digest, capture.evidence_file, capture.evidence_offset, capture.evidence_length)
    with engine.connect() as connection:
        rows = connection.execute(wanted.where(capture.id.in_(first.group_by(capture.digest)))).all()
    if len(rows) > _BATCH:
        _log.info("reading %d captures, to know them again by SHA-1", len(rows))
    named = 0
    for at in range(0, len(rows), _BATCH):
        found = list(_named(evidence, rows[at : at + _BATCH]))
        if found:
            with writer.begin() as connection:
                connection.execute(insert(Payload), found)
        named += len(found)
    return named


def _named(evidence: Evidence, rows: Sequence[Any]) -> Iterator[dict[str, str]]:
    for digest, file, offset, length in rows:
        try:
            body = evidence.read(RecordLocation(file=file, offset=offset, length=length)).body
        except EvidenceError as error:
            _log.warning("%s", error)
            continue
        if digest == "sha256:" + sha256(body).hexdigest():
            yield {"digest": digest, "sha1": payload_digest(body).removeprefix("sha1:")}
