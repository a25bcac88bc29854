"""A WARC or ARC file as the records that stand in it, damaged or not.

A compressed file has one gzip member or zstd frame a record, so that a damaged one costs one record. What
follows damage is taken only where a record begins, and, in a file of ours, only if the record
names the warcinfo record of that file: a page may hold a WARC record of its own making. A file of others is
read as leniently as by any other program (storage/warc/lenient.py), and what is odd in it is named.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from io import BytesIO
from os import SEEK_END
from pathlib import Path
from typing import BinaryIO

from storage.warc import lenient
from storage.warc.exchange import Damage, Exchange, Oddity, RecordLocation, RevisitTarget, SharedMember, Tally
from storage.warc.members import CHUNK, TruncatedRecord, next_record
from storage.warc.members import LARGEST_BYTES as LARGEST_BYTES
from storage.warc.members import RawRecord as RawRecord
from storage.warc.members import raw_record_at as raw_record_at
from storage.warc.parser import BadRecord, RequestRecord, ResponseRecord, parse_record

SOFTWARE = "postscraper"  # that writes evidence, as the head of a file names it, before its version
_INFO = re.compile(rb"\r\nWARC-Type: warcinfo\r\n")
_RECORD_ID = re.compile(rb"\r\nWARC-Record-ID: (\S+)\r\n")

OnDamage = Callable[[Damage], object]
# Gives the capture that a revisit refers to; None when it cannot be had, or its body is not the one with the digest.
FindOriginal = Callable[[RevisitTarget], Exchange | None]


def no_original(_: RevisitTarget) -> Exchange | None:
    """For files whose revisits refer to what is not at hand."""
    return None


def records(
    path: Path, report: OnDamage, original: FindOriginal = no_original
) -> Iterator[tuple[RecordLocation, Exchange]]:
    """Every exchange of any WARC file, compressed or not; damage goes to `report`, and oddities at the end."""
    tally = Tally(report)
    yield from exchanges(raw_records(path, tally), path.name, tally, original)
    tally.close()


def raw_records(
    path: Path, report: OnDamage, *, start: int = 0, end: int | None = None, seal: bytes | None = None
) -> Iterator[RawRecord]:
    """The records from `start`, in their order; one in memory at a time.

    end: no record that begins there or behind it. seal: of a file of ours, what every record of it names, so
    that nothing else is taken for one; empty when its head is lost. None for a file of others.
    """
    with path.open("rb", buffering=8 * CHUNK) as stream:
        size = stream.seek(0, SEEK_END) if end is None else end
        read = _lenient(stream, path.name, report, start, size)
        yield from read if seal is None else _strict(stream, path.name, report, start, size, seal)


def _strict(stream: BinaryIO, file: str, report: OnDamage, offset: int, size: int, seal: bytes) -> Iterator[RawRecord]:
    while offset < size:
        try:
            piece = raw_record_at(stream, offset)
        except BadRecord as broken:
            # Without a seal a torn record reaches to the end: what looks like one behind its beginning is inside it.
            lost = isinstance(broken, TruncatedRecord) and not seal
            offset = _behind(
                None if lost else next_record(stream, offset + 1, seal), broken, file, report, offset, size
            )
            continue
        yield piece
        offset += piece.length


def _lenient(
    stream: BinaryIO, file: str, report: OnDamage, offset: int, size: int, *, packed: bool = False
) -> Iterator[RawRecord]:
    """packed: whether the stream is what one member held; then none in it is looked into."""
    while offset < size:
        try:
            piece = lenient.raw_record_at(stream, offset)
        except BadRecord as broken:
            offset = _behind(lenient.next_record(stream, offset + 1), broken, file, report, offset, size)
            continue
        if piece.odd:
            report(Oddity(file=file, offset=offset, what=piece.odd))
        if piece.damage:
            report(Damage(file=file, offset=offset, what=piece.damage))
        if not packed and lenient.holds_several(piece.raw):
            yield from _sharing(piece, file, report)
        elif piece.raw:
            yield piece
        offset += piece.length


def _behind(found: int | None, broken: BadRecord, file: str, report: OnDamage, offset: int, size: int) -> int:
    """Where reading goes on behind what is broken: at the record that was found, or at the end."""
    behind = None if found is None or found >= size else found
    going_on = "nothing follows" if behind is None else f"the next record is at {behind}"
    report(Damage(file=file, offset=offset, what=f"{broken}; {going_on}"))
    return size if behind is None else behind


def _sharing(whole: RawRecord, file: str, report: OnDamage) -> Iterator[RawRecord]:
    """The records of one gzip member or zstd frame, each with the place of all."""

    def inside(damage: Damage) -> None:
        if isinstance(damage, Oddity):
            report(replace(damage, offset=whole.offset))
        else:
            what = f"at byte {damage.offset} of what is packed here: {damage.what}"
            report(replace(damage, offset=whole.offset, what=what))

    report(Oddity(file=file, offset=whole.offset, what="several records are packed as one"))
    for piece in _lenient(BytesIO(whole.raw), file, inside, 0, len(whole.raw), packed=True):
        yield RawRecord(whole.offset, whole.length, piece.raw, shared=True)


def exchanges(
    found: Iterable[RawRecord], file: str, report: OnDamage, original: FindOriginal
) -> Iterator[tuple[RecordLocation, Exchange]]:
    """The answers among the records, each with its request when that stands next to it."""
    asked: RequestRecord | None = None
    waiting: tuple[RecordLocation, ResponseRecord, RequestRecord | None] | None = None
    for piece in found:
        record = None
        try:
            record = parse_record(piece.raw) if piece.raw.strip() else None
        except BadRecord as broken:
            report(Damage(file=file, offset=piece.offset, what=str(broken)))
        if record and record.odd:
            for odd in record.odd:
                report(Oddity(file=file, offset=piece.offset, what=odd))
        if isinstance(record, RequestRecord) and waiting and waiting[1].goes_with(record):
            waiting = (waiting[0], waiting[1], record)
        elif isinstance(record, RequestRecord):
            asked = record
        if waiting:
            yield from _told(*waiting, report, original)
            waiting = None
        if isinstance(record, ResponseRecord):
            before = asked is not None and record.goes_with(asked)
            place = (SharedMember if piece.shared else RecordLocation)(
                file=file, offset=piece.offset, length=piece.length
            )
            waiting = (place, record, asked if before else None)
    if waiting:
        yield from _told(*waiting, report, original)


def file_id(path: Path) -> bytes:
    """What `pieces` takes as seal: the ID of the warcinfo record at the head of a file; empty when there is none."""
    with suppress(BadRecord), path.open("rb") as stream:
        raw = _first(stream).raw
        name = _RECORD_ID.search(raw)
        if name and _INFO.search(raw):
            return name[1]
    return b""


def file_fields(path: Path) -> dict[str, str]:
    """The fields of the warcinfo record at the head of a file: what wrote it, and how; {} when there is none."""
    with suppress(BadRecord, OSError), path.open("rb") as stream:
        return _told_of(_first(stream).raw)
    return {}


def _told_of(raw: bytes) -> dict[str, str]:
    """raw: the record at the head of a file."""
    if not _INFO.search(raw):
        return {}
    told = raw.partition(b"\r\n\r\n")[2].decode("utf-8", "replace").splitlines()
    return {name: value.strip() for name, colon, value in (line.partition(":") for line in told) if colon}


def own_info_id(path: Path, start: int = 0) -> str | None:
    """The ID of the warcinfo record at the head of a file, if this program wrote it; None of any other file.

    start: where the file begins in a package. A record that names it says itself where its capture came from.
    """
    state = path.stat()
    return _own_info_id(path, start, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=64)
def _own_info_id(path: Path, start: int, _size: int, _mtime_ns: int) -> str | None:
    with suppress(BadRecord, OSError), path.open("rb") as stream:
        raw = _first(stream, start).raw
        name = _RECORD_ID.search(raw)
        if name and _told_of(raw).get("software", "").split(" ")[0] == SOFTWARE:
            return name[1].decode("latin-1")
    return None


def _first(stream: BinaryIO, start: int = 0) -> RawRecord:
    """The first record, behind what a zstd file holds before it. Raises Broken."""
    piece = raw_record_at(stream, start)
    while not piece.raw:
        piece = raw_record_at(stream, piece.offset + piece.length)
    return piece


def _told(
    place: RecordLocation,
    answered: ResponseRecord,
    asked: RequestRecord | None,
    report: OnDamage,
    original: FindOriginal,
) -> Iterator[tuple[RecordLocation, Exchange]]:
    """The exchange with its request and body; none when its body is that of a record that cannot be had."""
    exchange = answered.with_request(asked) if asked else answered.exchange
    if answered.lacks_body and exchange.revisit_of is not None:
        earlier = exchange.revisit_of
        found = original(earlier)
        if found is None:
            of = earlier.record_id or f"{earlier.url} at {earlier.captured_at}"
            what = f"the body is that of {of}, which is not to be had"
            report(Damage(file=place.file, offset=place.offset, what=what))
            return
        if exchange.status is None:
            exchange = replace(exchange, status=found.status, reason=found.reason, headers=found.headers)
            exchange = replace(exchange, protocol=found.protocol)
        exchange = replace(exchange, body=found.body)
    yield place, exchange
