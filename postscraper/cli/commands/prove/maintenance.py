"""`postscraper rebuild`, `compact`, `backup` and `upgrade`."""

from dataclasses import asdict
from itertools import count
from pathlib import Path

import click

from postscraper.cli import files, options
from postscraper.cli.output import counted, line, one_line, print_json
from postscraper.cli.progress import kept_pages, progress
from postscraper.items import plain
from postscraper.run.evidence_reader import EvidenceReader
from storage.archive import Archive
from storage.database.lock import RunLock
from storage.errors import WrongVersion
from storage.evidence.store import FOLDER
from storage.maintenance.backup import backup
from storage.maintenance.compact import compact, undo
from storage.maintenance.rebuild import Rebuilt, rebuild

MOST_DAMAGE = 10  # lines


@click.command("rebuild")
@options.json
@options.archive
def rebuild_command(json_wanted: bool, archive: Path) -> None:
    """Build the database anew from the evidence, and put it in the place of the old one.

    Stories, revisions, captures, sightings and the index of words come from the evidence alone, read by
    today's layouts. Taken over from the old database, when it can be read: what no page contains of the
    addresses (asked for, forbidden, failed, when to look again), and captures whose bytes are not there.

    The old database stands until the new one is whole. A run that was killed can simply be begun again.

    \b
    Example:
      postscraper rebuild
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
    for name, rows in rebuilt.after.items():
        before = "" if rebuilt.before is None else f", before {rebuilt.before[name]:,}"
        line(f"{name:>10}: {rows:,}{before}")
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


@click.command("compact")
@click.option("--undo", "undone", is_flag=True, help="Make compact files plain gzip again.")
@options.json
@options.archive
def compact_command(undone: bool, json_wanted: bool, archive: Path) -> None:
    """Pack evidence files closer, with earlier pages of the same designs as dictionary.

    Each record stays as it is, byte for byte, and is compared before the old file goes. Nothing that
    names a record changes, and `--undo` gives each its old place back. What came compressed from its
    server hardly gets smaller, and its file is left alone.

    \b
    Example:
      postscraper compact
    """
    numbers = count(1)
    with options.locked(archive), progress("file") as meter:
        files = (undo if undone else compact)(archive, lambda _: meter.show(next(numbers)))
    if json_wanted:
        print_json([asdict(file) for file in files])
        return
    for file in files:
        if file.why:
            line(one_line(f"{file.file} is left as it is: {file.why}"))
        else:
            sizes = f"{counted(file.before, 'byte')} before, {file.after:,} now"
            line(f"{file.file}: {counted(file.records, 'record')}, {sizes}")
    if not files:
        line("There is no file to be made otherwise.")


@click.command("backup")
@click.argument("folder", metavar="DIR", type=files.FOLDER)
@options.json
@options.archive
def backup_command(folder: Path, json_wanted: bool, archive: Path) -> None:
    """Copy the archive into DIR, which must be new or empty and outside of it; a crawl may go on meanwhile.

    The copy is an archive of its own, as it was at one moment, and on the disk when this ends. To go back to it,
    copy DIR to the archive's place (`cp -a DIR archive`) and run `postscraper verify`; the next crawl goes on from
    there. Files that `replay --link` left elsewhere are not in it.

    \b
    Example:
      postscraper backup copies/2026-11-22
    """
    with progress("byte") as meter:
        written = backup(archive, folder, lambda done, total: meter.show(done, done / total))
    if json_wanted:
        print_json({"folder": str(folder), "files": [{"file": name, "bytes": size} for name, size in written.items()]})
    else:
        line(f"Copied {counted(len(written), 'file')}, {counted(sum(written.values()), 'byte')}, to {folder}.")


@click.command("upgrade")
@options.archive
def upgrade_command(archive: Path) -> None:
    """Bring an archive to this version of the program; all or nothing.

    \b
    Example:
      postscraper upgrade
    """
    try:
        Archive.open(archive, readonly=True).close()
    except WrongVersion:
        with RunLock(archive):
            Archive.upgrade(archive)
        line(f"The archive in {archive} is upgraded.")
    else:
        line(f"The archive in {archive} has this program's version already.")
