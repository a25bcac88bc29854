"""`postscraper datasette`: files by which Datasette shows the archive."""

from pathlib import Path

import click

from postscraper.cli import options
from postscraper.cli.output import line, print_json
from storage.archive import Archive
from storage.database.engine import DATABASE
from storage.query.datasette import METADATA, PLUGINS, write


@click.command("datasette")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Where; the archive's folder `datasette`.")
@options.json
@options.archive
def datasette_command(out: Path | None, json_wanted: bool, archive: Path) -> None:
    """Write metadata and a search for Datasette, and print the command that starts it.

    Titles and descriptions of all tables and columns, facets, questions ready to ask, and search boxes that
    find English and Khmer. Datasette is the extra `datasette`, and must run in this environment.

    \b
    Example:
      postscraper datasette --archive archive
    """
    Archive.open(archive, readonly=True).close()
    out = out or archive / "datasette"
    files = write(out)
    command = ["datasette", str(archive / DATABASE), "--metadata", str(out / METADATA)]
    command += ["--plugins-dir", str(out / PLUGINS)]
    if json_wanted:
        print_json({"files": [str(file) for file in files], "command": command})
    else:
        line(" ".join(command))
