"""`postscraper verify`: read every capture again from its evidence, and compare each stored field."""

from pathlib import Path

import click

from postscraper.cli import options
from postscraper.cli.exit_codes import UNSOUND
from postscraper.cli.findings import show
from postscraper.cli.progress import Meter, kept_pages, progress
from postscraper.items import Item
from postscraper.run.evidence_reader import EvidenceReader
from storage.ledger.states import Visit
from storage.maintenance.check import verify
from storage.warc.exchange import Exchange, RecordLocation


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
def command(ctx: click.Context, sample: int | None, json_wanted: bool, archive: Path) -> None:
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
    show(report, [], json_wanted=json_wanted)
    if not report.sound:
        ctx.exit(UNSOUND)
