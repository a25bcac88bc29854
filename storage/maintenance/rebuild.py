"""Rebuild of the whole database from the evidence.

The evidence restores captures, readings, stories, revisions, pictures, sightings, the search index, and the links in
the ledger. The rest is copied from the old database, if it can be read: from the ledger the addresses that people
requested, robots.txt rules, failed tries, leases and due times; how far files were replayed; the holdings of other
archives; and the stored readings of captures whose bytes are lost. See storage/maintenance/carry_over.py.

The new database is built in a folder of its own. The old one is not changed until the new one is complete and durable;
the swap is one rename. After a kill the rebuild starts again.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from heapq import merge
from itertools import chain, islice
from pathlib import Path
from shutil import copy2, rmtree
from typing import Any

from storage.archive import Archive
from storage.database.engine import DATABASE, raw_connection
from storage.errors import ArchiveError, Damaged, EarlierVersion, Locked, NotAnArchive
from storage.evidence.compact_format import prefixes
from storage.evidence.store import FOLDER, Evidence
from storage.files import sync_folder
from storage.ingest.reprocess import Reader
from storage.maintenance import carry_over
from storage.maintenance.pictures import measure
from storage.maintenance.withdrawal.tombstones import carry
from storage.warc.exchange import Damage

BATCH = 200  # pages a transaction
KEPT = f"{DATABASE}.before-rebuild"
_NEW_FOLDER = "archive.rebuilding"
_LOGS = ("-wal", "-shm")
_TABLES = ("story", "revision", "capture", "sighting", "ledger")


@dataclass(slots=True)
class Rebuilt:
    """Result of a rebuild.

    pages: responses read. beside: responses that get no row, such as robots.txt. damage: of the evidence.
    before, after: rows of each table; before is None when there was no old database, or it could not be read.
    kept: path of the old database, if it was kept. linked: captures read again from files outside the archive.
    captures, addresses: copied from the old database.
    """

    pages: int = 0
    beside: int = 0
    damage: list[Damage] = field(default_factory=list)
    before: dict[str, int] | None = None
    after: dict[str, int] = field(default_factory=dict)
    linked: int = 0
    captures: int = 0
    addresses: int = 0
    kept: Path | None = None


def rebuild(
    archive: Path, reader: Reader, on_progress: Callable[[int], object] = lambda _: None, *, take_over: bool = True
) -> Rebuilt:
    """Rebuild `archive.db`, under the caller's run lock.

    on_progress: called with the number of pages read.
    take_over: False when the old database is damaged; then nothing is copied from it, and it is kept.
    Raises ArchiveError, EvidenceError; the old database is then unchanged.
    """
    _tidy(archive)
    rebuilt = Rebuilt()
    is_old_whole = take_over and _is_readable(archive)
    new_folder = archive / _NEW_FOLDER
    with Archive.open(new_folder, evidence=archive / FOLDER) as new:
        carry(archive, new, datetime.now(UTC))
        answers = _answers(archive, reader, rebuilt)
        while batch := list(islice(answers, BATCH)):
            new.add_many(chain.from_iterable(batch))
            on_progress(rebuilt.pages)
        is_old_whole = is_old_whole and _copy_rest(archive, new, reader, rebuilt)
        measure(new)
    rebuilt.after = counts(new_folder / DATABASE)
    _make_durable(new_folder / DATABASE)
    rebuilt.kept = _swap(archive, new_folder, is_old_whole=is_old_whole)
    return rebuilt


def _answers(archive: Path, reader: Reader, rebuilt: Rebuilt) -> Iterator[list[tuple[Any, Any]]]:
    evidence = Evidence.open(archive / FOLDER)
    for name in _files(archive / FOLDER):
        for location, exchange in evidence.records(name, rebuilt.damage.append):
            if reader.is_page(exchange, location):
                rebuilt.pages += 1
                yield reader.read(exchange, location)
            else:
                rebuilt.beside += 1


def _files(folder: Path) -> list[str]:
    """Evidence files of all newspapers, PAPER-TIME-NUMBER.warc.gz, in the order in which runs wrote them."""
    by_paper = [Evidence.open(folder, prefix=prefix).files() for prefix in prefixes(folder)]
    return list(merge(*by_paper, key=lambda name: name.split("-")[-2]))


def _copy_rest(archive: Path, new: Archive, reader: Reader, rebuilt: Rebuilt) -> bool:
    """Copy the data that only the old database has; returns False when it turns out to be damaged."""
    try:
        rebuilt.before = counts(archive / DATABASE)
        rebuilt.linked, rebuilt.captures = carry_over.captures(archive, new, reader)
        rebuilt.addresses = carry_over.addresses(archive / DATABASE, new.folder / DATABASE)
    except (Damaged, NotAnArchive):
        return False
    return True


def _is_readable(archive: Path) -> bool:
    """False also for a database of an earlier version, which is kept. Raises WrongVersion for a later version."""
    try:
        Archive.open(archive, readonly=True).close()
    except (NotAnArchive, Damaged, EarlierVersion):
        return False
    return True


def counts(database: Path) -> dict[str, int]:
    """Number of rows of each table that a report includes."""
    with raw_connection(database) as connection:
        return {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in _TABLES}


def _make_durable(database: Path) -> None:
    """Move the log into the database file, and the file onto the disk."""
    with raw_connection(database, mode="rw") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    with database.open("rb") as stream:
        os.fsync(stream.fileno())
    sync_folder(database.parent)


def _swap(archive: Path, new_folder: Path, *, is_old_whole: bool) -> Path | None:
    """Replace the old database with the new one. Returns the path of the old one if it is kept."""
    database, old = archive / DATABASE, archive / KEPT
    has_old = database.exists()
    if has_old:
        if is_old_whole:
            _fold_log(database)
        # A second name, so that `archive.db` is a whole database at every moment.
        try:
            os.link(database, old)
        except OSError:  # a file system without hard links
            copy2(database, old)
        for log in _LOGS:  # of a database that SQLite cannot open; the new one must not use them
            if (archive / f"{DATABASE}{log}").exists():
                (archive / f"{DATABASE}{log}").replace(archive / f"{KEPT}{log}")
        sync_folder(archive)
    (new_folder / DATABASE).replace(database)
    sync_folder(archive)
    rmtree(new_folder)
    if has_old and not is_old_whole:
        return _set_aside(old)
    old.unlink(missing_ok=True)
    return None


def _fold_log(database: Path) -> None:
    """Move the write-ahead log into the database and remove it; only possible when no program has it open.

    SQLite would apply an old log to the new database.
    """
    try:
        with raw_connection(database, mode="rw") as connection:
            connection.execute("PRAGMA journal_mode = DELETE").fetchone()
    except Locked as error:
        what = "another program has it open; end it and run `postscraper rebuild` again"
        raise Locked(f"{database} was built anew and cannot be exchanged: {what}") from error


def _set_aside(old: Path) -> Path:
    """Rename an unreadable database so that no later run uses its name."""
    number = 1
    while (aside := old.with_name(f"{DATABASE}.damaged-{number}")).exists():
        number += 1
    for log in ("", *_LOGS):
        if (part := old.with_name(old.name + log)).exists():
            part.replace(aside.with_name(aside.name + log))
    return aside


def _tidy(archive: Path) -> None:
    """Remove the remains of a killed run: a half-built database, or the second name of the old one."""
    rmtree(archive / _NEW_FOLDER, ignore_errors=True)
    old = archive / KEPT
    if not old.exists():
        return
    if not (archive / DATABASE).exists():
        old.replace(archive / DATABASE)
    elif old.samefile(archive / DATABASE) or _opens(old):
        old.unlink()
    else:
        _set_aside(old)


def _opens(database: Path) -> bool:
    try:
        counts(database)
    except ArchiveError:
        return False
    return True
