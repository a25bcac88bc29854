"""One record in a file, compressed by gzip or zstandard or not at all, and where the next one begins."""

import re
import zlib
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any, BinaryIO, NamedTuple

from storage.warc import arc, zstdframes
from storage.warc.reading import Broken

LARGEST_BYTES = 64 * 2**20  # one record, opened: four times the largest page that is read
CHUNK = 32 * 2**10
_FEW = 8 * 2**10  # a page or two, compressed: what is read too far is copied twice
_LONGEST_HEAD = 2**20
_WINDOW = 2**20
_MAGIC = b"\x1f\x8b\x08"
_ZSTD = (zstdframes.MAGIC[:3], zstdframes.DICTIONARY[:3], zstdframes.INDEX[:3])
_GZIP = 31  # zlib's window bits for a gzip member
# zlib-ng, of the extra `fast`, inflates the same members in three fifths of the time, and refuses the same ones
# with the same words. Not isal, which takes one in a hundred damaged heads otherwise than zlib does.
inflating: Any = import_module("zlib_ng.zlib_ng") if find_spec("zlib_ng") else zlib
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_LENGTH = re.compile(rb"\nContent-Length:[ \t]*([^\s]{1,40})[ \t]*\r?\n", re.IGNORECASE)


class Torn(Broken):
    """The file ends inside the record."""


class Piece(NamedTuple):
    """One record: where it stands in the file, and its bytes, opened."""

    offset: int
    length: int
    raw: bytes


def piece_at(stream: BinaryIO, offset: int) -> Piece:
    """The record that begins at an offset. Raises Broken, or Torn when the file ends in it."""
    stream.seek(offset)
    packed = stream.read(_FEW)
    start = packed[: len(_MAGIC)]
    if start == _MAGIC or _MAGIC.startswith(start):
        return _member(stream, offset, packed)
    stream.seek(offset)
    if start in _ZSTD:
        return _frame(stream, offset)
    return _plain(stream, offset)


def _frame(stream: BinaryIO, offset: int) -> Piece:
    try:
        if stream.read(4) in (zstdframes.DICTIONARY, zstdframes.INDEX):
            return Piece(offset, zstdframes.skipped_at(stream, offset), b"")
        length, raw = zstdframes.frame_at(stream, offset, LARGEST_BYTES + 1)
    except zstdframes.CutFrame as cut:
        raise Torn(str(cut)) from cut
    except zstdframes.NoFrame as damaged:
        raise Broken(str(damaged)) from damaged
    if len(raw) > LARGEST_BYTES:
        raise Broken(f"a record of more than {LARGEST_BYTES} bytes")
    return Piece(offset, length, raw)


def _member(stream: BinaryIO, offset: int, packed: bytes) -> Piece:
    """packed: what was read of it already."""
    inflate = inflating.decompressobj(_GZIP)
    parts: list[bytes] = []
    size = 0
    try:
        while not inflate.eof:
            if not packed:
                raise Torn("the file ends inside this record")
            parts.append(inflate.decompress(packed, LARGEST_BYTES + 1 - size))
            size += len(parts[-1])
            if size > LARGEST_BYTES:
                raise Broken(f"a record of more than {LARGEST_BYTES} bytes")
            if not inflate.eof:
                packed = inflate.unconsumed_tail or stream.read(_FEW)
    except inflating.error as error:
        raise Broken(f"a damaged gzip member ({error})") from error
    return Piece(offset, stream.tell() - len(inflate.unused_data) - offset, b"".join(parts))


def _plain(stream: BinaryIO, offset: int) -> Piece:
    head = stream.read(CHUNK)
    if known := arc.HEAD.match(head):
        return _plain_arc(stream, offset, known.end() + int(known[5]))
    if not head.startswith(b"WARC/"):
        raise Broken("no WARC record begins here")
    blank = _BLANK_LINE.search(head)
    if blank is None:
        head += stream.read(_LONGEST_HEAD)
        blank = _BLANK_LINE.search(head)
    if blank is None:
        too_long = len(head) > _LONGEST_HEAD
        raise Broken("a record header of more than 1 MB") if too_long else Torn("the file ends inside a header")
    said = _LENGTH.search(head, 0, blank.end())
    if said is None or not said[1].isdigit() or int(said[1]) > LARGEST_BYTES:
        raise Broken(f"a record with the Content-Length {said[1].decode('latin-1') if said else 'left out'}")
    length = blank.end() + int(said[1]) + 4
    stream.seek(offset)
    raw = stream.read(length)
    if len(raw) < length:
        raise Torn("the file ends inside this record")
    if not raw.endswith(b"\r\n\r\n"):
        raise Broken(f"no record ends where Content-Length: {said[1].decode()} says")
    return Piece(offset, length, raw)


def _plain_arc(stream: BinaryIO, offset: int, length: int) -> Piece:
    if length > LARGEST_BYTES:
        raise Broken(f"a record of more than {LARGEST_BYTES} bytes")
    stream.seek(offset)
    raw = stream.read(length + 1)  # and the line end behind it
    if len(raw) < length:
        raise Torn("the file ends inside this record")
    return Piece(offset, len(raw), raw)


def next_record(stream: BinaryIO, at: int, seal: bytes = b"") -> int | None:
    """Where the next record begins, at `at` or behind; None when there is none."""
    stream.seek(0)
    head = stream.read(4)
    for mark in (_MAGIC, zstdframes.MAGIC):
        if head.startswith(mark) or (mark == zstdframes.MAGIC and head == zstdframes.DICTIONARY):
            return next((each for each in _places_of(mark, stream, at) if _is_record(stream, each, seal)), None)
    end = b"\r\n\r\n"
    return next((each + len(end) for each in _places_of(end + b"WARC/", stream, at)), None)


def _places_of(mark: bytes, stream: BinaryIO, at: int) -> Iterator[int]:
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


def _is_record(stream: BinaryIO, offset: int, seal: bytes) -> bool:
    stream.seek(offset)
    try:
        if stream.read(len(_MAGIC)) == _MAGIC:
            stream.seek(offset)
            head = zlib.decompressobj(_GZIP).decompress(stream.read(CHUNK), CHUNK)
        else:
            head = zstdframes.frame_at(stream, offset, CHUNK)[1]
    except (zlib.error, zstdframes.NoFrame):
        return False
    if not seal and arc.HEAD.match(head):
        return True
    return head.startswith(b"WARC/") and seal in head.partition(b"\r\n\r\n")[0]
