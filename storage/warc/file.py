"""A WARC or ARC file as the records that stand in it, damaged or not.

A compressed file has one gzip member or zstd frame a record, so that a damaged one costs one record. What
follows damage is taken only where a record begins, and, in a file of ours, only if the record
names the warcinfo record of that file: a page may hold a WARC record of its own making.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from os import SEEK_END
from pathlib import Path
from typing import BinaryIO

from storage.exchange import Damage, Earlier, Exchange, Place
from storage.warc.digests import has_digest
from storage.warc.piece import CHUNK, Torn, next_record
from storage.warc.piece import LARGEST_BYTES as LARGEST_BYTES
from storage.warc.piece import Piece as Piece
from storage.warc.piece import piece_at as piece_at
from storage.warc.reading import Answered, Asked, Broken, opened

_INFO = re.compile(rb"\r\nWARC-Type: warcinfo\r\n")
_RECORD_ID = re.compile(rb"\r\nWARC-Record-ID: (\S+)\r\n")

Report = Callable[[Damage], object]
Original = Callable[[Earlier], Exchange | None]


def no_original(_: Earlier) -> Exchange | None:
    """For files whose revisits refer to what is not at hand."""
    return None


def records(path: Path, report: Report, original: Original = no_original) -> Iterator[tuple[Place, Exchange]]:
    """Every exchange of any WARC file, compressed or not; damage goes to `report`."""
    return exchanges(pieces(path, report), path.name, report, original)


def pieces(path: Path, report: Report, *, start: int = 0, end: int | None = None, seal: bytes = b"") -> Iterator[Piece]:
    """The records from `start`, in their order; one in memory at a time.

    end: no record that begins there or behind it. seal: what every record of the file names, so
    that nothing else is taken for one.
    """
    with path.open("rb", buffering=8 * CHUNK) as stream:
        size = stream.seek(0, SEEK_END) if end is None else end
        offset = start
        while offset < size:
            try:
                piece = piece_at(stream, offset)
            except Broken as broken:
                # In a file of others, a torn record reaches to the end: what looks like a record
                # behind its beginning is inside it. In ours the seal tells.
                lost = isinstance(broken, Torn) and not seal
                behind = None if lost else next_record(stream, offset + 1, seal)
                behind = None if behind is not None and behind >= size else behind
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
    waiting: tuple[Place, Answered, Asked | None] | None = None
    for piece in found:
        record = None
        try:
            record = opened(piece.raw) if piece.raw.strip() else None
        except Broken as broken:
            report(Damage(file=file, offset=piece.offset, what=str(broken)))
        if isinstance(record, Asked) and waiting and waiting[1].goes_with(record):
            waiting = (waiting[0], waiting[1], record)
        elif isinstance(record, Asked):
            asked = record
        if waiting:
            yield from _told(*waiting, report, original)
            waiting = None
        if isinstance(record, Answered):
            before = asked is not None and record.goes_with(asked)
            place = Place(file=file, offset=piece.offset, length=piece.length)
            waiting = (place, record, asked if before else None)
    if waiting:
        yield from _told(*waiting, report, original)


def seal_of(path: Path) -> bytes:
    """What `pieces` takes as seal: the ID of the warcinfo record at the head of a file; empty when there is none."""
    with suppress(Broken), path.open("rb") as stream:
        raw = _first(stream).raw
        name = _RECORD_ID.search(raw)
        if name and _INFO.search(raw):
            return name[1]
    return b""


def about(path: Path) -> dict[str, str]:
    """The fields of the warcinfo record at the head of a file: what wrote it, and how; {} when there is none."""
    with suppress(Broken, OSError), path.open("rb") as stream:
        raw = _first(stream).raw
        if _INFO.search(raw):
            told = raw.partition(b"\r\n\r\n")[2].decode("utf-8", "replace").splitlines()
            return {name: value.strip() for name, colon, value in (line.partition(":") for line in told) if colon}
    return {}


def _first(stream: BinaryIO) -> Piece:
    """The first record, behind what a zstd file holds before it. Raises Broken."""
    piece = piece_at(stream, 0)
    while not piece.raw:
        piece = piece_at(stream, piece.offset + piece.length)
    return piece


def _told(
    place: Place, answered: Answered, asked: Asked | None, report: Report, original: Original
) -> Iterator[tuple[Place, Exchange]]:
    """The exchange with its request and body; none when its body is that of a record that cannot be had."""
    exchange = answered.with_request(asked) if asked else answered.exchange
    if answered.lacks_body and exchange.same_as is not None:
        earlier = exchange.same_as
        found = original(earlier)
        if found is None or (earlier.payload_digest and not has_digest(found.body, earlier.payload_digest)):
            what = f"the body is that of {earlier.url} at {earlier.captured_at}, which is not to be had"
            report(Damage(file=place.file, offset=place.offset, what=what))
            return
        exchange = replace(exchange, body=found.body)
    yield place, exchange
