"""An evidence file made smaller: the same records as zstd frames, with pages of the same designs as dictionary.

The database, and records that refer to others, know a record by its place in the gzip file that it was
written to. That place stays its name for ever; at the head of the compact file stands where each is now:

    [dictionary] [lengths of all records, then and now] [record] [record] …

The first two are skippable frames, which every zstd reader passes over; the dictionary as
https://iipc.github.io/warc-specifications/specifications/warc-zstd/ has it. Whatever reads evidence asks
here for `NAME.warc.gz`, whichever of the two files is there.
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

from storage.warc import files as warcfile
from storage.warc.exchange import Damage, RecordUnreadable
from storage.warc.files import OnDamage
from storage.warc.members import RawRecord, raw_record_at
from storage.warc.parser import BadRecord
from storage.warc.zstd import INDEX

PLAIN, COMPACT = ".warc.gz", ".warc.zst"
_OF_A_RUN = re.compile(r"(.+)-\d{8}T\d{4}Z-\d+\.warc\.gz")  # as written, see storage/evidence/store.py


@dataclass(frozen=True, slots=True)
class Places:
    """Where the records stood, and where they stand; the last entry of each is the end of the file."""

    then: tuple[int, ...]
    now: tuple[int, ...]

    def number(self, offset: int) -> int:
        """Which record stood at an offset. Raises Broken when none did."""
        at = bisect_left(self.then, offset)
        if at >= len(self.then) - 1 or self.then[at] != offset:
            raise BadRecord("no record began here")
        return at


def as_written(name: str) -> str:
    """The name under which the records of a file are known, whichever form it has now."""
    return name.removesuffix(COMPACT) + PLAIN if name.endswith(COMPACT) else name


def evidence_files(folder: Path) -> list[str]:
    """The evidence files of a folder, by the names under which their records are known."""
    return sorted({as_written(path.name) for path in folder.glob("*.warc.*") if path.name.endswith((PLAIN, COMPACT))})


def prefix_of(name: str) -> str | None:
    """The newspaper that a run gives to the names of its files; None for a file that no run wrote."""
    found = _OF_A_RUN.fullmatch(name)
    return found and found[1]


def file_of(path: Path) -> Path:
    """The file itself, or the compact one in its place."""
    compact = path.with_name(path.name.removesuffix(PLAIN) + COMPACT)
    return compact if path.name.endswith(PLAIN) and not path.exists() and compact.exists() else path


def is_compact(path: Path) -> bool:
    return file_of(path) != path


def size(path: Path) -> int:
    """The bytes of the file as it was written. Raises RecordUnreadable, OSError."""
    try:
        return places(file_of(path)).then[-1] if is_compact(path) else path.stat().st_size
    except BadRecord as error:
        raise RecordUnreadable(f"{file_of(path)}: {error}") from error


def record_at(path: Path, offset: int) -> RawRecord:
    """The record that begins, or began, at an offset of the file as it was written. Raises Broken, OSError."""
    found = file_of(path)
    with found.open("rb") as stream:
        if found == path:
            return raw_record_at(stream, offset)
        known = places(found)
        number = known.number(offset)
        raw = raw_record_at(stream, known.now[number]).raw
    return RawRecord(offset, known.then[number + 1] - offset, raw)


def pieces(path: Path, report: OnDamage, *, start: int = 0) -> Iterator[RawRecord]:
    """The records from `start`, at their places in the file as it was written; see storage/warc/file.py."""
    if is_compact(path):
        yield from read(file_of(path), report, start=start)
    else:
        yield from warcfile.raw_records(path, report, start=start, seal=warcfile.file_id(path))


def read(compact: Path, report: OnDamage, *, start: int = 0) -> Iterator[RawRecord]:
    """The records of a compact file at the places where they stood; a damaged one costs itself alone."""
    try:
        known = places(compact)
    except BadRecord as broken:
        report(Damage(file=compact.name, offset=0, what=f"{broken}; where its records stood is lost"))
        return
    with compact.open("rb") as stream:
        for number in range(bisect_left(known.then, start), len(known.then) - 1):
            try:
                raw = raw_record_at(stream, known.now[number]).raw
            except BadRecord as broken:
                report(Damage(file=compact.name, offset=known.now[number], what=str(broken)))
                continue
            yield RawRecord(known.then[number], known.then[number + 1] - known.then[number], raw)


def places(compact: Path) -> Places:
    """Raises Broken for a file that was not made here, OSError."""
    state = compact.stat()
    return _places(compact, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=16)
def _places(compact: Path, _size: int, _mtime_ns: int) -> Places:
    with compact.open("rb") as stream:
        first = raw_record_at(stream, 0)
        stream.seek(first.length)
        if first.raw or stream.read(len(INDEX)) != INDEX:
            raise BadRecord("no evidence file that `postscraper compact` made")
        held = stream.read(int.from_bytes(stream.read(4), "little"))
        begin = stream.tell()
    try:
        lengths = json.loads(zlib.decompress(held))
        then, now = (tuple(accumulate((pair[n] for pair in lengths), initial=(0, begin)[n])) for n in (0, 1))
    except (ValueError, TypeError, LookupError, zlib.error) as error:
        raise BadRecord(f"a damaged index ({error})") from error
    return Places(then, now)
