"""A copy of an archive, made while a crawl goes on writing to it."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from errno import ENOTEMPTY
from functools import partial
from pathlib import Path
from urllib.parse import quote

from storage.archive import Archive
from storage.database.engine import DATABASE
from storage.database.lock import in_use
from storage.evidence.compact_format import evidence_files, file_of
from storage.evidence.store import FOLDER
from storage.files import sync_folder
from storage.query.captures import ENDS
from storage.warc.files import raw_record_at
from storage.warc.parser import BadRecord, RequestRecord, parse_record

_CHUNK = 2**20


def backup(
    archive: Path, copy: Path, seen: Callable[[int, int], object] = lambda _done, _total: None
) -> dict[str, int]:
    """Copy an archive into an empty or new folder, durably; the bytes of each file that was written.

    seen: called with the bytes copied by now, and those of the whole archive.

    The database goes first, as it is at one moment; then the evidence, which only grows: all that
    the copied database names. Of files that nobody writes to, everything.
    Raises ArchiveError, OSError; FileExistsError when the folder holds anything.
    """
    Archive.open(archive, readonly=True).close()
    copy.mkdir(parents=True, exist_ok=True)
    if any(copy.iterdir()):
        raise FileExistsError(ENOTEMPTY, "the folder is not empty; name one that is new or empty", str(copy))
    being_written = in_use(archive)
    ends = _copy_database(archive / DATABASE, copy / DATABASE)
    written = {DATABASE: (copy / DATABASE).stat().st_size}
    (copy / FOLDER).mkdir()
    total = written[DATABASE] + sum(
        file_of(archive / FOLDER / name).stat().st_size for name in evidence_files(archive / FOLDER)
    )
    for name in evidence_files(archive / FOLDER):
        path = file_of(archive / FOLDER / name)
        grows = being_written and path.name == name  # a compact file is closed
        end = _end(path, ends.get(name, 0)) if grows else path.stat().st_size
        if end:
            seen_file = partial(_seen, seen, sum(written.values()), total)
            written[f"{FOLDER}/{path.name}"] = _copy(path, copy / FOLDER / path.name, end, seen_file)
    for folder in (copy / FOLDER, copy, copy.parent):
        sync_folder(folder)
    return written


def _copy_database(database: Path, copy: Path) -> dict[str, int]:
    """SQLite's own online copy, in one step: of one moment, whoever writes meanwhile.

    For each evidence file that the copy names, the end of the last record that it does.
    """
    source = f"file:{quote(str(database.absolute()))}?mode=ro"
    with closing(sqlite3.connect(source, uri=True)) as old, closing(sqlite3.connect(copy)) as new:
        old.backup(new)
        ends = dict(new.execute(ENDS))
    with copy.open("rb") as stream:
        os.fsync(stream.fileno())
    return ends


def _end(path: Path, known: int) -> int:
    """The end of the last record that the database names, with the request that stands behind it."""
    if not known:
        return 0
    with path.open("rb") as stream:
        try:
            piece = raw_record_at(stream, known)
            if isinstance(parse_record(piece.raw), RequestRecord):
                return known + piece.length
        except BadRecord:
            pass  # nothing whole follows
    return known


def _seen(seen: Callable[[int, int], object], before: int, total: int, of_file: int) -> None:
    seen(before + of_file, total)


def _copy(source: Path, target: Path, length: int, seen: Callable[[int], object]) -> int:
    left = length
    with source.open("rb") as old, target.open("xb") as new:
        while left and (chunk := old.read(min(left, _CHUNK))):
            left -= new.write(chunk)
            seen(length - left)
        new.flush()
        os.fsync(new.fileno())
    return length - left
