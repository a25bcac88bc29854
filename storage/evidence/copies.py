"""Copies of records, byte for byte, with the other records that are needed to read them."""

import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from storage.errors import RecordUnreadable
from storage.evidence import compact_format
from storage.evidence.store import HOPS, path_in, record_in
from storage.warc.exchange import Damage, RecordLocation
from storage.warc.files import OnDamage
from storage.warc.members import MAGIC, RawRecord
from storage.warc.parser import BadRecord, RequestRecord, ResponseRecord, parse_record
from storage.warc.writer import GZIP


class Copy(NamedTuple):
    """One record: its file and offset in the evidence, its bytes, and a gzip member of them."""

    file: str
    offset: int
    raw: bytes
    packed: bytes


def copies(folder: Path, locations: Iterable[RecordLocation], report: OnDamage) -> Iterator[Copy]:
    """The records at the locations, each once.

    A response is preceded by the warcinfo record of its file and the record that a revisit refers to, and followed by
    its request. Gzip members of the evidence are copied unchanged. Records that cannot be read or copied are reported.
    """
    seen: set[tuple[str, int]] = set()
    for location in locations:
        yield from _with_related(folder, location, report, seen, HOPS)


def _with_related(
    folder: Path, location: RecordLocation, report: OnDamage, seen: set[tuple[str, int]], hops: int
) -> Iterator[Copy]:
    file, offset = location.file, location.offset
    if (file, offset) in seen:
        return
    seen.add((file, offset))
    foreign = Path(file).is_absolute()
    try:
        path = path_in(folder, file)
        record = record_in(path, offset, foreign=foreign)
        response = parse_record(record.raw)
    except (BadRecord, RecordUnreadable, OSError) as error:
        report(Damage(file=file, offset=offset, what=str(error)))
        return
    if not record.raw.startswith(b"WARC/") or not isinstance(response, ResponseRecord):
        report(Damage(file=file, offset=offset, what="not a WARC record of a response, so it cannot be copied"))
        return
    target = response.exchange.revisit_of
    if target is not None and target.location is not None and hops:
        yield from _with_related(folder, target.location, report, seen, hops - 1)
    if (file, 0) not in seen:
        seen.add((file, 0))
        with suppress(BadRecord):
            head = compact_format.record_at(path, 0)
            if b"\r\nWARC-Type: warcinfo\r\n" in head.raw:
                yield _copy(file, path, head)
    yield _copy(file, path, record)
    with suppress(BadRecord):  # no request follows in another program's file, or at its end
        following = record_in(path, offset + record.length, foreign=foreign)
        request = parse_record(following.raw)
        if isinstance(request, RequestRecord) and response.goes_with(request):
            yield _copy(file, path, following)


def _copy(file: str, path: Path, record: RawRecord) -> Copy:
    packed = b""
    if not record.shared and not compact_format.is_compact(path):
        with path.open("rb") as stream:
            stream.seek(record.offset)
            packed = stream.read(record.length)
    if not packed.startswith(MAGIC):
        packed = zlib.compress(record.raw, 6, GZIP)
    return Copy(file, record.offset, record.raw, packed)
