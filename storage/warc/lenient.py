"""Read records that other programs wrote or that are damaged, whenever there is only one way to read them.

A record is first read as strictly as one of ours. Only if that fails, the deviations that other readers (warcio,
FastWARC) accept are tried: line ends other than two CRLF between records, bytes after a record, a gzip member with a
wrong check value whose record has its digest.
"""

import re
import zlib
from collections.abc import Iterator
from io import BytesIO
from os import SEEK_END
from typing import BinaryIO

from storage.warc import arc, zstd
from storage.warc.members import (
    CHUNK,
    LARGEST_BYTES,
    MAGIC,
    Extent,
    RawRecord,
    extent_at,
    is_packed_record,
    marks_in,
)
from storage.warc.members import raw_record_at as strict_record_at
from storage.warc.parser import BadRecord, TruncatedRecord, is_proved
from storage.warc.writer import GZIP

_LINE_ENDS = re.compile(rb"[\r\n]*")
_VERSION = re.compile(rb"WARC/\d\.\d{1,2}[ \t]*\r?\n[^\r\n:]{1,100}:")
_TYPE = re.compile(rb"\nWARC-Type:", re.IGNORECASE)
# The addresses at the head of ARC records, after a line end.
_ARC_MARKS = tuple(b"\n" + scheme for scheme in (b"http", b"filedesc:", b"dns:", b"ftp:", b"warcinfo:", b"metadata:"))
_PACKED_MARKS = (MAGIC, zstd.MAGIC)
_PLAIN_MARKS = (b"WARC/",)
_MARKS = (*_PACKED_MARKS, *_PLAIN_MARKS, *_ARC_MARKS)
_STRAY_LF = re.compile(rb"(?<!\r)\n")
_STEP = 8 * 2**10


def raw_record_at(stream: BinaryIO, offset: int) -> RawRecord:
    """The record that begins at an offset; an empty one for line ends between records.

    Raises BadRecord, or TruncatedRecord when the file ends inside it.
    """
    try:
        return strict_record_at(stream, offset)
    except BadRecord as error:
        stream.seek(offset)
        start = stream.read(CHUNK)
        if start.startswith(MAGIC):
            return _in_damaged_member(stream, offset, error)
        if start.startswith(zstd.MAGIC):
            raise
    return _plain(stream, offset)


def _plain(stream: BinaryIO, offset: int) -> RawRecord:
    stream.seek(offset)
    if line_ends := _LINE_ENDS.match(stream.read(CHUNK))[0]:  # type: ignore[index]  # matches anything
        return RawRecord(offset, len(line_ends), b"", "more line ends before a record than two CRLF")
    try:
        extent, has_stray_lf = extent_at(stream, offset), False
    except BadRecord as error:
        extent, has_stray_lf = _extent_with_stray_lf(stream, offset, error), True
    end = offset + extent.head + extent.block
    stream.seek(end - 1)
    rest = stream.read(CHUNK)
    if not rest:
        raise TruncatedRecord("the file ends inside this record")
    line_ends = _LINE_ENDS.match(rest, 1)[0]  # type: ignore[index]  # matches anything
    following = rest[1 + len(line_ends) :]
    if not following and _is_cut_trailer(stream, offset, line_ends):
        raise TruncatedRecord("the file ends inside this record")
    # Else bytes follow that begin no record: the record goes on behind its length, or its length is too large.
    fits = not following or following.startswith((*_PLAIN_MARKS, *_PACKED_MARKS)) or bool(arc.HEAD.match(following))
    marks = _ARC_MARKS if extent.is_arc else _PLAIN_MARKS
    overlaps = not fits and _first(stream, offset + extent.head, marks, end) is not None
    stream.seek(offset)
    head = stream.read(extent.head)
    has_digest = not extent.is_arc and b"-digest:" in head.lower()
    raw = head if overlaps and not has_digest else head + stream.read(extent.block)
    record = raw if extent.is_arc else raw + b"\r\n\r\n"
    if has_stray_lf:
        record = _without_stray_lf(head) + record[extent.head :]
    if overlaps and not (has_digest and is_proved(record)):
        raise BadRecord("a record whose length reaches into the next one")
    odd = "" if extent.is_arc else _odd_trailer(raw, line_ends, fits)
    if has_stray_lf:
        odd = "a stray LF in the head of a record"
    return RawRecord(offset, len(raw) + len(line_ends), record, odd)


def _extent_with_stray_lf(stream: BinaryIO, offset: int, error: BadRecord) -> Extent:
    """The extent of a record whose head a stray LF seems to end too early. Raises `error` for any other."""
    stream.seek(offset)
    head, blank, _ = stream.read(CHUNK).partition(b"\r\n\r\n")
    if not head.startswith(b"WARC/") or not _STRAY_LF.search(head) or not blank:
        raise error
    return extent_at(BytesIO(_without_stray_lf(head + blank)), 0)._replace(head=len(head + blank))


def _without_stray_lf(head: bytes) -> bytes:
    return re.sub(rb"(?:\r\n)+", b"\r\n", _STRAY_LF.sub(b"", head)) + b"\r\n"


def _is_cut_trailer(stream: BinaryIO, offset: int, line_ends: bytes) -> bool:
    """Whether the file ends within the two CRLF after a record, while the record before it has both.

    A killed writer leaves such a file. If all records end so, or the last one has no line end, it was written so.
    """
    if not 0 < len(line_ends) < 4 or offset < 4:
        return False
    stream.seek(offset - 4)
    return stream.read(4) == b"\r\n\r\n"


def _odd_trailer(raw: bytes, line_ends: bytes, fits: bool) -> str:
    if not fits:
        return "the record goes on behind its Content-Length"
    if line_ends == (b"\r\n\r\n" if raw[: raw.find(b"\n")].endswith(b"\r") else b"\n\n"):
        return ""  # the parser reports a head whose lines end in LF
    return f"{line_ends[:12]!r} behind a record in place of two CRLF" if line_ends else "no line end behind a record"


def _in_damaged_member(stream: BinaryIO, offset: int, error: BadRecord) -> RawRecord:
    """The records of a damaged gzip member that have their digest.

    If the file ends inside the member, the records before the last one count too, for nothing before the cut is
    damaged. A single record in such a member is truncated, however much of it is left. Raises `error` if none counts.
    """
    records = list(_plain_records(_inflated(stream, offset)))
    before = len(records) - 1 if isinstance(error, TruncatedRecord) else 0
    whole = [record for number, record in enumerate(records) if number < before or is_proved(record)]
    if not whole or (isinstance(error, TruncatedRecord) and not before):
        raise error
    following = next_record(stream, offset + 1)
    end = stream.seek(0, SEEK_END) if following is None else following
    if len(whole) == len(records) == 1:
        return RawRecord(offset, end - offset, whole[0], f"{error}, though the record has its digest")
    lost = f"{error}; {len(whole)} records before the damage are read"
    return RawRecord(offset, end - offset, b"".join(whole), damage=lost)


def _plain_records(raw: bytes) -> Iterator[bytes]:
    """The records in the content of a member, the last one perhaps truncated."""
    stream, offset = BytesIO(raw), 0
    while offset < len(raw):
        try:
            record = _plain(stream, offset)
        except TruncatedRecord:
            yield raw[offset:]
            return
        except BadRecord:
            following = _first(stream, offset + 1, _PLAIN_MARKS)
            if following is None:
                return
            offset = following
            continue
        if record.raw:
            yield record.raw
        offset += record.length


def _inflated(stream: BinaryIO, offset: int) -> bytes:
    """The content of a gzip member up to the damage, to the last byte."""
    stream.seek(offset)
    inflate, parts, size = zlib.decompressobj(GZIP), list[bytes](), 0
    while not inflate.eof and size <= LARGEST_BYTES and (packed := stream.read(_STEP)):
        before = inflate.copy()
        try:
            parts.append(inflate.decompress(packed, LARGEST_BYTES + 1 - size))
        except zlib.error:
            for byte in packed:
                try:
                    parts.append(before.decompress(bytes((byte,))))
                except zlib.error:
                    break
            break
        size += len(parts[-1])
    return b"".join(parts)


def holds_several(raw: bytes) -> bool:
    """Whether another record follows the first one in the content of a member or frame."""
    try:
        extent = extent_at(BytesIO(raw), 0)
    except BadRecord:  # its head does not give the length
        rest = raw[1:]
    else:
        rest = raw[extent.head + extent.block :].lstrip(b"\r\n")
    return bool(rest) and next_record(BytesIO(rest), 0) is not None


def next_record(stream: BinaryIO, start: int) -> int | None:
    """The offset of the first record from `start` on, of the form of the file's first record or else of any form."""
    stream.seek(0)
    head = stream.read(CHUNK)
    own: tuple[bytes, ...] = ()
    if head.startswith(_PACKED_MARKS) or head.startswith(zstd.DICTIONARY):
        own = _PACKED_MARKS
    elif head.startswith(_PLAIN_MARKS):
        own = _PLAIN_MARKS
    elif arc.HEAD.match(head):
        own = _ARC_MARKS
    offset = _first(stream, start, own) if own else None
    if offset is not None:
        return offset
    return _first(stream, start, tuple(mark for mark in _MARKS if mark not in own))


def _first(stream: BinaryIO, start: int, marks: tuple[bytes, ...], end: int | None = None) -> int | None:
    """The first offset from `start` on, before `end` if given, of a mark with which a record begins."""
    # In ARC files the mark begins with the line end before the record.
    for marked, mark in marks_in(stream, max(start - 1, 0), marks, end):
        offset = marked + mark.startswith(b"\n")
        if end is not None and offset >= end:
            return None
        if offset >= start and _begins_record(stream, offset):
            return offset
    return None


def _begins_record(stream: BinaryIO, offset: int) -> bool:
    """Whether the head of a record begins there that gives its type and length."""
    stream.seek(offset)
    mark = stream.read(len(zstd.MAGIC) + 1)
    if mark.startswith(_PACKED_MARKS):
        return is_packed_record(stream, offset)
    if mark.startswith(_PLAIN_MARKS):
        stream.seek(offset)
        head = stream.read(_STEP)
        # A page may be full of the mark, and the search for a blank line takes long where there is none.
        if not _VERSION.match(head) or not (b"\n\r\n" in head or b"\n\n" in head):
            return False
    try:
        extent = extent_at(stream, offset)
    except BadRecord:
        return False
    stream.seek(offset)
    return extent.is_arc or _TYPE.search(stream.read(extent.head)) is not None
