"""A WARC file as the records that stand in it, damaged or not.

A compressed file has one gzip member a record, so that a damaged one costs one record. What
follows damage is taken only where a record begins, and, in a file of ours, only if the record
names the warcinfo record of that file: a page may hold a WARC record of its own making.
"""

import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from os import SEEK_END
from pathlib import Path
from typing import BinaryIO, NamedTuple

from storage.exchange import Damage, Earlier, Exchange, Place
from storage.warcreading import Answered, Asked, Broken, has_digest, opened

LARGEST_BYTES = 64 * 2**20  # one record, opened: four times the largest page that is read
_LONGEST_HEAD = 2**20
_CHUNK = 32 * 2**10
_WINDOW = 2**20
_MAGIC = b"\x1f\x8b\x08"
_GZIP = 31  # zlib's window bits for a gzip member
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_LENGTH = re.compile(rb"\nContent-Length:[ \t]*([^\s]{1,40})[ \t]*\r?\n", re.IGNORECASE)
_INFO = re.compile(rb"\r\nWARC-Type: warcinfo\r\n")
_RECORD_ID = re.compile(rb"\r\nWARC-Record-ID: (\S+)\r\n")

Report = Callable[[Damage], object]
Original = Callable[[Earlier], Exchange | None]


class Torn(Broken):
    """The file ends inside the record."""


class Piece(NamedTuple):
    """One record: where it stands in the file, and its bytes, opened."""

    offset: int
    length: int
    raw: bytes


def no_original(_: Earlier) -> Exchange | None:
    """For files whose revisits refer to what is not at hand."""
    return None


def records(path: Path, report: Report, original: Original = no_original) -> Iterator[tuple[Place, Exchange]]:
    """Every exchange of any WARC file, compressed or not; damage goes to `report`."""
    return exchanges(pieces(path, report), path.name, report, original)


def pieces(path: Path, report: Report, *, start: int = 0, seal: bytes = b"") -> Iterator[Piece]:
    """The records from `start`, in their order; one in memory at a time.

    seal: what every record of the file names, so that nothing else is taken for one.
    """
    with path.open("rb", buffering=8 * _CHUNK) as stream:
        size = stream.seek(0, SEEK_END)
        offset = start
        while offset < size:
            try:
                piece = piece_at(stream, offset)
            except Broken as broken:
                # In a file of others, a torn record reaches to the end: what looks like a record
                # behind its beginning is inside it. In ours the seal tells.
                lost = isinstance(broken, Torn) and not seal
                behind = None if lost else _next_record(stream, offset + 1, seal)
                going_on = "nothing follows" if behind is None else f"the next record is at {behind}"
                report(Damage(file=path.name, offset=offset, what=f"{broken}; {going_on}"))
                if behind is None:
                    return
                offset = behind
                continue
            yield piece
            offset += piece.length


def exchanges(
    found: Iterable[Piece], file: str, report: Report, original: Original
) -> Iterator[tuple[Place, Exchange]]:
    """The answers among the records, each with its request when that stands next to it."""
    asked: Asked | None = None
    waiting: tuple[Piece, Answered] | None = None
    for piece in found:
        record = None
        try:
            record = opened(piece.raw) if piece.raw.strip() else None
        except Broken as broken:
            report(Damage(file=file, offset=piece.offset, what=str(broken)))
        if isinstance(record, Asked) and waiting and waiting[1].goes_with(record):
            waiting = (waiting[0], waiting[1].with_request(record))
        elif isinstance(record, Asked):
            asked = record
        if waiting:
            yield from _told(*waiting, file, report, original)
            waiting = None
        if isinstance(record, Answered):
            before = asked is not None and record.goes_with(asked)
            waiting = (piece._replace(raw=b""), record.with_request(asked) if asked and before else record)
    if waiting:
        yield from _told(*waiting, file, report, original)


def seal_of(path: Path) -> bytes:
    """What `pieces` takes as seal: the ID of the warcinfo record at the head of a file; empty when there is none."""
    with suppress(Broken), path.open("rb") as stream:
        raw = piece_at(stream, 0).raw
        name = _RECORD_ID.search(raw)
        if name and _INFO.search(raw):
            return name[1]
    return b""


def _told(
    piece: Piece, answered: Answered, file: str, report: Report, original: Original
) -> Iterator[tuple[Place, Exchange]]:
    """The exchange with its body; none when its body is that of a record that cannot be had."""
    exchange = answered.exchange
    if answered.lacks_body and exchange.same_as is not None:
        earlier = exchange.same_as
        found = original(earlier)
        if found is None or (earlier.payload_digest and not has_digest(found.body, earlier.payload_digest)):
            what = f"the body is that of {earlier.url} at {earlier.captured_at}, which is not to be had"
            report(Damage(file=file, offset=piece.offset, what=what))
            return
        exchange = replace(exchange, body=found.body)
    yield Place(file=file, offset=piece.offset, length=piece.length), exchange


def piece_at(stream: BinaryIO, offset: int) -> Piece:
    """The record that begins at an offset. Raises Broken, or Torn when the file ends in it."""
    stream.seek(offset)
    start = stream.read(len(_MAGIC))
    stream.seek(offset)
    if start == _MAGIC or _MAGIC.startswith(start):
        return _member(stream, offset)
    return _plain(stream, offset)


def _member(stream: BinaryIO, offset: int) -> Piece:
    inflate = zlib.decompressobj(_GZIP)
    parts: list[bytes] = []
    size = 0
    try:
        while not inflate.eof:
            packed = inflate.unconsumed_tail or stream.read(_CHUNK)
            if not packed:
                raise Torn("the file ends inside this record")
            parts.append(inflate.decompress(packed, LARGEST_BYTES + 1 - size))
            size += len(parts[-1])
            if size > LARGEST_BYTES:
                raise Broken(f"a record of more than {LARGEST_BYTES} bytes")
    except zlib.error as error:
        raise Broken(f"a damaged gzip member ({error})") from error
    return Piece(offset, stream.tell() - len(inflate.unused_data) - offset, b"".join(parts))


def _plain(stream: BinaryIO, offset: int) -> Piece:
    head = stream.read(_CHUNK)
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


def _next_record(stream: BinaryIO, at: int, seal: bytes) -> int | None:
    """Where the next record begins, at `at` or behind; None when there is none."""
    stream.seek(0)
    if stream.read(len(_MAGIC)) == _MAGIC:
        return next((each for each in _places_of(_MAGIC, stream, at) if _is_record(stream, each, seal)), None)
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
        head = zlib.decompressobj(_GZIP).decompress(stream.read(_CHUNK), _CHUNK)
    except zlib.error:
        return False
    return head.startswith(b"WARC/") and seal in head.partition(b"\r\n\r\n")[0]
