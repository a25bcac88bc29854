"""Two checks of an archive: `check` compares it with itself, `verify` reads every page again."""

from collections.abc import Collection, Iterator, Sequence
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
from storage.ingest.reprocess import Reader, by_part, reading_of
from storage.ingest.tombstones import waiting
from storage.maintenance.checks import captures, database
from storage.maintenance.checks.evidence import Compare, EvidenceCheck, same_bytes
from storage.maintenance.checks.findings import BROKEN, Finding, Report, capture_name, first_line, printable
from storage.maintenance.checks.holdings import elsewhere
from storage.maintenance.checks.ledger import ledger
from storage.maintenance.checks.rows import Row, rows, rows_in, snapshot
from storage.maintenance.checks.search_index import counts, words
from storage.maintenance.checks.stories import stories
from storage.query.fixity import Day, compare
from storage.warc.exchange import Exchange, RecordLocation


def check(archive: Path, reader: Reader, *, alone: bool = False) -> tuple[Report, list[RecordLocation]]:
    """The faults that can be found without reading pages, and the locations of records that lack a row.

    alone: the caller holds the run lock, so no other process writes.
    Raises ArchiveError when there is no archive, or one of another version.
    """
    report = Report()
    with _opened(archive, report) as connection:
        if connection is None:
            return report, []
        being_written = not alone and in_use(archive)
        evidence = EvidenceCheck(connection, archive, reader, partial(_bytes, connection), report, being_written)
        _check_whole(connection, evidence, reader, report)
        return report, evidence.unfiled


def verify(
    archive: Path,
    reader: Reader,
    *,
    sample: int | None = None,
    seed: int | None = None,
    against: Sequence[Day] | None = None,
) -> Report:
    """The faults found by reading every capture again and comparing every stored field.

    sample: only so many captures, drawn at random, with their stories; the rest of the evidence, the search index and
    the ledger are left out. against: published days (storage/query/fixity.py), compared with those of the archive.
    Raises ArchiveError as `check` does.
    """
    report = Report()
    with _opened(archive, report) as connection:
        if connection is None:
            return report
        compare: Compare = partial(_reread, connection, reader)
        evidence = EvidenceCheck(connection, archive, reader, compare, report, in_use(archive))
        if sample is None:
            _check_whole(connection, evidence, reader, report)
        else:
            _check_sample(connection, evidence, report, sample, Random(seed))
        if against is not None:
            report.add("fixity", "capture", _days(connection, against, evidence.unread, report))
    return report


@contextmanager
def _opened(archive: Path, report: Report) -> Iterator[Connection | None]:
    """A snapshot of the archive; None, with a finding, when the database cannot be opened."""
    try:
        opened = Archive.open(archive, readonly=True)
    except BROKEN as error:
        is_damaged = isinstance(error, (Damaged, NotAnArchive)) and (archive / DATABASE).is_file()
        if isinstance(error, ArchiveError) and not is_damaged:
            raise
        report.findings.append(Finding(kind="database", where=DATABASE, what=first_line(error)))
        yield None
        return
    with opened, snapshot(opened) as connection:
        yield connection


def _check_whole(connection: Connection, evidence: EvidenceCheck, reader: Reader, report: Report) -> None:
    _check_database(connection, report, quick=False)
    report.add("database", "reading", database.readings(connection))
    report.add("database", "story", _all_stories(connection))
    report.add("database", "story", database.same_words(connection))
    report.add("index", "search_row", counts(connection))
    report.add("index", "the index of words", words(connection))
    report.add("database", "ledger", ledger(connection, reader))
    report.add("elsewhere", "holding", elsewhere(connection, reader))
    report.add("withdrawal", "withdrawn", _unfinished(connection))
    with report.guard("database", "capture"):
        evidence.check_all()
    report.add("database", "capture", _without_evidence(connection, report))


def _days(connection: Connection, against: Sequence[Day], unread: Collection[int], report: Report) -> Iterator[Finding]:
    """Published days whose digest no longer holds; a note for each with added or withdrawn records."""
    for day in compare(connection, against, unread):
        if day.fault is not None:
            first = f", {printable(day.lacking[0])} first" if day.lacking else ""
            yield Finding(kind="fixity", where=day.day, what=f"{day.fault}{first}")
        since = {"added": day.added, "withdrawn": day.withdrawn}
        if changes := ", ".join(f"{count:,} {what}" for what, count in since.items() if count):
            report.notes.append(f"{day.day}: {changes} since its digest was published")


def _check_sample(connection: Connection, evidence: EvidenceCheck, report: Report, sample: int, random: Random) -> None:
    _check_database(connection, report, quick=True)
    ids = [row["id"] for row in rows(connection, "SELECT id FROM capture WHERE evidence_file IS NOT NULL")]
    story_ids: set[int] = set()
    for row in rows_in(connection, "capture", "id", sorted(random.sample(ids, min(sample, len(ids))))):
        evidence.check_one(row)
        story_ids |= {row["story_id"]} - {None}
    for batch in chunks(sorted(story_ids)):
        report.add("database", "story", stories(connection, batch))


def _check_database(connection: Connection, report: Report, *, quick: bool) -> None:
    report.add("database", DATABASE, database.pages(connection, quick=quick))
    report.add("database", DATABASE, database.tables(connection))


def _all_stories(connection: Connection) -> Iterator[Finding]:
    for batch in chunks([row["id"] for row in rows(connection, "SELECT id FROM story ORDER BY id")]):
        yield from stories(connection, batch)


def _unfinished(connection: Connection) -> Iterator[Finding]:
    for row in waiting(connection):
        what = f"{row.story} is withdrawn, and its record still stands"
        yield Finding(kind="withdrawal", where=f"{row.file}, byte {row.offset}", what=what)


def _without_evidence(connection: Connection, report: Report) -> Iterator[Finding]:
    """Count captures without evidence, which cannot be read again; only a file name that is not text is a fault."""
    for row in rows(connection, "SELECT * FROM capture WHERE typeof(evidence_file) <> 'text'"):
        report.counts["without evidence"] += 1
        if row["evidence_file"] is not None:
            what = "names its evidence by no text"
            yield Finding(kind="differs", where=capture_name(row), what=what, fields=("evidence_file",))


def _bytes(
    connection: Connection, named_by: Sequence[Row], location: RecordLocation, exchange: Exchange
) -> Iterator[Finding]:
    yield from same_bytes(named_by, location, exchange)
    yield from captures.payload(connection, named_by[0], exchange)


def _reread(
    connection: Connection, reader: Reader, named_by: Sequence[Row], location: RecordLocation, exchange: Exchange
) -> Iterator[Finding]:
    parts = by_part(reader.read(exchange, location))
    for row in named_by:
        yield from captures.capture(connection, row, prepare(*reading_of(parts, row["part"], reader)))
        yield from captures.payload(connection, row, exchange)
    if any(row["part"] == "" for row in named_by):
        yield from captures.parts_without_row(connection, named_by[0], location, parts)
