"""`postscraper check` and `verify`: compare the archive with itself, and with its pages read again."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from postscraper.cli import options
from postscraper.cli.exit_codes import UNSOUND
from postscraper.cli.output import counted, joined, line, print_json
from postscraper.cli.progress import Meter, kept_pages, progress
from postscraper.items import Item
from postscraper.run.evidence_reader import EvidenceReader
from storage.archive import Archive
from storage.database.lock import RunLock
from storage.ledger.states import Visit
from storage.maintenance.check import check, verify
from storage.maintenance.checks.findings import Report
from storage.maintenance.repair import repair
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
    "--sample", type=click.IntRange(min=1), metavar="N", help="Only N captures, by chance: quick, and no proof."
)
@options.json
@options.archive
@click.pass_context
def verify_command(ctx: click.Context, sample: int | None, json_wanted: bool, archive: Path) -> None:
    """Read every capture again from its evidence and compare all that the archive stores of it.

    A capture is equal, differs (in which fields), or is unreadable. Compared are the digest of its
    bytes, what it was read as, teasers, revisions, pictures, stories, the index of words, and the
    ledger as far as pages contain it. Ends with 0 when all is equal, else with 15.

    An archive that another version of this program filled differs where the versions read
    differently.

    \b
    Example:
      postscraper verify --sample 1000
    """
    with progress("page", total=sample or kept_pages(archive)) as meter:
        report = verify(archive, Counting(archive, meter), sample=sample)
    _end(ctx, report, [], json_wanted=json_wanted)


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
