"""Records of files that other programs wrote, damage has touched, or both: read whenever they can be read in one way.

A record is first read as strictly as one of ours. Only where that fails is looked for what other readers (warcio,
FastWARC) take: other line ends between records than two CRLF, bytes behind a record, a gzip member whose check value
is wrong though the record's own digest is right.
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
    GZIP,
    LARGEST_BYTES,
    MAGIC,
    Extent,
    RawRecord,
    TruncatedRecord,
    extent_at,
    is_packed_record,
)
from storage.warc.members import raw_record_at as strict_piece_at
from storage.warc.parser import BadRecord, is_proved

_BEGINNINGS = (b"WARC/", MAGIC, zstd.MAGIC)
_LINE_ENDS = re.compile(rb"[\r\n]*")
_VERSION = re.compile(rb"WARC/\d\.\d{1,2}[ \t]*\r?\n[^\r\n:]{1,100}:")
_TYPE = re.compile(rb"\nWARC-Type:", re.IGNORECASE)
# Of the addresses in ARC files, behind a line end.
_ARC_MARKS = tuple(b"\n" + scheme for scheme in (b"http", b"filedesc:", b"dns:", b"ftp:", b"warcinfo:", b"metadata:"))
_PACKED_MARKS = (MAGIC, zstd.MAGIC)
_PLAIN_MARKS = (b"WARC/",)
_MARKS = (*_PACKED_MARKS, *_PLAIN_MARKS, *_ARC_MARKS)
_LONGEST_MARK = max(map(len, _MARKS))
_LENGTH = b"\r\nContent-Length: "
_STRAY = re.compile(rb"(?<!\r)\n")
_STEP = 8 * 2**10
_WINDOW = 2**20


def raw_record_at(stream: BinaryIO, offset: int) -> RawRecord:
    """The record that begins at an offset; of line ends between records one that is empty. Raises Broken, Torn."""
    try:
        return strict_piece_at(stream, offset)
    except BadRecord as broken:
        stream.seek(offset)
        start = stream.read(CHUNK)
        if start.startswith(MAGIC):
            return _in_damaged_member(stream, offset, broken)
        if start.startswith(zstd.MAGIC):
            raise
    return _plain(stream, offset)


def _plain(stream: BinaryIO, offset: int) -> RawRecord:
    stream.seek(offset)
    if line_ends := _LINE_ENDS.match(stream.read(CHUNK))[0]:  # type: ignore[index]  # matches anything
        return RawRecord(offset, len(line_ends), b"", "more line ends before a record than two CRLF")
    try:
        extent, stray = extent_at(stream, offset), False
    except BadRecord as broken:
        extent, stray = _with_stray_line_ends(stream, offset, broken), True
    end = offset + extent.head + extent.block
    stream.seek(end - 1)
    behind = stream.read(CHUNK)
    if not behind:
        raise TruncatedRecord("the file ends inside this record")
    line_ends = _LINE_ENDS.match(behind, 1)[0]  # type: ignore[index]  # matches anything
    follows = behind[1 + len(line_ends) :]
    if not follows and _is_cut_trailer(stream, offset, line_ends):
        raise TruncatedRecord("the file ends inside this record")
    fits = not follows or follows.startswith(_BEGINNINGS) or arc.HEAD.match(follows) is not None
    marks = _ARC_MARKS if extent.is_arc else _PLAIN_MARKS
    reaches = not fits and _first(stream, offset + extent.head, marks, end) is not None
    stream.seek(offset)
    head = stream.read(extent.head)
    provable = not extent.is_arc and b"-digest:" in head.lower()
    raw = head if reaches and not provable else head + stream.read(extent.block)
    record = raw if extent.is_arc else raw + b"\r\n\r\n"
    if stray:
        record = _without_stray_line_ends(head) + record[extent.head :]
    if reaches and not (provable and is_proved(record)):
        raise BadRecord("a record whose length reaches into the next one")
    odd = "" if extent.is_arc else _odd(raw, line_ends, fits)
    return RawRecord(offset, len(raw) + len(line_ends), record, "a stray LF in the head of a record" if stray else odd)


def _with_stray_line_ends(stream: BinaryIO, offset: int, broken: BadRecord) -> Extent:
    """Of a head that a stray LF seems to end, before the line that says its length."""
    stream.seek(offset)
    head, blank, _ = stream.read(CHUNK).partition(b"\r\n\r\n")
    if not head.startswith(b"WARC/") or not _STRAY.search(head) or not blank:
        raise broken
    whole = extent_at(BytesIO(_without_stray_line_ends(head + blank)), 0)
    return whole._replace(head=len(head + blank))


def _without_stray_line_ends(head: bytes) -> bytes:
    return re.sub(rb"(?:\r\n)+", b"\r\n", _STRAY.sub(b"", head)) + b"\r\n"


def _is_cut_trailer(stream: BinaryIO, offset: int, line_ends: bytes) -> bool:
    """Whether the file ends within the two CRLF behind a record, when the record before it has both.

    A kill leaves that. A file whose records all end so, or which ends without any, was written so.
    """
    if not 0 < len(line_ends) < 4 or offset < 4:
        return False
    stream.seek(offset - 4)
    return stream.read(4) == b"\r\n\r\n"


def _odd(raw: bytes, line_ends: bytes, fits: bool) -> str:
    if not fits:
        return "the record goes on behind its Content-Length"
    if line_ends == (b"\r\n\r\n" if raw[: raw.find(b"\n")].endswith(b"\r") else b"\n\n"):
        return ""  # of a head whose lines end in LF, whoever reads that says so
    return f"{line_ends[:12]!r} behind a record in place of two CRLF" if line_ends else "no line end behind a record"


def _in_damaged_member(stream: BinaryIO, offset: int, broken: BadRecord) -> RawRecord:
    """What can be had of a damaged gzip member: the records that have their digest.

    Of one that the file ends in, those before the last, too: nothing before the cut is damaged. A record that is alone
    in it is torn, whatever of it is there.
    """
    raw = _inflated(stream, offset)
    found = list(_plain_records(raw))
    before = len(found) - 1 if isinstance(broken, TruncatedRecord) else 0
    whole = [each for number, each in enumerate(found) if number < before or is_proved(each)]
    if not whole or (isinstance(broken, TruncatedRecord) and not before):
        raise broken
    behind = next_record(stream, offset + 1)
    end = stream.seek(0, SEEK_END) if behind is None else behind
    if len(whole) == len(found) == 1:
        return RawRecord(offset, end - offset, whole[0], f"{broken}, though the record has its digest")
    lost = f"{broken}; {len(whole)} records before the damage are read"
    return RawRecord(offset, end - offset, b"".join(whole), damage=lost)


def _plain_records(raw: bytes) -> Iterator[bytes]:
    """All that stand in what was opened of a member, the last one perhaps not whole."""
    stream, at = BytesIO(raw), 0
    while at < len(raw):
        try:
            piece = _plain(stream, at)
        except TruncatedRecord:
            yield raw[at:]
            return
        except BadRecord:
            behind = _first(stream, at + 1, _PLAIN_MARKS)
            if behind is None:
                return
            at = behind
            continue
        if piece.raw:
            yield piece.raw
        at += piece.length


def _inflated(stream: BinaryIO, offset: int) -> bytes:
    """What can be opened of a gzip member, to the byte before the error."""
    stream.seek(offset)
    inflate, parts, size = zlib.decompressobj(GZIP), list[bytes](), 0
    while not inflate.eof and size <= LARGEST_BYTES and (packed := stream.read(_STEP)):
        before = inflate.copy()
        try:
            parts.append(inflate.decompress(packed, LARGEST_BYTES + 1 - size))
        except zlib.error:
            for each in packed:
                try:
                    parts.append(before.decompress(bytes((each,))))
                except zlib.error:
                    break
            break
        size += len(parts[-1])
    return b"".join(parts)


def holds_several(raw: bytes) -> bool:
    """Whether another record follows the first one in what was packed as one."""
    end = _end_of_first(raw)
    if end is not None and len(raw) <= end + 4:
        return False
    rest = raw[end:].lstrip(b"\r\n") if end is not None else raw[1:]
    return bool(rest) and next_record(BytesIO(rest), 0) is not None


def _end_of_first(raw: bytes) -> int | None:
    """None when its head does not say."""
    blank = raw.find(b"\r\n\r\n", 0, CHUNK)
    at = raw.find(_LENGTH, 0, blank) if blank > 0 else -1
    if at > 0:  # as nearly all write it
        said = raw[at + len(_LENGTH) : raw.find(b"\r", at + 2)]
        if said.isdigit() and len(said) < 10:
            return blank + 4 + int(said)
    try:
        extent = extent_at(BytesIO(raw), 0)
    except BadRecord:
        return None
    return extent.head + extent.block


def next_record(stream: BinaryIO, at: int) -> int | None:
    """Where the next record begins, at `at` or behind, of the kind that the file begins with or else of any."""
    stream.seek(0)
    head = stream.read(CHUNK)
    own: tuple[bytes, ...] = ()
    if head.startswith(_PACKED_MARKS) or head.startswith(zstd.DICTIONARY):
        own = _PACKED_MARKS
    elif head.startswith(_PLAIN_MARKS):
        own = _PLAIN_MARKS
    elif arc.HEAD.match(head):
        own = _ARC_MARKS
    found = _first(stream, at, own) if own else None
    if found is not None:
        return found
    return _first(stream, at, tuple(mark for mark in _MARKS if mark not in own))


def _first(stream: BinaryIO, at: int, marks: tuple[bytes, ...], end: int | None = None) -> int | None:
    """The first place of a mark, before `end` if that is given, where the head of a record stands."""
    pattern = re.compile(b"|".join(map(re.escape, marks)))
    wanted, at = at, max(at - 1, 0)  # in ARC files the mark begins with the line end before
    while True:
        stream.seek(at)
        window = stream.read(_WINDOW)
        for mark in pattern.finditer(window):
            place = at + mark.start() + mark[0].startswith(b"\n")
            if end is not None and place >= end:
                return None
            if place >= wanted and _begins(stream, place):
                return place
        if len(window) < _WINDOW or (end is not None and at + _WINDOW > end):
            return None
        at += _WINDOW - _LONGEST_MARK + 1


def _begins(stream: BinaryIO, offset: int) -> bool:
    """Whether the head of a record stands there that says what it is and how long."""
    stream.seek(offset)
    start = stream.read(len(zstd.MAGIC) + 1)
    if start.startswith(_PACKED_MARKS):
        return is_packed_record(stream, offset)
    if start.startswith(_PLAIN_MARKS):
        stream.seek(offset)
        head = stream.read(_STEP)
        # A page may be full of the word, and a search for the blank line takes long where there is none.
        if not _VERSION.match(head) or not (b"\n\r\n" in head or b"\n\n" in head):
            return False
    try:
        extent = extent_at(stream, offset)
    except BadRecord:
        return False
    stream.seek(offset)
    return extent.is_arc or _TYPE.search(stream.read(extent.head)) is not None
