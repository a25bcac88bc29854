"""`postscraper pack`: a selection as one file that opens anywhere."""

from dataclasses import asdict
from pathlib import Path

import click

from postscraper.cli import files, options
from postscraper.cli.commands.share.export import SOFTWARE
from postscraper.cli.commands.share.selections import selecting, version_of
from postscraper.cli.output import counted, joined, line, note, print_json
from postscraper.cli.progress import progress
from postscraper.errors import BadRequest
from storage.archive import Archive
from storage.maintenance.pack.pack import pack
from storage.query.export.selection import StorySelection


@click.command("pack")
@click.argument("out", type=files.OUTPUT)
@options.json
@options.reading_evidence
@selecting
def pack_command(out: Path, json_wanted: bool, selection: StorySelection, archive: Archive) -> None:
    """Write stories with all that belongs to them into one file, OUT.wacz, that opens anywhere.

    Inside are the captured pages with an index and a list of pages (for ReplayWeb.page and pywb), the SQLite
    database of these stories, a reader page for any browser, checksums, a data sheet and a README. `--archive OUT.wacz`
    lets search, show, stats and the other commands that only read work on it.

    \b
    Example:
      postscraper pack national-2018.wacz --year 2018 --section National
    """
    if out.suffix != ".wacz":
        raise BadRequest(f"{out.name} must end in .wacz, by which other programs know the form")
    with progress("record") as meter:
        packed = pack(
            archive,
            out,
            selection,
            software=SOFTWARE,
            version_of=version_of,
            on_progress=lambda done, _: meter.show(done),
        )
    if json_wanted:
        print_json({"file": str(out)} | asdict(packed))
        return
    for sentence in packed.left_out:
        note(f"left out: {sentence}")
    if not packed.stories:
        note("No story matches the selection.")
    facts = (counted(packed.stories, "story", "stories"), counted(packed.revisions, "revision"))
    line(f"{out}: {joined(*facts, counted(packed.records, 'record'), f'{packed.bytes:,} bytes')}")
