"""`postscraper backup`: copy the archive."""

from pathlib import Path

import click

from postscraper.cli import options
from postscraper.cli.output import counted, line, print_json
from postscraper.cli.progress import progress
from storage.maintenance.backup import backup


@click.command("backup")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@options.json
@options.archive
def command(folder: Path, json_wanted: bool, archive: Path) -> None:
    """Copy the archive into DIR, which must be new or empty; a crawl may go on meanwhile.

    The copy is an archive of its own, as it was at one moment, and on the disk when this ends. To go back to it,
    copy DIR to the archive's place (`cp -a DIR archive`) and run `postscraper verify`; the next crawl goes on from
    there. Files that `replay --link` left elsewhere are not in it.

    \b
    Example:
      postscraper backup /mnt/copies/post-2026-11-22 --archive archive
    """
    with progress("byte") as meter:
        written = backup(archive, folder, lambda done, total: meter.show(done, done / total))
    if json_wanted:
        print_json({"folder": str(folder), "files": [{"file": name, "bytes": size} for name, size in written.items()]})
    else:
        line(f"Copied {counted(len(written), 'file')}, {counted(sum(written.values()), 'byte')}, to {folder}.")
