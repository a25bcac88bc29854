"""`postscraper check`, `verify`, `fixity`: the archive compared with itself, its pages and its digests."""

from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click

from postscraper.cli import files, options
from postscraper.cli.exit_codes import UNSOUND
from postscraper.cli.output import counted, joined, line, print_json
from postscraper.cli.progress import Meter, kept_pages, progress
from postscraper.errors import BadRequest
from postscraper.items import Item, plain
from postscraper.run.evidence_reader import EvidenceReader
from storage.archive import Archive
from storage.database.lock import RunLock
from storage.ledger.states import Visit
from storage.maintenance.check import check, verify
from storage.maintenance.checks.findings import Report
from storage.maintenance.repair import repair
from storage.query import fixity
from storage.query.fixity import Day
from storage.warc.exchange import Exchange, RecordLocation


@click.command("check")
@click.option(
    "--repair",
    "repair_wanted",
    is_flag=True,
    help="Mend what the evidence can mend; a damaged database is kept beside.",
)
@options.json
@options.archive
@click.pass_context
def check_command(ctx: click.Context, repair_wanted: bool, json_wanted: bool, archive: Path) -> None:
    """Compare the archive with itself: database, index of words, and the bytes of every record.

    Names torn ends of evidence files, records without a row, rows whose record is missing or has
    other bytes, and every fault that SQLite finds. Ends with 0 when the archive is sound, with 15 when
    something is wrong (still, after a repair); the last lines say what to do. No page is read;
    that is what `verify` does.

    \b
    Example:
      postscraper check --repair
    """
    Archive.check_folder(archive)
    if repair_wanted:
        with RunLock(archive):
            done, report = repair(archive, EvidenceReader(archive), datetime.now(UTC))
    else:
        done, report = [], check(archive, EvidenceReader(archive))[0]
    _end(ctx, report, done, json_wanted=json_wanted)


class Counting(EvidenceReader):
    """A page reader that shows how many pages it has read."""

    def __init__(self, archive: Path, meter: Meter) -> None:
        super().__init__(archive)
        self._meter = meter
        self._pages = 0

    def read(self, exchange: Exchange, place: RecordLocation) -> list[tuple[Item, Visit | None]]:
        self._pages += 1
        self._meter.show(self._pages)
        return super().read(exchange, place)


@click.command("verify")
@click.option(
    "--sample", type=options.Number(min=1), metavar="N", help="Only N captures, by chance: quick, and no proof."
)
@click.option(
    "--against",
    type=files.INPUT,
    metavar="FILE",
    help="Compare the days that `postscraper fixity` wrote, too.",
)
@options.json
@options.archive
@click.pass_context
def verify_command(
    ctx: click.Context, sample: int | None, against: Path | None, json_wanted: bool, archive: Path
) -> None:
    """Read every capture again from its evidence and compare all that the archive stores of it.

    A capture is equal, differs (in which fields), or is unreadable. Compared are the digest of its
    bytes, what it was read as, teasers, revisions, pictures, stories, the index of words, and the
    ledger as far as pages contain it. Ends with 0 when all is equal, else with 15.

    With --against FILE each day of a file that `postscraper fixity` wrote is compared: a day that
    lacks records, or holds others, is named. Records that came later, and withdrawn ones, are no fault.

    An archive that another version of this program filled differs where the versions read
    differently.

    \b
    Example:
      postscraper verify --sample 1000
    """
    if against is not None and sample is not None:
        raise click.UsageError("--against compares every record of a day: leave out --sample")
    days = None if against is None else _published(against)
    with progress("page", total=sample or kept_pages(archive)) as meter:
        report = verify(archive, Counting(archive, meter), sample=sample, against=days)
    _end(ctx, report, [], json_wanted=json_wanted)


def _published(file: Path) -> list[Day]:
    """Raises BadRequest, OSError."""
    try:
        return fixity.published(file.read_text("utf-8", "surrogateescape"))
    except ValueError as error:
        raise BadRequest(f"{file}: {error}") from error


@click.command("fixity")
@options.captured
@click.option("--records", "records_wanted", is_flag=True, help="Each day with its records: long, and proves each one.")
@click.option("-o", "--output", type=files.OUTPUT, metavar="FILE", help="Write here, not to the output.")
@options.json
@options.reading
def fixity_command(
    since: date | None,
    until: date | None,
    records_wanted: bool,
    output: Path | None,
    json_wanted: bool,
    archive: Archive,
) -> None:
    """Write one digest for each day of capture (UTC): a small text file to publish, or to have time-stamped.

    `verify --against FILE` shows later which days lack records or hold others. The digests stay the
    same through `compact`, `backup`, `rebuild` and `merge`. docs/proof.md has their construction.

    \b
    Example:
      postscraper fixity --until 2026-10 -o fixity-2026-10.txt
    """
    output = output or files.STDOUT
    if json_wanted and output != files.STDOUT:
        raise click.UsageError("--json prints to standard output: leave out --output")
    days = archive.ask(fixity.days, since, until, records=records_wanted)
    if json_wanted:
        data = plain([{"day": day.day, "count": day.count, "digest": f"sha256:{day.digest}"} for day in days])
        lists = [[{"digest": digest, "line": text} for digest, text in day.records] for day in days]
        print_json([day | {"records": records} for day, records in zip(data, lists, strict=True)])
        return
    counts = f"{counted(len(days), 'day')}, {counted(sum(day.count for day in days), 'record')}"
    files.write(output, "".join(f"{each}\n" for each in fixity.text_of(days)), counts)


def _data(report: Report, done: list[str]) -> dict[str, Any]:
    findings = [
        {
            "kind": finding.kind,
            "where": finding.where,
            "what": finding.what,
            "fields": list(finding.fields),
            "mend": report.mend(finding),
        }
        for finding in report.findings
    ]
    counts = dict(report.counts)
    return {"sound": report.sound, "captures": counts, "findings": findings, "notes": report.notes, "done": done}


def _end(ctx: click.Context, report: Report, done: list[str], *, json_wanted: bool) -> None:
    """Print the report, and end with its exit code."""
    if json_wanted:
        print_json(_data(report, done))
    else:
        _show(report, done)
    if not report.sound:
        ctx.exit(UNSOUND)


def _show(report: Report, done: list[str]) -> None:
    for sentence in done:
        line(f"{sentence}.")
    for finding in report.findings:
        fields = ", ".join(finding.fields)
        line(f"{finding.kind}: {finding.where}: {finding.what}{f' ({fields})' if fields else ''}")
    for mend, count in Counter(map(report.mend, report.findings)).most_common():
        line(f"{counted(count, 'finding')}: {mend}.")
    for note in report.notes:
        line(f"{note}.")
    counts = (f"{count:,} {name}" for name, count in report.counts.most_common())
    line(joined("Captures", *counts) if report.counts else "No captures.")
    if report.sound:
        line("The archive is sound.")
