"""`postscraper check`: compare the archive with itself, and repair it from its evidence."""

from datetime import UTC, datetime
from pathlib import Path

import click

from postscraper.cli import options
from postscraper.cli.exit_codes import UNSOUND
from postscraper.cli.findings import show
from postscraper.run.evidence_reader import EvidenceReader
from storage.archive import Archive
from storage.database.lock import RunLock
from storage.maintenance.check import check
from storage.maintenance.repair import repair


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
def command(ctx: click.Context, repair_wanted: bool, json_wanted: bool, archive: Path) -> None:
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
    show(report, done, json_wanted=json_wanted)
    if not report.sound:
        ctx.exit(UNSOUND)
