"""`postscraper cite`: a story as a reference, with its capture."""

import re
from typing import cast

import click

from postscraper.cli import options
from postscraper.cli.output import line, print_json
from postscraper.cli.stories import find_row
from postscraper.errors import BadRequest
from postscraper.urls import newspaper_title
from storage.archive import Archive
from storage.query.citation import Names, citation
from storage.query.citation_styles import NAMES, STYLES, cited

_ARCHIVE_ID = re.compile(r"[\w.-]+", re.ASCII)


@click.command("cite")
@click.argument("story", metavar="URL|ID")
@click.option("--revision", type=options.Number(min=1), metavar="N", help="This revision. Default: the newest.")
@click.option("--style", type=click.Choice(list(STYLES)), default="apa", show_default=True)
@click.option(
    "--names",
    type=click.Choice(NAMES),
    default="printed",
    show_default=True,
    help="The order of its authors' names, which no page tells; Khmer names have the family name first.",
)
@click.option(
    "--archive-id",
    default="postscraper",
    show_default=True,
    envvar="POSTSCRAPER_ARCHIVE_ID",
    show_envvar=True,
    metavar="NAME",
    help="What your archive is called in a PWID, as its domain.",
)
@options.json
@options.reading
def cite_command(
    story: str, revision: int | None, style: str, names: str, archive_id: str, json_wanted: bool, archive: Archive
) -> None:
    """Print a story as a reference: with the time of its capture, the digest of its bytes, and a
    persistent web identifier (PWID).

    Headline and names stand as printed. A wire service or the printed byline is the author where no
    person is. --json prints CSL-JSON, whatever the style.

    \b
    Example:
      postscraper cite https://www.phnompenhpost.com/national/river-clinic-opens-koh-thom --style chicago
    """
    if not _ARCHIVE_ID.fullmatch(archive_id):
        raise BadRequest(
            f"--archive-id: {archive_id!r} is no domain or name: letters, digits, dots and hyphens make one"
        )
    row = find_row(archive, story)
    title = newspaper_title(row.canonical_url)
    order = cast(Names, names)
    reference = archive.ask(citation, row.id, revision, newspaper=title, archive_id=archive_id, names=order)
    if json_wanted:
        print_json([reference.item])
        return
    for each in cited(reference, style).splitlines():
        line(each)
