"""`postscraper upgrade`: bring an archive to this version of the program."""

from pathlib import Path

import click

from postscraper.cli import options
from postscraper.cli.output import line
from storage.archive import Archive
from storage.database.lock import RunLock
from storage.errors import WrongVersion


@click.command("upgrade")
@options.archive
def command(archive: Path) -> None:
    """Bring an archive to this version of the program; all or nothing.

    \b
    Example:
      postscraper upgrade --archive archive
    """
    try:
        Archive.open(archive, readonly=True).close()
    except WrongVersion:
        with RunLock(archive):
            Archive.upgrade(archive)
        line(f"The archive in {archive} is upgraded.")
    else:
        line(f"The archive in {archive} has this program's version already.")
