"""`postscraper compact`: compress the evidence further, or undo it."""

from dataclasses import asdict
from itertools import count
from pathlib import Path

import click

from postscraper.cli import options
from postscraper.cli.output import counted, line, one_line, print_json
from postscraper.cli.progress import progress
from storage.maintenance.compact import compact, undo


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
