"""The compact form of an evidence file: the same records as zstd frames, with a dictionary made of pages.

The database, and records that refer to others, identify a record by its location in the gzip file to which it was
written. That location stays valid: an index at the start of the compact file maps it to the location in that file.

    [dictionary] [lengths of all records, in the gzip file and in this file] [record] [record] …

This is the container of https://iipc.github.io/warc-specifications/specifications/warc-zstd/, which other programs
read: the dictionary is in a skippable frame, and the index is an extension frame, which they skip. All readers of
evidence open `NAME.warc.gz` through this module, whichever of the two files exists.
"""

import json
import re
import zlib
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from pathlib import Path

from storage.errors import RecordUnreadable
from storage.warc import files as warcfile
from storage.warc.exchange import Damage
from storage.warc.files import OnDamage
from storage.warc.members import RawRecord, raw_record_at
from storage.warc.parser import BadRecord
from storage.warc.zstd import INDEX

PLAIN, COMPACT = ".warc.gz", ".warc.zst"
_NAME = re.compile(r"(.+)-\d{8}T\d{4}Z-\d+\.warc\.gz")  # see storage/evidence/store.py


@dataclass(frozen=True, slots=True)
class RecordOffsets:
    """Offsets of the records in the gzip file and in the compact file; the last of each is the end of the file."""

    plain: tuple[int, ...]
    compact: tuple[int, ...]

    def number(self, offset: int) -> int:
        """The number of the record at an offset of the gzip file. Raises BadRecord when no record begins at it."""
        number = bisect_left(self.plain, offset)
        if number >= len(self.plain) - 1 or self.plain[number] != offset:
            raise BadRecord("no record began here")
        return number


def plain_name(name: str) -> str:
    """The name of the gzip file, which identifies the records of an evidence file in either form."""
    return name.removesuffix(COMPACT) + PLAIN if name.endswith(COMPACT) else name


def evidence_files(folder: Path) -> list[str]:
    """The evidence files of a folder, each by the name of its gzip file."""
    return sorted({plain_name(path.name) for path in folder.glob("*.warc.*") if path.name.endswith((PLAIN, COMPACT))})


def prefix_of(name: str) -> str | None:
    """The newspaper in the name of an evidence file; None when no run wrote the file."""
    match = _NAME.fullmatch(name)
    return match and match[1]


def prefixes(folder: Path) -> list[str]:
    """The newspapers whose runs wrote files of the folder, in alphabetical order."""
    return sorted({prefix for name in evidence_files(folder) if (prefix := prefix_of(name))})


def file_of(path: Path) -> Path:
    """The path of the gzip file, or of the compact file that replaced it."""
    compact = path.with_name(path.name.removesuffix(PLAIN) + COMPACT)
    return compact if path.name.endswith(PLAIN) and not path.exists() and compact.exists() else path


def is_compact(path: Path) -> bool:
    return file_of(path) != path


def size(path: Path) -> int:
    """The size of the gzip file. Raises RecordUnreadable, OSError."""
    try:
        return offsets_of(file_of(path)).plain[-1] if is_compact(path) else path.stat().st_size
    except BadRecord as error:
        raise RecordUnreadable(f"{file_of(path)}: {error}") from error


def record_at(path: Path, offset: int) -> RawRecord:
    """The record at an offset of the gzip file. Raises BadRecord, OSError."""
    file = file_of(path)
    with file.open("rb") as stream:
        if file == path:
            return raw_record_at(stream, offset)
        offsets = offsets_of(file)
        number = offsets.number(offset)
        raw = raw_record_at(stream, offsets.compact[number]).raw
    return RawRecord(offset, offsets.plain[number + 1] - offset, raw)


def present_offset(path: Path, offset: int) -> int:
    """The offset in `file_of(path)` of the record at an offset of the gzip file. Raises BadRecord, OSError."""
    file = file_of(path)
    if file == path:
        return offset
    offsets = offsets_of(file)
    return offsets.compact[offsets.number(offset)]


def raw_records(path: Path, report: OnDamage, *, start: int = 0) -> Iterator[RawRecord]:
    """The records from the offset `start`, with their locations in the gzip file; see storage/warc/files.py."""
    if is_compact(path):
        yield from compact_records(file_of(path), report, start=start)
    else:
        yield from warcfile.raw_records(path, report, start=start, info_id=warcfile.file_info(path).record_id)


def compact_records(compact: Path, report: OnDamage, *, start: int = 0) -> Iterator[RawRecord]:
    """The records of a compact file with their locations in the gzip file; a damaged record is reported and skipped."""
    try:
        offsets = offsets_of(compact)
    except BadRecord as error:
        report(Damage(file=compact.name, offset=0, what=f"{error}; the offsets of its records are lost"))
        return
    with compact.open("rb") as stream:
        for number in range(bisect_left(offsets.plain, start), len(offsets.plain) - 1):
            try:
                raw = raw_record_at(stream, offsets.compact[number]).raw
            except BadRecord as error:
                report(Damage(file=compact.name, offset=offsets.compact[number], what=str(error)))
                continue
            yield RawRecord(offsets.plain[number], offsets.plain[number + 1] - offsets.plain[number], raw)


def offsets_of(compact: Path) -> RecordOffsets:
    """The index of a compact file. Raises BadRecord for a file that was not made here, OSError."""
    state = compact.stat()
    return _offsets_of(compact, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=16)
def _offsets_of(compact: Path, _size: int, _mtime_ns: int) -> RecordOffsets:
    with compact.open("rb") as stream:
        dictionary = raw_record_at(stream, 0)
        stream.seek(dictionary.length)
        if dictionary.raw or stream.read(len(INDEX)) != INDEX:
            raise BadRecord("not made by `postscraper compact`")
        index = stream.read(int.from_bytes(stream.read(4), "little"))
        first = stream.tell()
    try:
        lengths = json.loads(zlib.decompress(index))
        in_plain, in_compact = (tuple(accumulate((pair[n] for pair in lengths), initial=(0, first)[n])) for n in (0, 1))
    except (ValueError, TypeError, LookupError, zlib.error) as error:
        raise BadRecord(f"a damaged index ({error})") from error
    return RecordOffsets(in_plain, in_compact)
