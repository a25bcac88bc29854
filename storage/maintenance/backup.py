"""Copy of an archive, possibly while a crawl is writing to it."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from storage.archive import Archive
from storage.database.engine import DATABASE, raw_connection
from storage.database.lock import in_use
from storage.errors import BadFolder
from storage.evidence.compact_format import evidence_files, file_of
from storage.evidence.store import FOLDER
from storage.files import sync_folder
from storage.query.captures import ENDS
from storage.warc.members import raw_record_at
from storage.warc.parser import BadRecord, RequestRecord, parse_record

_CHUNK = 2**20


def backup(
    archive: Path, copy: Path, on_progress: Callable[[int, int], object] = lambda _done, _total: None
) -> dict[str, int]:
    """Copy an archive into an empty or new folder, durably. Returns the size of each copied file in bytes.

    on_progress: called with the bytes copied so far, and those of the whole archive.

    The database is copied first, as one snapshot; then the evidence, to which a crawl only appends: the records that
    the copied database names. Files that no crawl is writing to are copied completely.
    Raises ArchiveError, OSError; BadFolder for a folder that is not empty, or lies in the archive.
    """
    Archive.open(archive, readonly=True).close()
    if copy.resolve().is_relative_to(archive.resolve()):
        raise BadFolder(f"{copy} lies in the archive, of which it would be a part; name a folder outside")
    copy.mkdir(parents=True, exist_ok=True)
    if any(copy.iterdir()):
        raise BadFolder(f"{copy} is not empty; name a folder that is new or empty")
    being_written = in_use(archive)
    ends = _copy_database(archive / DATABASE, copy / DATABASE)
    written = {DATABASE: (copy / DATABASE).stat().st_size}
    (copy / FOLDER).mkdir()
    files = {name: file_of(archive / FOLDER / name) for name in evidence_files(archive / FOLDER)}
    total = written[DATABASE] + sum(path.stat().st_size for path in files.values())
    for name, path in files.items():
        may_grow = being_written and path.name == name  # a compact file is closed
        end = _end(path, ends.get(name, 0)) if may_grow else path.stat().st_size
        if end:
            before, target = sum(written.values()), copy / FOLDER / path.name
            for done in _copy(path, target, end):
                on_progress(before + done, total)
            written[f"{FOLDER}/{path.name}"] = target.stat().st_size
    for folder in (copy / FOLDER, copy, copy.parent):
        sync_folder(folder)
    return written


def _copy_database(database: Path, copy: Path) -> dict[str, int]:
    """Copy the database by SQLite's online backup in one step, so that it is one snapshot even during a crawl.

    Returns for each evidence file that the copy names the end of the last record named.
    """
    with raw_connection(database) as old, raw_connection(copy, mode="rwc") as new:
        old.backup(new)
        ends = dict(new.execute(ENDS))
    with copy.open("rb") as stream:
        os.fsync(stream.fileno())
    return ends


def _end(path: Path, end: int) -> int:
    """The end of the request record that follows the last record named by the database; `end` without one."""
    if end:
        with path.open("rb") as stream, suppress(BadRecord):  # of an incomplete record
            following = raw_record_at(stream, end)
            if isinstance(parse_record(following.raw), RequestRecord):
                return end + following.length
    return end


def _copy(source: Path, target: Path, length: int) -> Iterator[int]:
    """Copy the first `length` bytes of a file, durably; yields the bytes copied so far."""
    done = 0
    with source.open("rb") as old, target.open("xb") as new:
        while chunk := old.read(min(length - done, _CHUNK)):
            done += new.write(chunk)
            yield done
        new.flush()
        os.fsync(new.fileno())
