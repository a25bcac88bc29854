"""The two looks at an archive: `check` compares it with itself, `verify` reads every page again."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from random import Random

from sqlalchemy import Connection

from storage.archive import Archive
from storage.database.bulk import chunks
from storage.database.engine import DATABASE
from storage.database.lock import in_use
from storage.errors import ArchiveError, Damaged, NotAnArchive
from storage.ingest.prepare import prepare
from storage.ingest.reprocess import by_part
from storage.ingest.tombstones import waiting
from storage.maintenance.checks import captures, database
from storage.maintenance.checks.evidence import EvidenceCheck, Row, same_bytes
from storage.maintenance.checks.findings import BROKEN, Finding, Reader, Report, capture_name, first_line
from storage.maintenance.checks.holdings import elsewhere
from storage.maintenance.checks.ledger import ledger
from storage.maintenance.checks.rows import rows, rows_in, snapshot
from storage.maintenance.checks.search_index import words
from storage.maintenance.checks.stories import stories
from storage.warc.exchange import Exchange, RecordLocation


def check(archive: Path, reader: Reader, *, alone: bool = False) -> tuple[Report, list[RecordLocation]]:
    """What is wrong with the archive by itself, no page read; and the records that a row should name.

    alone: the caller holds the run lock, so nobody else writes.
    Raises ArchiveError when there is no archive, or one of another version.
    """
    report, unfiled = Report(), list[RecordLocation]()
    with _opened(archive, report) as connection:
        if connection is not None:
            walk = EvidenceCheck(
                connection, archive, reader, partial(_bytes, connection), report, not alone and in_use(archive)
            )
            _whole(connection, walk, reader, report)
            unfiled = walk.unfiled
    return report, unfiled


def verify(archive: Path, reader: Reader, *, sample: int | None = None, seed: int | None = None) -> Report:
    """What is wrong with the archive: every capture read again, every stored field compared.

    sample: only so many captures, by chance, with their stories; the rest of the evidence, the index
    of words and the ledger are then left out. Raises ArchiveError as `check` does.
    """
    report = Report()
    with _opened(archive, report) as connection:
        if connection is None:
            return report
        walk = EvidenceCheck(connection, archive, reader, partial(_reread, connection, reader), report, in_use(archive))
        if sample is None:
            _whole(connection, walk, reader, report)
        else:
            _some(connection, walk, report, sample, Random(seed))
    return report


@contextmanager
def _opened(archive: Path, report: Report) -> Iterator[Connection | None]:
    """A view of the archive; None, and a finding, when the database cannot even be opened."""
    try:
        opened = Archive.open(archive, readonly=True)
    except BROKEN as error:
        there = (archive / DATABASE).is_file()
        if isinstance(error, ArchiveError) and not (there and isinstance(error, (Damaged, NotAnArchive))):
            raise
        report.findings.append(Finding(kind="database", where=DATABASE, what=first_line(error)))
        yield None
        return
    with opened, snapshot(opened) as connection:
        yield connection


def _whole(connection: Connection, walk: EvidenceCheck, reader: Reader, report: Report) -> None:
    _database(connection, report, quick=False)
    report.take("database", "reading", database.readings(connection))
    report.take("database", "story", _all_stories(connection))
    report.take("database", "story", database.same_words(connection))
    report.take("index", "the index of words", words(connection))
    report.take("database", "ledger", ledger(connection, reader))
    report.take("elsewhere", "holding", elsewhere(connection, reader))
    report.take("withdrawal", "withdrawn", _unfinished(connection))
    with report.guard("database", "capture"):
        walk.all()
    report.take("database", "capture", _without_evidence(connection, report))


def _some(connection: Connection, walk: EvidenceCheck, report: Report, sample: int, random: Random) -> None:
    _database(connection, report, quick=True)
    ids = [row["id"] for row in rows(connection, "SELECT id FROM capture WHERE evidence_file IS NOT NULL")]
    chosen = sorted(random.sample(ids, min(sample, len(ids))))
    told: set[int] = set()
    for some in chunks(chosen):
        for row in rows_in(connection, "capture", "id", some):
            walk.one(row)
            told |= {row["story_id"]} - {None}
    for some in chunks(sorted(told)):
        report.take("database", "story", stories(connection, some))


def _database(connection: Connection, report: Report, *, quick: bool) -> None:
    report.take("database", DATABASE, database.pages(connection, quick=quick))
    report.take("database", DATABASE, database.tables(connection))


def _all_stories(connection: Connection) -> Iterator[Finding]:
    ids = [row["id"] for row in rows(connection, "SELECT id FROM story ORDER BY id")]
    for some in chunks(ids):
        yield from stories(connection, some)


def _unfinished(connection: Connection) -> Iterator[Finding]:
    for row in waiting(connection):
        what = "is withdrawn, and its record still stands"
        yield Finding(kind="withdrawal", where=f"{row.file}, byte {row.offset}", what=f"{row.story} {what}")


def _without_evidence(connection: Connection, report: Report) -> Iterator[Finding]:
    """Captures that name no file: their pages cannot be read again. It is no fault, but counted."""
    for row in rows(connection, "SELECT * FROM capture WHERE typeof(evidence_file) <> 'text'"):
        report.counts["without evidence"] += 1
        if row["evidence_file"] is not None:
            what = "names its evidence by no text"
            yield Finding(kind="differs", where=capture_name(row), what=what, fields=("evidence_file",))


def _bytes(
    connection: Connection, named_by: Sequence[Row], place: RecordLocation, exchange: Exchange
) -> Iterator[Finding]:
    yield from same_bytes(named_by, place, exchange)
    yield from captures.payload(connection, named_by[0], exchange)


def _reread(
    connection: Connection, reader: Reader, named_by: Sequence[Row], place: RecordLocation, exchange: Exchange
) -> Iterator[Finding]:
    found = by_part(reader.read(exchange, place))
    for row in named_by:
        item, visit = found.get(row["part"]) or (reader.without(found[""][0], row["part"]), None)
        yield from captures.capture(connection, row, prepare(item, visit))
        yield from captures.payload(connection, row, exchange)
    if any(row["part"] == "" for row in named_by):
        yield from captures.parts_without_row(connection, named_by[0], place, found)
