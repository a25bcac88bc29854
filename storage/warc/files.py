"""The records and exchanges of a WARC or ARC file, damaged or not.

A compressed file has one gzip member or zstd frame for each record, so damage costs one record. After damage, reading
goes on only where a record begins, and, in a file of ours, only at a record that names the warcinfo record of that
file: a page may contain a WARC record made by somebody else. A file of others is read as leniently as other programs
do (storage/warc/lenient.py); deviations from the standard are reported as oddities.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from io import BytesIO
from os import SEEK_END
from pathlib import Path
from typing import BinaryIO

from storage.warc import lenient
from storage.warc.exchange import Damage, Exchange, Oddity, RecordLocation, RevisitTarget, SharedMember
from storage.warc.members import CHUNK, RawRecord, next_record, raw_record_at
from storage.warc.parser import BadRecord, RequestRecord, ResponseRecord, TruncatedRecord, parse_record

SOFTWARE = "postscraper"  # the name in the `software` field of our warcinfo records, before the version
_INFO = re.compile(rb"\r\nWARC-Type: warcinfo\r\n")
_RECORD_ID = re.compile(rb"\r\nWARC-Record-ID: (\S+)\r\n")

OnDamage = Callable[[Damage], object]
# Returns the capture that a revisit refers to; None when there is none with the digest.
FindOriginal = Callable[[RevisitTarget], Exchange | None]


def no_original(_: RevisitTarget) -> Exchange | None:
    """For files whose revisit targets are out of reach."""
    return None


def raw_records(
    path: Path, report: OnDamage, *, start: int = 0, end: int | None = None, info_id: bytes | None = None
) -> Iterator[RawRecord]:
    """The records from `start` in file order, one in memory at a time.

    end: only records that begin before it; None for all.
    info_id: of a file of ours, the ID of its warcinfo record, which all its records name; empty when its first record
        is lost. None for a file of others.
    """
    with path.open("rb", buffering=8 * CHUNK) as stream:
        size = stream.seek(0, SEEK_END) if end is None else end
        if info_id is None:
            yield from _lenient(stream, path.name, report, start, size)
        else:
            yield from _strict(stream, path.name, report, start, size, info_id)


def _strict(
    stream: BinaryIO, file: str, report: OnDamage, offset: int, size: int, info_id: bytes
) -> Iterator[RawRecord]:
    while offset < size:
        try:
            record = raw_record_at(stream, offset)
        except BadRecord as error:
            # Without an ID a truncated record reaches to the end: any record that seems to follow may be inside it.
            lost = isinstance(error, TruncatedRecord) and not info_id
            following = None if lost else next_record(stream, offset + 1, info_id)
            offset = _skip_damage(following, error, file, report, offset, size)
            continue
        yield record
        offset += record.length


def _lenient(
    stream: BinaryIO, file: str, report: OnDamage, offset: int, size: int, *, unpacked: bool = False
) -> Iterator[RawRecord]:
    """unpacked: whether the stream is the content of one member; then no record in it is searched for others."""
    while offset < size:
        try:
            record = lenient.raw_record_at(stream, offset)
        except BadRecord as error:
            following = lenient.next_record(stream, offset + 1)
            offset = _skip_damage(following, error, file, report, offset, size)
            continue
        if record.odd:
            report(Oddity(file=file, offset=offset, what=record.odd))
        if record.damage:
            report(Damage(file=file, offset=offset, what=record.damage))
        if not unpacked and lenient.holds_several(record.raw):
            yield from _in_one_member(record, file, report)
        elif record.raw:
            yield record
        offset += record.length


def _skip_damage(following: int | None, error: BadRecord, file: str, report: OnDamage, offset: int, size: int) -> int:
    """Report damage at `offset`; return where reading goes on: at the following record, or at the end."""
    if following is None or following >= size:
        report(Damage(file=file, offset=offset, what=f"{error}; nothing follows"))
        return size
    report(Damage(file=file, offset=offset, what=f"{error}; the next record is at {following}"))
    return following


def _in_one_member(whole: RawRecord, file: str, report: OnDamage) -> Iterator[RawRecord]:
    """The records of one gzip member or zstd frame, each with the location of all."""

    def inside(damage: Damage) -> None:
        if isinstance(damage, Oddity):
            report(replace(damage, offset=whole.offset))
        else:
            what = f"at byte {damage.offset} of what is packed here: {damage.what}"
            report(replace(damage, offset=whole.offset, what=what))

    report(Oddity(file=file, offset=whole.offset, what="several records are packed as one"))
    for record in _lenient(BytesIO(whole.raw), file, inside, 0, len(whole.raw), unpacked=True):
        yield RawRecord(whole.offset, whole.length, record.raw, shared=True)


def exchanges(
    records: Iterable[RawRecord], file: str, report: OnDamage, original: FindOriginal
) -> Iterator[tuple[RecordLocation, Exchange]]:
    """The responses among the records, each with its request when the two are adjacent."""
    request: RequestRecord | None = None
    pending: tuple[RecordLocation, ResponseRecord, RequestRecord | None] | None = None
    for raw in records:
        record = None
        try:
            record = parse_record(raw.raw) if raw.raw.strip() else None
        except BadRecord as error:
            report(Damage(file=file, offset=raw.offset, what=str(error)))
        if record:
            for odd in record.odd:
                report(Oddity(file=file, offset=raw.offset, what=odd))
        if isinstance(record, RequestRecord) and pending and pending[1].goes_with(record):
            pending = (pending[0], pending[1], record)
        elif isinstance(record, RequestRecord):
            request = record
        if pending:
            yield from _resolved(*pending, report, original)
            pending = None
        if isinstance(record, ResponseRecord):
            is_its_request = request is not None and record.goes_with(request)
            location = (SharedMember if raw.shared else RecordLocation)(file=file, offset=raw.offset, length=raw.length)
            pending = (location, record, request if is_its_request else None)
    if pending:
        yield from _resolved(*pending, report, original)


def _resolved(
    location: RecordLocation,
    response: ResponseRecord,
    request: RequestRecord | None,
    report: OnDamage,
    original: FindOriginal,
) -> Iterator[tuple[RecordLocation, Exchange]]:
    """The exchange with its request and body; nothing when the record that has its body cannot be found."""
    exchange = response.with_request(request) if request else response.exchange
    if response.lacks_body and exchange.revisit_of is not None:
        target = exchange.revisit_of
        source = original(target)
        if source is None:
            name = target.record_id or f"{target.url} at {target.captured_at}"
            what = f"the body is that of {name}, which is not to be had"
            report(Damage(file=location.file, offset=location.offset, what=what))
            return
        if exchange.status is None:
            exchange = replace(
                exchange, status=source.status, reason=source.reason, headers=source.headers, protocol=source.protocol
            )
        exchange = replace(exchange, body=source.body)
    yield location, exchange


@dataclass(frozen=True, slots=True)
class FileInfo:
    """The warcinfo record at the head of a file: its ID, with angle brackets, and its fields; empty without one."""

    record_id: bytes = b""
    fields: Mapping[str, str] = field(default_factory=dict)


def file_info(path: Path, start: int = 0) -> FileInfo:
    """start: where the file begins in a package."""
    try:
        state = path.stat()
        return _file_info(path, start, state.st_size, state.st_mtime_ns)
    except (BadRecord, OSError):
        return FileInfo()


@lru_cache(maxsize=64)
def _file_info(path: Path, start: int, _size: int, _mtime_ns: int) -> FileInfo:
    with path.open("rb") as stream:
        raw = _first(stream, start).raw
    record_id = _RECORD_ID.search(raw)
    if not record_id or not _INFO.search(raw):
        return FileInfo()
    lines = raw.partition(b"\r\n\r\n")[2].decode("utf-8", "replace").splitlines()
    pairs = (line.partition(":") for line in lines)
    return FileInfo(record_id[1], {name: value.strip() for name, colon, value in pairs if colon})


def own_info_id(path: Path, start: int = 0) -> str | None:
    """The ID of the warcinfo record at the head of a file that this program wrote; None for any other file.

    A record that names this ID gives the source of its capture itself.
    """
    info = file_info(path, start)
    return info.record_id.decode("latin-1") if info.fields.get("software", "").split(" ")[0] == SOFTWARE else None


def _first(stream: BinaryIO, start: int) -> RawRecord:
    """The first record after any skippable zstd frames. Raises BadRecord."""
    record = raw_record_at(stream, start)
    while not record.raw:
        record = raw_record_at(stream, record.offset + record.length)
    return record
