"""Measure the pictures that are kept: size and perceptual hash, into the table `photo`.

    measured = measure(archive)

From the evidence alone, so that a rebuild restores the table. Every step may be repeated. Under the caller's run lock.
"""

import zlib
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from sqlalchemy import delete, or_, select

from storage.archive import Archive
from storage.database.bulk import add, chunks
from storage.database.derived import NOT_MEASURED, Photo
from storage.database.schema import Capture
from storage.errors import EvidenceError
from storage.evidence.store import Evidence
from storage.warc.exchange import RecordLocation

EXTRA = "PIL"
BATCH = 100  # pictures in one transaction
LARGEST = 32 * 2**20  # bytes of a picture whose content coding is undone
_GZIP = b"\x1f\x8b"


def has_extra() -> bool:
    return find_spec(EXTRA) is not None


def measure(archive: Archive, on_progress: Callable[[int, int], object] = lambda _done, _total: None) -> Counter[str]:
    """Add the pictures that are not in the table yet; how many there are of each state.

    on_progress: called with the pictures that are done, and with those that are to be.
    """
    capture, photo = Capture.__table__.c, Photo.__table__.c
    is_due = or_(photo.capture_id.is_(None), photo.state == NOT_MEASURED) if has_extra() else photo.capture_id.is_(None)
    query = (
        select(capture.id)
        .outerjoin(Photo, photo.capture_id == capture.id)
        .where(capture.reason == "picture", capture.evidence_file.is_not(None), is_due)
    )
    with archive.connect() as connection:
        ids = list(connection.execute(query).scalars())
    evidence = Evidence.open(archive.evidence)
    states = Counter[str]()
    done = 0
    for batch in chunks(ids, BATCH):
        with archive.connect() as connection:
            rows = connection.execute(select(Capture.__table__).where(capture.id.in_(batch))).all()
        photos = [_photo(row, evidence) for row in rows]
        with archive.write() as connection:
            connection.execute(delete(Photo).where(photo.capture_id.in_(batch)))
            add(connection, Photo, photos)
        states.update(each["state"] for each in photos)
        on_progress(done := done + len(photos), len(ids))
    return states


def _photo(row: Any, evidence: Evidence) -> dict[str, Any]:
    values = {"capture_id": row.id, "address": row.address, "captured_at": row.captured_at, "digest": row.digest}
    empty = dict.fromkeys(("mime", "width", "height", "phash"))
    location = RecordLocation.of(row)
    try:
        body = evidence.read(location).body
    except EvidenceError:  # `check` names the record
        return values | empty | {"bytes": 0, "state": "unreadable record"}
    if not has_extra():
        return values | empty | {"bytes": len(body), "state": NOT_MEASURED}
    measured = _measured(_unpacked(body))
    sizes = {"mime": measured.mime, "width": measured.width, "height": measured.height}
    return values | sizes | {"bytes": len(body), "state": measured.state, "phash": measured.phash}


@lru_cache(maxsize=8)  # one picture is often captured several times in a row
def _measured(body: bytes) -> Any:
    return import_module("storage.maintenance.perceptual").measure(body)


def _unpacked(body: bytes) -> bytes:
    """The picture without gzip, in which servers send vector graphics; as it is when that cannot be undone."""
    if not body.startswith(_GZIP):
        return body
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(body, LARGEST)
    except zlib.error:
        return body
