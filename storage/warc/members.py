"""Read one record of a file, compressed by gzip or zstandard or not at all, and find where the next one begins."""

import re
import zlib
from collections.abc import Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any, BinaryIO, NamedTuple

from storage.warc import arc, zstd
from storage.warc.parser import BadRecord, TruncatedRecord
from storage.warc.writer import GZIP

LARGEST_BYTES = 64 * 2**20  # of one record, uncompressed: four times the largest page that is read
CHUNK = 32 * 2**10
_STEP = 8 * 2**10  # a page or two, compressed: bytes read beyond the record are copied twice
_LONGEST_HEAD = 2**20
_WINDOW = 2**20
MAGIC = b"\x1f\x8b\x08"
_ZSTD = (zstd.MAGIC[:3], zstd.DICTIONARY[:3], zstd.INDEX[:3])
# zlib-ng, of the extra `fast`, inflates the same members in three fifths of the time, and rejects the same ones with
# the same messages. Not isal: it treats one in a hundred damaged heads differently from zlib.
inflating: Any = import_module("zlib_ng.zlib_ng") if find_spec("zlib_ng") else zlib
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_LENGTH = re.compile(rb"\nContent-Length[ \t]*:[ \t]*([^\s]{1,40})[ \t\r]*\n", re.IGNORECASE)


class RawRecord(NamedTuple):
    """One record: its offset and length in the file, and its uncompressed bytes.

    odd: a phrase for what is not standard; else empty.
    damage: why not all of it could be read; else empty.
    shared: whether several records, compressed as one member, have this offset and length.
    """

    offset: int
    length: int
    raw: bytes
    odd: str = ""
    damage: str = ""
    shared: bool = False


def raw_record_at(stream: BinaryIO, offset: int) -> RawRecord:
    """The record that begins at an offset. Raises BadRecord, or TruncatedRecord when the file ends inside it."""
    stream.seek(offset)
    packed = stream.read(_STEP)
    start = packed[: len(MAGIC)]
    if start == MAGIC or MAGIC.startswith(start):
        return _member(stream, offset, packed)
    stream.seek(offset)
    if start in _ZSTD:
        return _frame(stream, offset)
    return _plain(stream, offset)


def _frame(stream: BinaryIO, offset: int) -> RawRecord:
    if stream.read(4) in (zstd.DICTIONARY, zstd.INDEX):
        return RawRecord(offset, zstd.skipped_at(stream, offset), b"")
    length, raw = zstd.frame_at(stream, offset, LARGEST_BYTES + 1)
    if len(raw) > LARGEST_BYTES:
        raise BadRecord(f"a record of more than {LARGEST_BYTES} bytes")
    return RawRecord(offset, length, raw)


def _member(stream: BinaryIO, offset: int, packed: bytes) -> RawRecord:
    """packed: the first bytes of it, already read."""
    inflate = inflating.decompressobj(GZIP)
    parts: list[bytes] = []
    size = 0
    try:
        while not inflate.eof:
            if not packed:
                raise TruncatedRecord("the file ends inside this record")
            parts.append(inflate.decompress(packed, LARGEST_BYTES + 1 - size))
            size += len(parts[-1])
            if size > LARGEST_BYTES:
                raise BadRecord(f"a record of more than {LARGEST_BYTES} bytes")
            if not inflate.eof:
                packed = inflate.unconsumed_tail or stream.read(_STEP)
    except inflating.error as error:
        raise BadRecord(f"a damaged gzip member ({error})") from error
    return RawRecord(offset, stream.tell() - len(inflate.unused_data) - offset, b"".join(parts))


def _plain(stream: BinaryIO, offset: int) -> RawRecord:
    extent = extent_at(stream, offset)
    length = extent.head + extent.block + (0 if extent.is_arc else 4)
    if extent.block > CHUNK:  # a hostile file may have a million heads, each with megabytes that would be read in vain
        stream.seek(offset + length - 1)
        if not stream.read(1):
            raise TruncatedRecord("the file ends inside this record")
    stream.seek(offset)
    raw = stream.read(length)
    if len(raw) < length:
        raise TruncatedRecord("the file ends inside this record")
    if extent.is_arc:
        rest = stream.read(CHUNK)
        following = rest.removeprefix(b"\r").removeprefix(b"\n")
        if following.strip(b"\r\n") and not arc.HEAD.match(following):
            raise BadRecord("no record begins where the length in its head ends")
        return RawRecord(offset, length + len(rest) - len(following), raw)
    if not raw.endswith(b"\r\n\r\n"):
        raise BadRecord(f"no record ends where Content-Length: {extent.block} says")
    return RawRecord(offset, length, raw)


class Extent(NamedTuple):
    """The length of a record's head in bytes, blank line included, and of its block."""

    head: int
    block: int
    is_arc: bool


def extent_at(stream: BinaryIO, offset: int) -> Extent:
    """The extent of the uncompressed record that begins at an offset. Raises BadRecord, TruncatedRecord."""
    stream.seek(offset)
    head = stream.read(CHUNK)
    if arc_head := arc.HEAD.match(head):
        extent = Extent(arc_head.end(), int(arc_head[5]), is_arc=True)
        if extent.head + extent.block > LARGEST_BYTES:
            raise BadRecord(f"a record of more than {LARGEST_BYTES} bytes")
        return extent
    if head[:5].upper() != b"WARC/":
        raise BadRecord("no WARC record begins here")
    blank = _BLANK_LINE.search(head)
    if blank is None:
        head += stream.read(_LONGEST_HEAD)
        blank = _BLANK_LINE.search(head)
    if blank is None:
        if len(head) > _LONGEST_HEAD:
            raise BadRecord("a record header of more than 1 MB")
        raise TruncatedRecord("the file ends inside a header")
    length = _LENGTH.search(head, 0, blank.end())
    if length is None or not length[1].isdigit() or int(length[1]) > LARGEST_BYTES:
        raise BadRecord(f"a record with the Content-Length {length[1].decode('latin-1') if length else 'left out'}")
    return Extent(blank.end(), int(length[1]), is_arc=False)


def next_record(stream: BinaryIO, start: int, info_id: bytes) -> int | None:
    """The offset of the first record of a file of ours from `start` on; None when there is none.

    info_id: ID of the warcinfo record, which every record of the file names.
    """
    stream.seek(0)
    mark = zstd.MAGIC if stream.read(4) in (zstd.MAGIC, zstd.DICTIONARY) else MAGIC
    offsets = (offset for offset, _ in marks_in(stream, start, (mark,)))
    return next((offset for offset in offsets if is_packed_record(stream, offset, info_id)), None)


def marks_in(
    stream: BinaryIO, start: int, marks: Sequence[bytes], end: int | None = None
) -> Iterator[tuple[int, bytes]]:
    """Every offset of one of the byte sequences, from `start` on, and the sequence; a few may come twice.

    end: where the search may stop; None: the end of the file.
    """
    pattern = re.compile(b"|".join(map(re.escape, marks)))
    while True:
        stream.seek(start)
        window = stream.read(_WINDOW)
        yield from ((start + mark.start(), mark[0]) for mark in pattern.finditer(window))
        if len(window) < _WINDOW or (end is not None and start + _WINDOW > end):
            return
        start += _WINDOW - max(map(len, marks)) + 1


def is_packed_record(stream: BinaryIO, offset: int, info_id: bytes = b"") -> bool:
    """Whether a gzip member or zstd frame begins there whose content begins with a record head that names the ID."""
    stream.seek(offset)
    try:
        if stream.read(len(MAGIC)) == MAGIC:
            stream.seek(offset)
            head = zlib.decompressobj(GZIP).decompress(stream.read(CHUNK), CHUNK)
        else:
            head = zstd.frame_at(stream, offset, CHUNK)[1]
    except (zlib.error, BadRecord):
        return False
    if not info_id and arc.HEAD.match(head):
        return True
    return head.startswith(b"WARC/") and info_id in head.partition(b"\r\n\r\n")[0]
