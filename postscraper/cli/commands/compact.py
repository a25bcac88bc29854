"""`postscraper compact`: the evidence smaller, and plain gzip again."""

from dataclasses import asdict
from pathlib import Path

import click

from postscraper.cli import options
from postscraper.cli.output import counted, line, one_line, print_json
from postscraper.cli.progress import progress
from storage.archive import Archive
from storage.database.lock import RunLock
from storage.maintenance.compact import Done, compact, undo


@click.command("compact")
@click.option("--undo", "undone", is_flag=True, help="Make compact files plain gzip again.")
@options.json
@options.archive
def command(undone: bool, json_wanted: bool, archive: Path) -> None:
    """Pack evidence files closer, with earlier pages of the same designs as dictionary.

    Each record stays as it is, byte for byte, and is compared before the old file goes. Nothing that
    names a record changes, and `--undo` gives each its old place back. What came compressed from its
    server hardly gets smaller, and its file is left alone.

    \b
    Example:
      postscraper compact --archive archive
    """
    Archive.open(archive, readonly=True).close()  # who mistypes the folder wants no new archive
    with RunLock(archive), progress("file") as meter:
        seen: list[Done] = []

        def note(done: Done) -> None:
            seen.append(done)
            meter.show(len(seen))

        (undo if undone else compact)(archive, note)
    if json_wanted:
        print_json([asdict(done) for done in seen])
        return
    for done in seen:
        _show(done)
    if not seen:
        line("There is no file to be made otherwise.")


def _show(done: Done) -> None:
    if done.why:
        line(one_line(f"{done.file} is left as it is: {done.why}"))
    else:
        line(
            f"{done.file}: {counted(done.records, 'record')}, {counted(done.before, 'byte')} before, {done.after:,} now"
        )
