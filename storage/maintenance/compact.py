"""Compact evidence files, and restore them; every record stays the same, byte for byte.

Only under the run lock, when every file is closed. The new file is durable and compared record by record before the
old one is deleted; after a kill the run starts again. Restored records have their old offsets, so no row changes.
"""

import json
import os
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import chain, zip_longest
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import BinaryIO

import zstandard

from storage.archive import Archive
from storage.errors import Damaged
from storage.evidence import compact_format
from storage.evidence.compact_format import COMPACT, PLAIN, plain_name
from storage.evidence.store import FOLDER
from storage.files import sync_folder
from storage.warc import files as warcfile
from storage.warc.exchange import Damage
from storage.warc.members import RawRecord
from storage.warc.parser import BadRecord
from storage.warc.writer import members, padded
from storage.warc.zstd import DICTIONARY, INDEX

LEVEL = 19
MOST_PAGES = 16  # in a dictionary; each doubling from four saves 4 % more: benchmarks/evidence.py
LARGEST_DICTIONARY = 2**20  # bytes; read with every single record
WORTH_IT = 0.9  # largest share of the old bytes
_NO_GAIN = "it would not get smaller; pages that arrived compressed are kept that way"
# The start of a dictionary by RFC 8878, 5, around its ID: flat entropy tables, as `zstd --train` writes them for
# samples without statistics (records have better ones of their own), and the first three offsets.
_MAGIC = b"\x37\xa4\x30\xec"
_TABLES = bytes.fromhex(
    "091010df303333b3770a33f1783c1e8fc7e3f1783ccff3bcf7d44241414141414141414141414141414141414141414141414141"
    "a15028140a8542a15028140a85a2288aa2284a297d74e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1f1783c1e8fc7e3f1789ee7"
    "79ef01010000000400000008000000"
)
_FIRST_ID, _LAST_ID = 2**15, 2**31 - 1  # those below and above are reserved

_CODED = re.compile(rb"\r\nContent-Encoding:[ \t]*(?!identity)\S", re.I)
_EXEMPLARS = (
    "SELECT evidence_offset, layout, outcome FROM capture"
    " WHERE evidence_file = ? AND outcome IN ('article', 'listing') ORDER BY evidence_offset"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompactedFile:
    """Result for one file, in bytes. why: the reason why it was not replaced; None when it was."""

    file: str
    before: int
    after: int
    records: int = 0
    why: str | None = None


class _Unchanged(Exception):
    """The file is left as it is; the message says why."""


def compact(archive: Path, on_done: Callable[[CompactedFile], object] = lambda _: None) -> list[CompactedFile]:
    """Replace every evidence file whose compact form is smaller. Raises ArchiveError, OSError."""
    done = []
    with Archive.open(archive, readonly=True) as opened:
        for path in sorted((archive / FOLDER).glob(f"*{PLAIN}")):
            target = path.with_name(path.name.removesuffix(PLAIN) + COMPACT)
            done.append(_replace(path, target, partial(_write_compact, _pages(path, opened))))
            on_done(done[-1])
    return done


def undo(archive: Path, on_done: Callable[[CompactedFile], object] = lambda _: None) -> list[CompactedFile]:
    """Restore every compact evidence file to plain gzip. Raises OSError."""
    done = []
    for compact in sorted((archive / FOLDER).glob(f"*{COMPACT}")):
        done.append(_restore(compact))
        on_done(done[-1])
    return done


def plain_again(compact: Path) -> None:
    """Restore one compact evidence file to plain gzip. Raises Damaged, OSError."""
    if why := _restore(compact).why:
        raise Damaged(f"{compact} cannot be made plain gzip again: {why}")


def _restore(compact: Path) -> CompactedFile:
    return _replace(compact, compact.with_name(plain_name(compact.name)), _write_plain)


def _write_compact(pages: bytes, records: Iterable[RawRecord], out: BinaryIO) -> int:
    """Write the records; returns their number. pages: content of the dictionary. Raises _Unchanged."""
    if not pages:
        raise _Unchanged(_NO_GAIN)
    number = _FIRST_ID + zlib.crc32(pages) % (_LAST_ID - _FIRST_ID)
    dictionary = _MAGIC + number.to_bytes(4, "little") + _TABLES + pages
    shared = zstandard.ZstdCompressionDict(dictionary, dict_type=zstandard.DICT_TYPE_FULLDICT)
    shared.precompute_compress(level=LEVEL)
    compressor = zstandard.ZstdCompressor(LEVEL, shared, write_checksum=True)
    lengths = []
    with TemporaryFile(dir=Path(out.name).parent) as frames:
        for piece in records:
            if _member(piece.raw, piece.length) is None:
                raise _Unchanged("it could not be made plain gzip again")
            lengths.append((piece.length, frames.write(compressor.compress(piece.raw))))
        frames.seek(0)
        packed = zstandard.ZstdCompressor(LEVEL, write_checksum=True).compress(dictionary)
        index = zlib.compress(json.dumps(lengths, separators=(",", ":")).encode())
        for magic, content in ((DICTIONARY, packed), (INDEX, index)):
            out.write(magic + len(content).to_bytes(4, "little") + content)
        copyfileobj(frames, out)
    if out.tell() > WORTH_IT * sum(before for before, _ in lengths):
        raise _Unchanged(_NO_GAIN)
    return len(lengths)


def _write_plain(records: Iterable[RawRecord], out: BinaryIO) -> int:
    """Write a gzip file in which each record has its old offset and length; returns their number. Raises _Unchanged."""
    count = 0
    for record in records:
        member = _member(record.raw, record.length)
        if member is None or out.tell() != record.offset:
            raise _Unchanged(f"the record at byte {record.offset} finds no place")
        out.write(member)
        count += 1
    return count


def _pages(path: Path, archive: Archive) -> bytes:
    """The first pages of each layout in the file, the commonest layout last; empty if there are none."""
    with archive.connect() as connection:
        rows = connection.exec_driver_sql(_EXEMPLARS, (path.name,)).all()
    groups: dict[tuple[str, str], list[int]] = {}
    for offset, layout, outcome in rows:
        groups.setdefault((layout, outcome), []).append(offset)
    ordered = sorted(groups.values(), key=len, reverse=True)
    by_turns = chain.from_iterable(zip_longest(*(group[:MOST_PAGES] for group in ordered)))
    chosen: list[bytes] = []
    for offset in by_turns:
        raw = b"" if offset is None else _exemplar(path, offset)
        if raw and len(chosen) < MOST_PAGES and sum(map(len, chosen)) + len(raw) <= LARGEST_DICTIONARY:
            chosen.append(raw)
    return b"".join(reversed(chosen))


def _exemplar(path: Path, offset: int) -> bytes:
    """A response record as dictionary content, after its request; empty for a page that arrived compressed."""
    with suppress(BadRecord):
        answer = compact_format.record_at(path, offset)
        if not _CODED.search(answer.raw, 0, 16_384):
            with suppress(BadRecord):
                return compact_format.record_at(path, offset + answer.length).raw + answer.raw
            return answer.raw
    return b""


def _member(raw: bytes, length: int) -> bytes | None:
    """A gzip member of this length; None when the record cannot be compressed that far.

    The same member that a run wrote, if it can be reproduced; else a smaller one, padded.
    """
    for member in members(raw):
        if len(member) == length:
            return member
    return padded(member, length)


def _replace(path: Path, target: Path, write: Callable[[Iterable[RawRecord], BinaryIO], int]) -> CompactedFile:
    """Write the other form of a file, compare the two, and delete the first."""
    before = path.stat().st_size
    part = target.with_name(f"{target.name}.part")
    try:
        with part.open("w+b") as out:
            records = write(_records(path), out)
            out.flush()
            os.fsync(out.fileno())
        after = part.stat().st_size
        _compare(path, part, target)
        part.replace(target)
    except _Unchanged as unchanged:
        return CompactedFile(file=path.name, before=before, after=before, why=str(unchanged))
    finally:
        part.unlink(missing_ok=True)
    sync_folder(path.parent)
    path.unlink()
    sync_folder(path.parent)
    return CompactedFile(file=path.name, before=before, after=after, records=records)


def _records(path: Path) -> Iterator[RawRecord]:
    """All records of a file without damage. Raises _Unchanged."""

    def on_damage(damage: Damage) -> None:
        raise _Unchanged(f"damaged at byte {damage.offset}: {damage.what}")

    plain = path.with_name(plain_name(path.name))
    end = 0
    for record in compact_format.raw_records(plain, on_damage):
        if record.offset != end:
            raise _Unchanged(f"holds more than records at byte {end}")
        end += record.length
        yield record
    if end != compact_format.size(plain):
        raise _Unchanged(f"holds more than records at byte {end}")


def _compare(path: Path, part: Path, target: Path) -> None:
    """Compare every record of the new file with that of the old one. Raises _Unchanged."""

    def on_damage(damage: Damage) -> None:
        raise _Unchanged(f"the new file is damaged at byte {damage.offset}: {damage.what}")

    # With the same reader that will read the file from now on.
    read = compact_format.compact_records if target.name.endswith(COMPACT) else warcfile.raw_records
    for old, new in zip_longest(_records(path), read(part, on_damage)):
        if old != new:
            raise _Unchanged("the new file does not hold the same records")
