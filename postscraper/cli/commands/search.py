"""`postscraper search`: stories by their words."""

import re
from datetime import date
from typing import Any, get_args

import click

from postscraper.cli import options
from postscraper.cli.output import address, colours, counted, joined, line, print_json, safe
from postscraper.errors import BadRequest, closest
from postscraper.items import plain
from storage.archive import Archive
from storage.query import statistics
from storage.query.search.search import MOST_RANKED, Hit, Sort

# Private-use characters around each match, replaced by bold print or brackets; no newspaper prints these.
_MARKS = ("\ue000", "\ue001")


class Words(click.Command):
    """A command whose argument may be `-word`: options of more than a letter begin with two hyphens."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, [f" {arg}" if re.match(r"-[^-]", arg) and arg != "-h" else arg for arg in args])


@click.command("search", cls=Words)
@click.argument("words", nargs=-1, required=True)
@options.published
@click.option("--section", help="Only stories of this section, as the paper names it.")
@click.option("--author", help="Only stories with these words in their byline.")
@click.option(
    "--sort",
    type=click.Choice(get_args(Sort)),
    default="best",
    show_default=True,
    help="By day of publication, or rank.",
)
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="Stories on a page.")
@click.option("--page", type=click.IntRange(1, 1_000_000), default=1, metavar="N", help="The next stories, from 1.")
@options.json
@options.reading
def search_command(
    words: tuple[str, ...],
    since: date | None,
    until: date | None,
    section: str | None,
    author: str | None,
    sort: Sort,
    limit: int,
    page: int,
    json_wanted: bool,
    archive: Archive,
) -> None:
    """Find stories in which all the WORDS occur, the best first.

    Words are English or Khmer; a Khmer word is found inside a longer one. The shell passes these on
    when they stand in single quotes:

    \b
      "rice export"          a phrase
      export*                every word that begins so
      -import                stories without a word
      rice OR corn           one or the other; binds its two neighbours
      NEAR(rice export, 5)   at most five words, in Khmer letter clusters, apart
      (rice export) OR corn  parentheses group

    \b
    Example:
      postscraper search '"rice export*" -import' --since 2018-06 --section Business --sort newest
    """
    marks = ("[", "]") if json_wanted else _MARKS
    query = " ".join(words)
    sections = archive.ask(statistics.sections)
    if section is not None and sections and section.casefold() not in map(str.casefold, sections):
        raise BadRequest(f"no story is of the section {section!r}{closest(section, sections)}")
    limits: dict[str, Any] = {"since": since, "until": until, "section": section, "author": author}
    hits = archive.search(query, **limits, sort=sort, limit=limit, page=page, marks=marks)
    if json_wanted:
        print_json([plain(hit) for hit in hits])
        return
    for hit in hits:
        _print(hit)
    total = archive.count(query, **limits)
    if hits:
        line(_shown(len(hits), total, limit * (page - 1), page, sort))
    else:
        click.echo(_none(total, limit), err=True)


def _shown(count: int, total: int, before: int, page: int, sort: Sort) -> str:
    stories = counted(total, "story", "stories")
    if count == total:
        return stories
    ranked = min(total, MOST_RANKED) if sort == "best" else total
    more = f"--page {page + 1} has more" if before + count < ranked else None
    unranked = f"only the {MOST_RANKED:,} last archived are ranked, --sort newest has all" if ranked < total else None
    place = f"{before + 1:,} to {before + count:,}" if before else f"{count:,}"
    return joined(f"{place} of {stories}", more, unranked)


def _none(total: int, limit: int) -> str:
    if not total:
        return "No story matches these words."
    pages = -(-total // limit)
    return f"There {'is' if pages == 1 else 'are'} {counted(pages, 'page')}, with {counted(total, 'story', 'stories')}."


def _print(hit: Hit) -> None:
    line(hit.headline, bold=True)
    earlier = None if hit.newest else f"found in revision {hit.revision}, which is not the newest"
    line(joined(str(hit.story_id), hit.published_on, hit.section, hit.byline, earlier))
    shown = ("\x1b[1m", "\x1b[22m") if colours() else ("[", "]")
    passage = safe(hit.snippet)
    for mark, printed in zip(_MARKS, shown, strict=True):
        passage = passage.replace(mark, printed)
    click.echo(passage, color=colours())
    line(address(hit.canonical_url))
    line()
