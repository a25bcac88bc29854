"""`postscraper datasette`: files by which Datasette shows the archive."""

from pathlib import Path
from shutil import copyfile

import click

from postscraper.cli import files, options
from postscraper.cli.output import line, print_json
from storage.archive import Archive
from storage.database.engine import DATABASE
from storage.database.packed import is_pack
from storage.query.datasette import METADATA, PLUGINS, write


@click.command("datasette")
@click.option("--out", type=files.FOLDER, metavar="DIR", help="Where; the archive's folder `datasette`.")
@options.json
@options.readable
def datasette_command(out: Path | None, json_wanted: bool, archive: Path) -> None:
    """Write metadata and a search for Datasette, and print the command that starts it.

    Titles and descriptions of all tables and columns, facets, questions ready to ask, and search boxes that
    find English and Khmer. The database of a pack is copied out of it, too, by default into a folder beside it.
    Datasette is the extra `datasette`, and must run in this environment.

    \b
    Example:
      postscraper datasette
    """
    with Archive.open(archive, readonly=True) as opened:
        in_pack = is_pack(archive)
        out = out or (archive.with_suffix(".datasette") if in_pack else archive / "datasette")
        written = write(out)
        if in_pack:
            copyfile(opened.folder / DATABASE, out / DATABASE)
            written.append(out / DATABASE)
    database = out / DATABASE if in_pack else archive / DATABASE
    command = ["datasette", str(database), "--metadata", str(out / METADATA)]
    command += ["--plugins-dir", str(out / PLUGINS)]
    if json_wanted:
        print_json({"files": [str(file) for file in written], "command": command})
    else:
        line(" ".join(command))
