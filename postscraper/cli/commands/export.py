"""`postscraper export`: the newest wording of every story, for other programs."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

import click

from postscraper.cli import options
from postscraper.cli.output import counted, line
from storage.archive import Archive
from storage.query.export.export import write_csv, write_jsonl

FORMATS = {"jsonl": write_jsonl, "csv": write_csv}


@click.command("export")
@click.option("--format", "form", type=click.Choice(list(FORMATS)), required=True)
@options.published
@click.option("-o", "--output", type=click.Path(path_type=Path), help="A file instead of standard output.")
@options.reading
def export_command(form: str, since: date | None, until: date | None, output: Path | None, archive: Archive) -> None:
    """Write a line for every story: its newest revision, under the names of the item.

    A file is written whole or not at all. A spreadsheet takes a text that begins with =, +, - or @ for a
    formula: import the CSV with every column as text.

    \b
    Example:
      postscraper export --format csv --since 2018-01-01 -o stories.csv
    """
    with _text(output) as out:
        count = FORMATS[form](archive.stories(since=since, until=until), out)
    if output is not None:
        line(f"{output}: {counted(count, 'story', 'stories')}")


@contextmanager
def _text(output: Path | None) -> Iterator[TextIO]:
    """A stream of UTF-8 that leaves line ends as they are; a file gets its name when it is whole."""
    if output is None:
        out = TextIOWrapper(sys.stdout.buffer, "utf-8", newline="")
        try:
            yield out
            out.flush()
        finally:
            out.detach()
        return
    if output.exists() and not output.is_file():  # a pipe or a device, which cannot be replaced
        with output.open("w", encoding="utf-8", newline="") as out:
            yield out
        return
    part = output.with_name(output.name + ".part")
    try:
        with part.open("w", encoding="utf-8", newline="") as out:
            yield out
        part.replace(output)
    finally:
        part.unlink(missing_ok=True)
