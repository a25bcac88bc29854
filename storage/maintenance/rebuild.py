"""The whole database, built anew from the evidence and put in the place of the old one.

From the evidence: captures, readings, stories, revisions, pictures, sightings, the index of words, and
the ledger as far as pages tell it. From the old database, when it can be read: what no page tells. Of
the ledger that is what people asked for, what robots.txt forbids, failed tries, leases, when to look
again; how far files were replayed; what other archives say they have; and the captures whose bytes are
not to be had, as they were read. See storage/maintenance/carry_over.py.

The new database grows in a folder beside the old one; until it is whole and durable nothing of the old
is touched, and the swap is one rename. A run that was killed is simply begun again.
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
from storage.database.engine import DATABASE
from storage.errors import ArchiveError, Damaged, EarlierVersion, Locked, NotAnArchive
from storage.evidence.compact_format import evidence_files, prefix_of
from storage.evidence.store import FOLDER, Evidence
from storage.files import sync_folder
from storage.maintenance import carry_over
from storage.maintenance.checks.findings import Reader
from storage.maintenance.withdraw import carry
from storage.warc.exchange import Damage

BATCH = 200  # pages in one transaction
KEPT = f"{DATABASE}.before-rebuild"
_BESIDE = "archive.rebuilding"
_LOGS = ("-wal", "-shm")
_TABLES = ("story", "revision", "capture", "sighting", "ledger")


@dataclass(slots=True)
class Rebuilt:
    """What became of a rebuild.

    pages: answers read. beside: answers that get no row, as robots.txt.
    damage: what the evidence does not give back. before: rows of each table; None when the old database
    could not be read, or there was none. kept: where the old one is then.
    linked: captures whose records lie in files elsewhere, named by the old database; read anew, too.
    captures, addresses: taken over from the old database as they stood there.
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
    archive: Path, reader: Reader, told: Callable[[int], object] = lambda _: None, *, take_over: bool = True
) -> Rebuilt:
    """Build `archive.db` anew, under the run lock of the caller; told: hears how many pages are done.

    take_over: False: the old database is known to be damaged; nothing of it is taken, and it is kept.
    Raises ArchiveError, EvidenceError: the old database then stands as it was.
    """
    _tidy(archive)
    rebuilt = Rebuilt()
    old_is_there = take_over and _is_readable(archive)
    beside = archive / _BESIDE
    with Archive.open(beside, evidence=archive / FOLDER) as new:
        carry(archive, new, datetime.now(UTC))
        answers = _answers(archive, reader, rebuilt)
        while batch := list(islice(answers, BATCH)):
            new.add_many(chain.from_iterable(batch))
            told(rebuilt.pages)
        if old_is_there:
            old_is_there = _carried(archive, new, reader, rebuilt)
    rebuilt.after = counts(beside / DATABASE)
    _make_durable(beside / DATABASE)
    rebuilt.kept = _swap(archive, beside, old_is_whole=old_is_there)
    return rebuilt


def _answers(archive: Path, reader: Reader, rebuilt: Rebuilt) -> Iterator[list[tuple[Any, Any]]]:
    evidence = Evidence.open(archive / FOLDER)
    for name in _files(archive / FOLDER):
        for place, exchange in evidence.records(name, rebuilt.damage.append):
            if reader.is_page(exchange, place):
                rebuilt.pages += 1
                yield reader.read(exchange, place)
            else:
                rebuilt.beside += 1


def _files(folder: Path) -> list[str]:
    """The evidence of all newspapers in the order in which runs wrote it: PAPER-TIME-NUMBER.warc.gz."""
    prefixes = sorted({prefix for name in evidence_files(folder) if (prefix := prefix_of(name))})
    by_paper = [Evidence.open(folder, prefix=prefix).files() for prefix in prefixes]
    return list(merge(*by_paper, key=lambda name: name.split("-")[-2]))


def _carried(archive: Path, new: Archive, reader: Reader, rebuilt: Rebuilt) -> bool:
    """Take over what only the old database knows; False when it breaks under the hands."""
    try:
        rebuilt.before = counts(archive / DATABASE)
        rebuilt.linked, rebuilt.captures = carry_over.captures(archive, new, reader)
        rebuilt.addresses = carry_over.addresses(archive / DATABASE, new.folder / DATABASE)
    except (Damaged, NotAnArchive):
        return False
    return True


def _is_readable(archive: Path) -> bool:
    """False, too, for a database of an earlier version, which is kept. Raises WrongVersion for one of a later."""
    try:
        Archive.open(archive, readonly=True).close()
    except (NotAnArchive, Damaged, EarlierVersion):
        return False
    return True


def counts(database: Path) -> dict[str, int]:
    """Rows of the tables that a person reads of."""
    with carry_over.opened(database) as connection:
        return {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in _TABLES}


def _make_durable(database: Path) -> None:
    """All of a database in its one file, on the disk."""
    with carry_over.opened(database, mode="rw") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    with database.open("rb") as stream:
        os.fsync(stream.fileno())
    sync_folder(database.parent)


def _swap(archive: Path, beside: Path, *, old_is_whole: bool) -> Path | None:
    """Give the new database its name; where the old one is, if it is not superfluous."""
    database, kept = archive / DATABASE, archive / KEPT
    there = database.exists()
    if there:
        if old_is_whole:
            _fold_log(database)
        _second_name(database, kept)
        for log in _LOGS:  # of a database that SQLite cannot open; the new one must not find them
            if (archive / f"{DATABASE}{log}").exists():
                (archive / f"{DATABASE}{log}").replace(archive / f"{KEPT}{log}")
        sync_folder(archive)
    (beside / DATABASE).replace(database)
    sync_folder(archive)
    rmtree(beside)
    if there and not old_is_whole:
        return _set_aside(kept)
    kept.unlink(missing_ok=True)
    return None


def _fold_log(database: Path) -> None:
    """Bring the write-ahead log into the database and remove it; only possible when nobody has it open.

    Else the log of the old database would lie beside the new one, and be taken for its own.
    """
    try:
        with carry_over.opened(database, mode="rw") as connection:
            connection.execute("PRAGMA journal_mode = DELETE").fetchone()
    except Locked as error:
        what = "another program has it open; end it and run `postscraper rebuild` again"
        raise Locked(f"{database} was built anew and cannot be exchanged: {what}") from error


def _second_name(database: Path, kept: Path) -> None:
    """So that at every moment one whole database bears the name."""
    try:
        os.link(database, kept)
    except OSError:  # a file system without hard links
        copy2(database, kept)


def _set_aside(kept: Path) -> Path:
    """A name that no later run takes for its own, for a database that could not be read."""
    number = 1
    while (aside := kept.with_name(f"{DATABASE}.damaged-{number}")).exists():
        number += 1
    for log in ("", *_LOGS):
        if (part := kept.with_name(kept.name + log)).exists():
            part.replace(aside.with_name(aside.name + log))
    return aside


def _tidy(archive: Path) -> None:
    """What a killed run left: a database half built, or a second name of one."""
    rmtree(archive / _BESIDE, ignore_errors=True)
    kept = archive / KEPT
    if not kept.exists():
        return
    if not (archive / DATABASE).exists():
        kept.replace(archive / DATABASE)
    elif kept.samefile(archive / DATABASE) or _opens(kept):
        kept.unlink()
    else:
        _set_aside(kept)


def _opens(database: Path) -> bool:
    try:
        counts(database)
    except ArchiveError:
        return False
    return True
