"""The evidence: every exchange as it came, in WARC files that any web archive can read.

    with Evidence.open(folder, writable=True, software="postscraper 1.0") as evidence:
        for place, exchange in evidence.recover(ends):      # ends: file -> end that the database knows
            ...                                             # whole records, of which some have no row yet
        place = evidence.keep(exchange)
        evidence.sync()                                     # only now may a row name the place

A file is written by one run only: behind a torn record nothing is ever appended, and the warcinfo
record at its head is true of all of it. One writer a folder and prefix; see `storage.database.lock`.
"""

import logging
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from storage.evidence import compact_format
from storage.files import make_folder, sync_folder
from storage.warc.digests import has_digest
from storage.warc.exchange import (
    IMPORTED,
    Damage,
    DigestMismatch,
    EvidenceFailed,
    EvidenceShort,
    Exchange,
    RecordLocation,
    RecordUnreadable,
    RevisitTarget,
)
from storage.warc.files import (
    LARGEST_BYTES,
    SOFTWARE,
    FindOriginal,
    OnDamage,
    RawRecord,
    exchanges,
    file_id,
    own_info_id,
    raw_records,
)
from storage.warc.parser import BadRecord
from storage.warc.writer import NOT_EXACT, new_id, response_and_request, warcinfo


class EvidenceFile:
    """A new WARC file; whatever the disk refuses is an OSError."""

    def __init__(self, path: Path, about: Mapping[str, str]) -> None:
        """about: the fields of the warcinfo record, which goes in with the first exchange."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        self._path = path
        self._descriptor = os.open(path, flags, 0o644)
        self._info_id = new_id()
        self._head = warcinfo(path.name, self._info_id, about)
        self._name_is_durable = False
        self.size = 0  # bytes written

    def append(self, exchange: Exchange, same_as: RevisitTarget | None) -> RecordLocation:
        """Write the records of the exchange, and say where its answer stands."""
        response, request = response_and_request(exchange, same_as=same_as, info_id=self._info_id)
        head = b"" if self.size else self._head
        place = RecordLocation(file=self._path.name, offset=self.size + len(head), length=len(response))
        data = head + response + request
        rest = memoryview(data)
        while rest:  # once, but on a disk that is nearly full
            rest = rest[os.write(self._descriptor, rest) :]
        self.size += len(data)
        return place

    def sync(self) -> None:
        os.fsync(self._descriptor)
        if not self._name_is_durable:
            sync_folder(self._path.parent)
            sync_folder(self._path.parent.parent)  # the folder itself may be new
            self._name_is_durable = True

    def close(self) -> None:
        """Let go of the file; does not sync."""
        os.close(self._descriptor)


def path_in(folder: Path, file: str) -> Path:
    """A file of the folder, or one that is left where it lies: then its whole path.

    Raises RecordUnreadable for a name that leads out of the folder some other way.
    """
    if Path(file).is_absolute() and ".." not in Path(file).parts:
        return Path(file)
    if Path(file).name != file:
        raise RecordUnreadable(f"{file!r} is no file of {folder}")
    return folder / file


@dataclass(slots=True)
class TailScan:
    """A file from the byte `start`; whole: the byte before which nothing is cut off."""

    path: Path
    name: str
    start: int
    whole: int

    def records(
        self, report: OnDamage, original: FindOriginal, failing: Callable[[], AbstractContextManager[None]]
    ) -> Iterator[tuple[RecordLocation, Exchange]]:
        """Every exchange, durable; then the torn tail is cut off. failing: around what the disk may refuse."""
        if compact_format.is_compact(self.path):  # closed, and whole when it was made
            yield from exchanges(
                compact_format.pieces(self.path, report, start=self.start), self.name, report, original
            )
            return
        with self.path.open("r+b") as stream:
            with failing():
                os.fsync(stream.fileno())
            found = self._noted(raw_records(self.path, report, start=self.start, seal=file_id(self.path)))
            yield from exchanges(found, self.name, report, original)
            if self.whole < stream.seek(0, os.SEEK_END):
                with failing():
                    stream.truncate(self.whole)
                    os.fsync(stream.fileno())

    def _noted(self, found: Iterable[RawRecord]) -> Iterator[RawRecord]:
        for piece in found:
            self.whole = max(self.whole, piece.offset + piece.length)
            yield piece


FOLDER = "evidence"


FILE_BYTES = 10**9  # the WARC standard's own recommendation
_HEADS_BYTES = 64 * 2**10  # more than the heads of a pair of records take, and what cannot be compressed
_HOPS = 5  # revisits of revisits that are followed
_STANDARD = "https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"


def log_damage(damage: Damage) -> None:
    logging.getLogger(__name__).warning("%s", damage)


class Evidence:
    """The WARC files of one folder; made by `open`."""

    def __init__(self, folder: Path, prefix: str, about: Mapping[str, str] | None, file_bytes: int) -> None:
        """about: None for reading only."""
        self._folder, self._prefix, self._about, self._file_bytes = folder, prefix, about, file_bytes
        self._names = re.compile(re.escape(prefix) + r"-\d{8}T\d{4}Z-(\d+)\.warc\.(?:gz|zst)")
        self._file: EvidenceFile | None = None
        self._letting_go = Lock()  # a file must not be closed while another thread syncs it
        self._failure: OSError | None = None

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        prefix: str = "post",
        writable: bool = False,
        software: str = SOFTWARE,
        robots: str = "obey",
        settings: Mapping[str, str] | None = None,
        file_bytes: int = FILE_BYTES,
    ) -> "Evidence":
        """software (and its version), robots and settings: what the head of each new file says.

        file_bytes: a new file begins before one passes it. Nothing is written before `keep`.
        """
        if not writable:
            return cls(folder, prefix, None, file_bytes)
        make_folder(folder)
        fixed = {"software": software, "format": "WARC File Format 1.1", "conformsTo": _STANDARD}
        fixed |= {"robots": robots, "description": NOT_EXACT}
        return cls(folder, prefix, {**(settings or {}), **fixed}, file_bytes)

    def __enter__(self) -> "Evidence":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Make durable what is kept, and let go of the file; keeping may go on in a new one."""
        with self._letting_go:
            file, self._file = self._file, None
            if file is None:
                return
            try:
                if self._failure is None:
                    with self._failing_for_good():
                        file.sync()
            finally:
                file.close()

    # Writing

    def append(self, exchange: Exchange, *, same_as: RevisitTarget | None = None) -> RecordLocation:
        """Hand the exchange to the operating system, and say where; durable only after `sync`.

        same_as: an earlier capture of the same body, or, for a 304, of the page that still
            holds. The head alone is then kept. The caller decides; another body is refused.
        Raises ValueError for what no record can hold truly, EvidenceFailed when the disk refuses.
        """
        if len(exchange.body) > LARGEST_BYTES - _HEADS_BYTES:
            raise ValueError(f"{exchange.url}: {len(exchange.body)} bytes are more than is ever read again")
        if same_as is not None and exchange.status != 304:
            digest = same_as.payload_digest
            if digest is None or not has_digest(exchange.body, digest):
                raise ValueError(f"{exchange.url}: the body is not that of {same_as.url}, {same_as.captured_at}")
        with self._failing_for_good():
            return self._file_for(len(exchange.body) + _HEADS_BYTES).append(exchange, same_as)

    def sync(self) -> None:
        """Make durable all that is kept by now; another thread may keep meanwhile.

        Raises EvidenceFailed; from then on all is refused.

        After a failed fsync Linux may take the lost pages for clean, and the next fsync
        succeed: Rebello and others, Can Applications Recover from fsync Failures, USENIX ATC 2020.
        """
        with self._letting_go, self._failing_for_good():
            if self._file is not None:
                self._file.sync()

    def _file_for(self, needed_bytes: int) -> EvidenceFile:
        if self._file and self._file.size and self._file.size + needed_bytes > self._file_bytes:
            self.close()
        if self._file is None:
            last = max(self._numbers().values(), default=0)
            name = f"{self._prefix}-{datetime.now(UTC):%Y%m%dT%H%MZ}-{last + 1:05}.warc.gz"
            self._file = EvidenceFile(self._folder / name, self._about or {})
        return self._file

    @contextmanager
    def _failing_for_good(self) -> Iterator[None]:
        if self._about is None:
            raise EvidenceFailed(f"{self._folder} is open for reading only")
        if self._failure is not None:
            raise EvidenceFailed(self._why()) from self._failure
        try:
            yield
        except OSError as error:
            self._failure = error
            raise EvidenceFailed(self._why()) from error

    def _why(self) -> str:
        why = self._failure and self._failure.strerror
        return f"{self._folder}: {why}: nothing more is kept; the next start recovers what is whole"

    # Reading

    def files(self) -> list[str]:
        """The names of the files with this prefix, oldest first."""
        numbers = self._numbers()
        return sorted(numbers, key=lambda name: (numbers[name], name))

    def _numbers(self) -> dict[str, int]:
        there = self._folder.iterdir() if self._folder.is_dir() else ()
        matched = [found for path in there if (found := self._names.fullmatch(path.name))]
        return {compact_format.as_written(found[0]): int(found[1]) for found in matched}

    def read(self, place: RecordLocation) -> Exchange:
        """The exchange at a place, its digests checked; a revisit with the body it refers to.

        Raises RecordUnreadable.
        """
        return self._read(place, _HOPS)

    def verify(self, place: RecordLocation, digest: str) -> None:
        """Raises DigestMismatch or RecordUnreadable unless the body at the place has the digest.

        digest: `sha256:` or `sha1:`, and hex, base32 or base64.
        """
        if not has_digest(self.read(place).body, digest):
            raise DigestMismatch(f"{place.file}, byte {place.offset}: the body does not have the digest {digest}")

    def records(self, file: str, report: OnDamage = log_damage) -> Iterator[tuple[RecordLocation, Exchange]]:
        """Every exchange of a file, in the order kept; what cannot be read goes to `report`."""
        yield from exchanges(compact_format.pieces(path_in(self._folder, file), report), file, report, self._original)

    def sizes(self) -> dict[str, int]:
        """The bytes of each file, oldest first."""
        return {name: compact_format.size(path_in(self._folder, name)) for name in self.files()}

    def recover(
        self, known: Mapping[str, int], report: OnDamage = log_damage, done: Mapping[str, int] | None = None
    ) -> Iterator[tuple[RecordLocation, Exchange]]:
        """Bring the files in line with the database: run to its end before the first `keep`.

        known: the end of the last record that the database has of each file. done: the byte before which
            every record is dealt with; of a file that is not named, that end, or the beginning. Yields the
            whole records behind it, already durable, some of them with a row; a torn tail is cut off.
        Raises EvidenceShort before anything is changed, EvidenceFailed when the disk refuses.
        """
        there = self.sizes()
        for name, end in known.items():
            if self._names.fullmatch(name) and there.get(name, 0) < end:
                raise EvidenceShort(
                    f"{path_in(self._folder, name)} has {there.get(name, 0)} bytes, and the database knows {end}: "
                    "bring the file back from a copy"
                )
        for name, size in there.items():
            end = known.get(name, 0)
            start = (done or {}).get(name, end)
            if size > start:
                found = TailScan(path_in(self._folder, name), name, start, max(start, end))
                yield from found.records(report, self._original, self._failing_for_good)

    def _read(self, place: RecordLocation, hops: int) -> Exchange:
        problems: list[Damage] = []
        path = path_in(self._folder, place.file)
        theirs = Path(place.file).is_absolute()  # left where another program wrote it
        try:
            found = [_record(path, place.offset, theirs=theirs)]
            with suppress(BadRecord):  # the request; the answer stands without it
                found.append(_record(path, place.offset + found[0].length, theirs=theirs))
        except (BadRecord, OSError) as error:
            raise RecordUnreadable(f"{path}, byte {place.offset}: {error}") from error
        told = exchanges(found, place.file, problems.append, lambda earlier: self._original(earlier, hops))
        at, exchange = next(told, (None, None))
        if exchange is None or at is None or at.offset != place.offset or place.length not in {0, at.length}:
            what = problems[0].what if problems else f"no answer of {place.length} bytes begins there"
            raise RecordUnreadable(f"{path}, byte {place.offset}: {what}")
        foreign = theirs and (exchange.info_id is None or exchange.info_id != own_info_id(path))
        return replace(exchange, source=IMPORTED) if foreign else exchange

    def _original(self, earlier: RevisitTarget, hops: int = _HOPS) -> Exchange | None:
        if earlier.location is not None and hops:
            with suppress(RecordUnreadable):
                found = self._read(earlier.location, hops - 1)
                if not earlier.payload_digest or has_digest(found.body, earlier.payload_digest):
                    return found
        return None


def _record(path: Path, offset: int, *, theirs: bool) -> RawRecord:
    """The record that begins at an offset; theirs: read as leniently as it was found. Raises Broken, OSError."""
    try:
        return compact_format.record_at(path, offset)
    except BadRecord:
        found = next(raw_records(path, lambda _: None, start=offset, end=offset + 1), None) if theirs else None
        if found is None:
            raise
        return found
