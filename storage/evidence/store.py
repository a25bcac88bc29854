"""The evidence store: every exchange as received, in WARC files that any web archive can read.

    with Evidence.open(folder, writable=True, software="postscraper 1.0") as evidence:
        for location, exchange in evidence.recover(ends):   # ends: file -> end of its last record in the database
            ...                                             # whole records, some of them without a row
        location = evidence.append(exchange)
        evidence.sync()                                     # only now may a row name the location

A file is written by one run only: nothing is ever appended after a truncated record, and the warcinfo record at its
start holds for all of it. One writer for each folder and prefix; see `storage.database.lock`.
"""

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from storage.errors import EvidenceFailed, EvidenceShort, RecordUnreadable
from storage.evidence import compact_format
from storage.files import make_folder, sync_folder
from storage.warc.digests import has_digest
from storage.warc.exchange import IMPORTED, Damage, Exchange, RecordLocation, RevisitTarget
from storage.warc.files import SOFTWARE, OnDamage, exchanges, own_info_id, raw_records
from storage.warc.members import LARGEST_BYTES, RawRecord
from storage.warc.parser import BadRecord, ResponseRecord, parse_record
from storage.warc.writer import NOT_EXACT, new_id, response_and_request, warcinfo

FOLDER = "evidence"
FILE_BYTES = 10**9  # the WARC standard's own recommendation
_HEADS_BYTES = 64 * 2**10  # more than the heads of two records need, and the growth of a body that cannot be compressed
HOPS = 5  # revisits of revisits that are followed
_STANDARD = "https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"


class EvidenceFile:
    """A new WARC file. Methods raise OSError."""

    def __init__(self, path: Path, about: Mapping[str, str]) -> None:
        """about: fields of the warcinfo record, written with the first exchange."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        self._path = path
        self._descriptor = os.open(path, flags, 0o644)
        self._info_id = new_id()
        self._head = warcinfo(path.name, self._info_id, about)
        self._name_is_durable = False
        self.size = 0  # bytes written

    def append(self, exchange: Exchange, same_as: RevisitTarget | None) -> RecordLocation:
        """Write the records of the exchange; return the location of its response."""
        response, request = response_and_request(exchange, same_as=same_as, info_id=self._info_id)
        head = b"" if self.size else self._head
        location = RecordLocation(file=self._path.name, offset=self.size + len(head), length=len(response))
        data = head + response + request
        rest = memoryview(data)
        while rest:  # more than once only on a disk that is nearly full
            rest = rest[os.write(self._descriptor, rest) :]
        self.size += len(data)
        return location

    def sync(self) -> None:
        os.fsync(self._descriptor)
        if not self._name_is_durable:
            sync_folder(self._path.parent)
            sync_folder(self._path.parent.parent)  # the folder itself may be new
            self._name_is_durable = True

    def close(self) -> None:
        """Close the file without a sync."""
        os.close(self._descriptor)


def path_in(folder: Path, file: str) -> Path:
    """The path of an evidence file. file: its name in the folder, or the absolute path of another program's file.

    Raises RecordUnreadable for any other name that leads out of the folder.
    """
    if Path(file).is_absolute() and ".." not in Path(file).parts:
        return Path(file)
    if Path(file).name != file:
        raise RecordUnreadable(f"{file!r} is no file of {folder}")
    return folder / file


def log_damage(damage: Damage) -> None:
    logging.getLogger(__name__).warning("%s", damage)


class Evidence:
    """The WARC files of one folder; created by `open`."""

    def __init__(self, folder: Path, prefix: str, about: Mapping[str, str] | None, file_bytes: int) -> None:
        """about: None for reading only."""
        self.folder, self._prefix, self._about, self._file_bytes = folder, prefix, about, file_bytes
        self._file: EvidenceFile | None = None
        self._closing = Lock()  # a file must not be closed while another thread syncs it
        self._failure: OSError | None = None

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        prefix: str = "",
        writable: bool = False,
        software: str = SOFTWARE,
        robots: str = "obey",
        settings: Mapping[str, str] | None = None,
        file_bytes: int = FILE_BYTES,
    ) -> "Evidence":
        """Open a folder of evidence. Nothing is written before the first `append`.

        prefix: of the names of new files, and of those that `files` lists; "" lists all, and writes evidence-….
        software (with its version), robots, settings: fields of the warcinfo record at the start of each new file.
        file_bytes: largest size of a file.
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
        """Sync and close the file; a later `append` begins a new one."""
        with self._closing:
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
        """Write the exchange; return its location. Durable only after `sync`.

        same_as: an earlier capture of the same body, or, for a 304, of the page that is still current. Only the head is
            then written.
        Raises ValueError for a body that differs from that capture's, or an exchange that no record can represent
        exactly; EvidenceFailed when the write fails.
        """
        if len(exchange.body) > LARGEST_BYTES - _HEADS_BYTES:
            raise ValueError(f"{exchange.url}: {len(exchange.body)} bytes are more than can be read back")
        if same_as is not None and exchange.status != 304:
            digest = same_as.payload_digest
            if digest is None or not has_digest(exchange.body, digest):
                raise ValueError(f"{exchange.url}: the body is not that of {same_as.url}, {same_as.captured_at}")
        with self._failing_for_good():
            return self._file_for(len(exchange.body) + _HEADS_BYTES).append(exchange, same_as)

    def sync(self) -> None:
        """Make all exchanges written so far durable; another thread may append meanwhile.

        Raises EvidenceFailed, and then for every further write: after a failed fsync Linux may mark the lost pages
        clean, so that the next fsync succeeds (Rebello and others, Can Applications Recover from fsync Failures,
        USENIX ATC 2020).
        """
        with self._closing, self._failing_for_good():
            if self._file is not None:
                self._file.sync()

    def _file_for(self, needed_bytes: int) -> EvidenceFile:
        if self._file and self._file.size and self._file.size + needed_bytes > self._file_bytes:
            self.close()
        if self._file is None:
            last = max(self._numbers().values(), default=0)
            name = f"{self._prefix or 'evidence'}-{datetime.now(UTC):%Y%m%dT%H%MZ}-{last + 1:05}.warc.gz"
            self._file = EvidenceFile(self.folder / name, self._about or {})
        return self._file

    @contextmanager
    def _failing_for_good(self) -> Iterator[None]:
        if self._about is None:
            raise EvidenceFailed(f"{self.folder} is open for reading only")
        if self._failure is not None:
            raise self._failed(self._failure)
        try:
            yield
        except OSError as error:
            self._failure = error
            raise self._failed(error) from error

    def _failed(self, error: OSError) -> EvidenceFailed:
        return EvidenceFailed(
            f"{self.folder}: {error.strerror}: nothing more is kept; the next start recovers what is whole"
        )

    # Reading

    def files(self) -> list[str]:
        """The names of the files with this prefix, oldest first."""
        numbers = self._numbers()
        return sorted(numbers, key=lambda name: (numbers[name], name))

    def _numbers(self) -> dict[str, int]:
        names = filter(self._has_prefix, compact_format.evidence_files(self.folder))
        return {name: int(name.removesuffix(compact_format.PLAIN).rpartition("-")[2]) for name in names}

    def _has_prefix(self, name: str) -> bool:
        prefix = compact_format.prefix_of(name)
        return prefix is not None and self._prefix in ("", prefix)

    def read(self, location: RecordLocation) -> Exchange:
        """The exchange at a location, its digests checked; a revisit with the body to which it refers.

        Raises RecordUnreadable.
        """
        return self._read(location, HOPS)

    def response(self, location: RecordLocation) -> ResponseRecord:
        """The record itself, with its ID; of a revisit without the body. Raises RecordUnreadable."""
        path = path_in(self.folder, location.file)
        try:
            record = parse_record(record_in(path, location.offset, foreign=Path(location.file).is_absolute()).raw)
        except (BadRecord, OSError) as error:
            raise RecordUnreadable(f"{path}, byte {location.offset}: {error}") from error
        if not isinstance(record, ResponseRecord):
            raise RecordUnreadable(f"{path}, byte {location.offset}: no answer begins there")
        return record

    def records(self, file: str, report: OnDamage = log_damage) -> Iterator[tuple[RecordLocation, Exchange]]:
        """Every exchange of a file in file order; damage goes to `report`."""
        yield from exchanges(
            compact_format.raw_records(path_in(self.folder, file), report), file, report, self._original
        )

    def sizes(self) -> dict[str, int]:
        """The bytes of each file, oldest first."""
        return {name: compact_format.size(path_in(self.folder, name)) for name in self.files()}

    def recover(
        self, known: Mapping[str, int], report: OnDamage = log_damage, done: Mapping[str, int] | None = None
    ) -> Iterator[tuple[RecordLocation, Exchange]]:
        """Make the files match the database. Iterate to the end before the first `append`.

        known: for each file the end of its last record in the database.
        done: for each file its safe restart offset; if missing, that end, or 0.
        Yields the complete records from that offset on, already durable, some of them with a row; cuts off a torn tail.
        Raises EvidenceShort before anything is changed, EvidenceFailed when a write fails.
        """
        sizes = self.sizes()
        for name, end in known.items():
            if self._has_prefix(name) and sizes.get(name, 0) < end:
                raise EvidenceShort(
                    f"{path_in(self.folder, name)} has {sizes.get(name, 0)} bytes, and the database knows {end}: "
                    "bring the file back from a copy"
                )
        for name, size in sizes.items():
            end = known.get(name, 0)
            start = (done or {}).get(name, end)
            if size > start:
                yield from self._recovered(name, start, max(start, end), report)

    def _recovered(
        self, name: str, start: int, keep_until: int, report: OnDamage
    ) -> Iterator[tuple[RecordLocation, Exchange]]:
        """Every exchange of a file from `start`, durable; then the truncated tail after `keep_until` is cut off."""
        path = path_in(self.folder, name)
        records = compact_format.raw_records(path, report, start=start)
        if compact_format.is_compact(path):  # never appended to
            yield from exchanges(records, name, report, self._original)
            return

        def measured() -> Iterator[RawRecord]:
            nonlocal keep_until
            for record in records:
                keep_until = max(keep_until, record.offset + record.length)
                yield record

        with path.open("r+b") as stream:
            with self._failing_for_good():
                os.fsync(stream.fileno())
            yield from exchanges(measured(), name, report, self._original)
            if keep_until < stream.seek(0, os.SEEK_END):
                with self._failing_for_good():
                    stream.truncate(keep_until)
                    os.fsync(stream.fileno())

    def _read(self, location: RecordLocation, hops: int) -> Exchange:
        damages: list[Damage] = []
        path = path_in(self.folder, location.file)
        foreign = Path(location.file).is_absolute()  # another program's file, outside the folder
        try:
            records = [record_in(path, location.offset, foreign=foreign)]
            with suppress(BadRecord):  # the request; the response is whole without it
                records.append(record_in(path, location.offset + records[0].length, foreign=foreign))
        except (BadRecord, OSError) as error:
            raise RecordUnreadable(f"{path}, byte {location.offset}: {error}") from error
        read = exchanges(records, location.file, damages.append, lambda target: self._original(target, hops))
        actual, exchange = next(read, (None, None))
        is_there = actual and actual.offset == location.offset and location.length in {0, actual.length}
        if exchange is None or not is_there:
            what = damages[0].what if damages else f"no answer of {location.length} bytes begins there"
            raise RecordUnreadable(f"{path}, byte {location.offset}: {what}")
        imported = foreign and (exchange.info_id is None or exchange.info_id != own_info_id(path))
        return replace(exchange, source=IMPORTED) if imported else exchange

    def _original(self, target: RevisitTarget, hops: int = HOPS) -> Exchange | None:
        if target.location is not None and hops:
            with suppress(RecordUnreadable):
                exchange = self._read(target.location, hops - 1)
                if not target.payload_digest or has_digest(exchange.body, target.payload_digest):
                    return exchange
        return None


def record_in(path: Path, offset: int, *, foreign: bool) -> RawRecord:
    """The record at an offset. foreign: read leniently if need be. Raises BadRecord, OSError."""
    try:
        return compact_format.record_at(path, offset)
    except BadRecord:
        record = next(raw_records(path, lambda _: None, start=offset, end=offset + 1), None) if foreign else None
        if record is None:
            raise
        return record
