"""One record in a file, compressed by gzip or zstandard or not at all, and where the next one begins."""

import re
import zlib
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any, BinaryIO, NamedTuple

from storage.warc import arc, zstd
from storage.warc.parser import BadRecord

LARGEST_BYTES = 64 * 2**20  # one record, opened: four times the largest page that is read
CHUNK = 32 * 2**10
_FEW = 8 * 2**10  # a page or two, compressed: what is read too far is copied twice
_LONGEST_HEAD = 2**20
_WINDOW = 2**20
MAGIC = b"\x1f\x8b\x08"
_ZSTD = (zstd.MAGIC[:3], zstd.DICTIONARY[:3], zstd.INDEX[:3])
GZIP = 31  # zlib's window bits for a gzip member
# zlib-ng, of the extra `fast`, inflates the same members in three fifths of the time, and refuses the same ones
# with the same words. Not isal, which takes one in a hundred damaged heads otherwise than zlib does.
inflating: Any = import_module("zlib_ng.zlib_ng") if find_spec("zlib_ng") else zlib
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_LENGTH = re.compile(rb"\nContent-Length[ \t]*:[ \t]*([^\s]{1,40})[ \t\r]*\n", re.IGNORECASE)


class TruncatedRecord(BadRecord):
    """The file ends inside the record."""


class RawRecord(NamedTuple):
    """One record: where it stands in the file, and its bytes, opened.

    odd: what is not as the standard has it; empty for nothing. damage: why not all of it could be had.
    shared: whether the place in the file is that of several records, packed as one.
    """

    offset: int
    length: int
    raw: bytes
    odd: str = ""
    damage: str = ""
    shared: bool = False


def raw_record_at(stream: BinaryIO, offset: int) -> RawRecord:
    """The record that begins at an offset. Raises Broken, or Torn when the file ends in it."""
    stream.seek(offset)
    packed = stream.read(_FEW)
    start = packed[: len(MAGIC)]
    if start == MAGIC or MAGIC.startswith(start):
        return _member(stream, offset, packed)
    stream.seek(offset)
    if start in _ZSTD:
        return _frame(stream, offset)
    return _plain(stream, offset)


def _frame(stream: BinaryIO, offset: int) -> RawRecord:
    try:
        if stream.read(4) in (zstd.DICTIONARY, zstd.INDEX):
            return RawRecord(offset, zstd.skipped_at(stream, offset), b"")
        length, raw = zstd.frame_at(stream, offset, LARGEST_BYTES + 1)
    except zstd.CutFrame as cut:
        raise TruncatedRecord(str(cut)) from cut
    except zstd.NoFrame as damaged:
        raise BadRecord(str(damaged)) from damaged
    if len(raw) > LARGEST_BYTES:
        raise BadRecord(f"a record of more than {LARGEST_BYTES} bytes")
    return RawRecord(offset, length, raw)


def _member(stream: BinaryIO, offset: int, packed: bytes) -> RawRecord:
    """packed: what was read of it already."""
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
                packed = inflate.unconsumed_tail or stream.read(_FEW)
    except inflating.error as error:
        raise BadRecord(f"a damaged gzip member ({error})") from error
    return RawRecord(offset, stream.tell() - len(inflate.unused_data) - offset, b"".join(parts))


def _plain(stream: BinaryIO, offset: int) -> RawRecord:
    extent = extent_at(stream, offset)
    length = extent.head + extent.block + (0 if extent.is_arc else 4)
    if extent.block > CHUNK:  # in a hostile file each of a million heads may have megabytes that are read in vain
        stream.seek(offset + length - 1)
        if not stream.read(1):
            raise TruncatedRecord("the file ends inside this record")
    stream.seek(offset)
    raw = stream.read(length)
    if len(raw) < length:
        raise TruncatedRecord("the file ends inside this record")
    if extent.is_arc:
        behind = stream.read(CHUNK)
        follows = behind.removeprefix(b"\r").removeprefix(b"\n")
        if follows.strip(b"\r\n") and not arc.HEAD.match(follows):
            raise BadRecord("no record begins where the length in its head ends")
        return RawRecord(offset, length + len(behind) - len(follows), raw)
    if not raw.endswith(b"\r\n\r\n"):
        raise BadRecord(f"no record ends where Content-Length: {extent.block} says")
    return RawRecord(offset, length, raw)


class Extent(NamedTuple):
    """The bytes of a record's head, blank line included, and of its block."""

    head: int
    block: int
    is_arc: bool


def extent_at(stream: BinaryIO, offset: int) -> Extent:
    """Of the uncompressed record that begins at an offset. Raises Broken, Torn."""
    stream.seek(offset)
    head = stream.read(CHUNK)
    if known := arc.HEAD.match(head):
        extent = Extent(known.end(), int(known[5]), is_arc=True)
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
        too_long = len(head) > _LONGEST_HEAD
        raise (
            BadRecord("a record header of more than 1 MB")
            if too_long
            else TruncatedRecord("the file ends inside a header")
        )
    said = _LENGTH.search(head, 0, blank.end())
    if said is None or not said[1].isdigit() or int(said[1]) > LARGEST_BYTES:
        raise BadRecord(f"a record with the Content-Length {said[1].decode('latin-1') if said else 'left out'}")
    return Extent(blank.end(), int(said[1]), is_arc=False)


def next_record(stream: BinaryIO, at: int, seal: bytes) -> int | None:
    """Where the next record of a file of ours begins, at `at` or behind; None when there is none.

    seal: what the head of every record of the file names.
    """
    stream.seek(0)
    mark = zstd.MAGIC if stream.read(4) in (zstd.MAGIC, zstd.DICTIONARY) else MAGIC
    return next((each for each in places_of(mark, stream, at) if is_packed_record(stream, each, seal)), None)


def places_of(mark: bytes, stream: BinaryIO, at: int) -> Iterator[int]:
    """Every place of a byte sequence, from `at`."""
    while True:
        stream.seek(at)
        window = stream.read(_WINDOW)
        found = window.find(mark)
        while found >= 0:
            yield at + found
            found = window.find(mark, found + 1)
        if len(window) < _WINDOW:
            return
        at += _WINDOW - len(mark) + 1


def is_packed_record(stream: BinaryIO, offset: int, seal: bytes = b"") -> bool:
    """Whether a gzip member or zstd frame begins there that begins with the head of a record, which names the seal."""
    stream.seek(offset)
    try:
        if stream.read(len(MAGIC)) == MAGIC:
            stream.seek(offset)
            head = zlib.decompressobj(GZIP).decompress(stream.read(CHUNK), CHUNK)
        else:
            head = zstd.frame_at(stream, offset, CHUNK)[1]
    except (zlib.error, zstd.NoFrame):
        return False
    if not seal and arc.HEAD.match(head):
        return True
    return head.startswith(b"WARC/") and seal in head.partition(b"\r\n\r\n")[0]
