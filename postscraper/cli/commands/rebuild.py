"""`postscraper rebuild`: build the whole database anew from the evidence."""

from dataclasses import asdict
from pathlib import Path

import click

from postscraper.cli import options
from postscraper.cli.output import counted, line, one_line, print_json
from postscraper.cli.progress import kept_pages, progress
from postscraper.items import plain
from postscraper.run.evidence_reader import EvidenceReader
from storage.archive import Archive
from storage.database.lock import RunLock
from storage.evidence.store import FOLDER
from storage.maintenance.rebuild import Rebuilt, rebuild

MOST_DAMAGE = 10  # lines


@click.command("rebuild")
@options.json
@options.archive
def command(json_wanted: bool, archive: Path) -> None:
    """Build the database anew from the evidence, and put it in the place of the old one.

    Stories, revisions, captures, sightings and the index of words come from the evidence alone, read by
    today's layouts. Taken over from the old database, when it can be read: what no page contains of the
    addresses (asked for, forbidden, failed, when to look again), and captures whose bytes are not there.

    The old database stands until the new one is whole. A run that was killed can simply be begun again.

    \b
    Example:
      postscraper rebuild --archive archive
    """
    if not (archive / FOLDER).is_dir():
        Archive.check_folder(archive)
    with RunLock(archive), progress("page", total=kept_pages(archive)) as meter:
        rebuilt = rebuild(archive, EvidenceReader(archive), meter.show)
    if json_wanted:
        print_json(plain(asdict(rebuilt) | {"kept": rebuilt.kept and str(rebuilt.kept)}))
    else:
        _show(rebuilt)


def _show(rebuilt: Rebuilt) -> None:
    line(f"Built anew from {counted(rebuilt.pages, 'answer')}; {rebuilt.beside:,} more without a row, as robots.txt.")
    for name, count in rebuilt.after.items():
        before = "" if rebuilt.before is None else f", before {rebuilt.before[name]:,}"
        line(f"{name:>10}: {count:,}{before}")
    if rebuilt.linked:
        line(f"Read from files elsewhere that hold the bytes: {counted(rebuilt.linked, 'capture')}.")
    if rebuilt.addresses:
        addresses = counted(rebuilt.addresses, "address", "addresses")
        line(f"Taken over from the old database, for no page has it: {addresses}.")
    if rebuilt.captures:
        line(f"Taken over as they were read, for their bytes are not there: {counted(rebuilt.captures, 'capture')}.")
    for damage in rebuilt.damage[:MOST_DAMAGE]:
        line(one_line(f"{damage.file}, byte {damage.offset}: {damage.what}"))
    if len(rebuilt.damage) > MOST_DAMAGE:
        line(f"… and {len(rebuilt.damage) - MOST_DAMAGE:,} more; `postscraper check` names them all")
    if rebuilt.kept is not None:
        line(f"The old database is damaged or of an earlier version, and nothing was taken from it: {rebuilt.kept}.")
