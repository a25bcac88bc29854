"""`postscraper search`: stories by their words."""

import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, get_args

import click

from postscraper.cli import options
from postscraper.cli.output import address, colours, counted, joined, line, note, one_line, print_json, safe
from postscraper.items import plain
from postscraper.phrases import MARKS
from storage.archive import Archive
from storage.query.search.facets import Facets, facets
from storage.query.search.filters import Filters
from storage.query.search.search import Hit, Page, Sort, count, ranked, search
from storage.query.search.spelling import Spelling
from storage.query.search.sql import statement

_FACETS = {
    "years": "By year",
    "sections": "By section",
    "authors": "By author",
    "languages": "By language",
    "layouts": "By design",
}


class Words(click.Command):
    """A command whose argument may be `-word`: options of more than a letter begin with two hyphens."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, [f" {arg}" if re.match(r"-[^-]", arg) and arg != "-h" else arg for arg in args])


@click.command("search", cls=Words)
@click.argument("words", nargs=-1, required=True)
@options.reading
@options.filters
@options.spelling
@click.option(
    "--sort",
    type=click.Choice(get_args(Sort)),
    default="best",
    show_default=True,
    help="By day of publication, or rank.",
)
@options.paging
@click.option("--facets", "facets_wanted", is_flag=True, help="Count all hits by year, section, author … instead.")
@click.option("--sql", "sql_wanted", is_flag=True, help="Print the search as SQL for any SQLite program instead.")
@options.json
def search_command(
    words: tuple[str, ...],
    filters: Filters,
    spelling: Spelling,
    sort: Sort,
    limit: int,
    page: int,
    facets_wanted: bool,
    sql_wanted: bool,
    json_wanted: bool,
    archive: Archive,
) -> None:
    """Find stories in which all the WORDS occur, the best first.

    Words are English or Khmer; a Khmer word is found inside a longer one, and ២០១៨ is 2018. The shell
    passes these on when they stand in single quotes:

    \b
      "rice export"          a phrase
      export*                every word that begins so
      -import                stories without a word
      rice OR corn           one or the other; binds its two neighbours
      NEAR(rice export, 5)   at most five words, in Khmer letter clusters, apart
      (rice export) OR corn  parentheses group

    --forms and --variants add spellings by rules that docs/search.md lists, inside phrases, too.

    \b
    Example:
      postscraper search 'boat* -ferry' --since 2018-06 --section National --sort newest
      postscraper search Kompong --variants --facets
    """
    query = " ".join(words)
    options.check_words(query)
    if sql_wanted:
        click.echo(archive.ask(statement, query, filters, spelling))
    elif facets_wanted:
        counts = archive.ask(facets, query, filters, spelling)
        print_json(_data(counts)) if json_wanted else _print_facets(counts)
    else:
        marks = ("[", "]") if json_wanted else MARKS
        chosen = Page(sort=sort, limit=limit, number=page, marks=marks)
        hits = archive.ask(search, query, filters, chosen, spelling)
        if json_wanted:
            print_json([plain(hit) for hit in hits])
        else:
            total = archive.ask(count, query, filters, spelling)
            short = sort == "best" and len(hits) < total
            _print_hits(hits, total, chosen, archive.ask(ranked, query, filters, spelling) if short else total)


def _print_hits(hits: Sequence[Hit], total: int, page: Page, reachable: int) -> None:
    for hit in hits:
        _print(hit)
    if hits:
        line(_shown(len(hits), total, page, reachable))
    else:
        note(_none(total, page.limit, reachable))


def _data(counts: Facets) -> dict[str, Any]:
    """Counts as rows of a table: `years` is `[{"value": 2018, "stories": 3}, …]`."""
    data: dict[str, Any] = asdict(counts)
    rows = {name: [{"value": value, "stories": of} for value, of in data[name].items()] for name in _FACETS}
    return data | rows


def _print_facets(counts: Facets) -> None:
    line(
        joined(
            counted(counts.stories, "story", "stories"),
            f"edited: {counts.edited:,}",
            f"corrected: {counts.corrected:,}",
        )
    )
    for name, title in _FACETS.items():
        values: dict[Any, int] = getattr(counts, name)
        if not values:
            continue
        line()
        line(title, bold=True)
        for value, stories in values.items():
            line(f"{stories:>9,}  {'unknown' if value is None else one_line(str(value))}")
        if name == "authors" and counts.stories_for_authors < counts.stories:
            line(f"{'':>9}  of the {counts.stories_for_authors:,} stories archived last alone")
        if name == "authors" and counts.all_authors > len(values):
            line(f"{'…':>9}  {counted(counts.all_authors - len(values), 'author')} more")


def _shown(count: int, total: int, page: Page, reachable: int) -> str:
    before = page.limit * (page.number - 1)
    stories = counted(total, "story", "stories")
    if count == total:
        return stories
    more = f"--page {page.number + 1} has more" if before + count < reachable else None
    unranked = None
    if reachable < total:
        unranked = f"only the {reachable:,} last archived are ranked, --sort newest has all"
    place = f"{before + 1:,} to {before + count:,}" if before else f"{count:,}"
    return joined(f"{place} of {stories}", more, unranked)


def _none(total: int, limit: int, reachable: int) -> str:
    if not total:
        return "No story matches these words."
    pages = -(-reachable // limit)
    return f"There {'is' if pages == 1 else 'are'} {counted(pages, 'page')}, with {counted(total, 'story', 'stories')}."


def _print(hit: Hit) -> None:
    line(hit.headline, bold=True)
    earlier = None if hit.newest else f"found in revision {hit.revision}, which is not the newest"
    line(joined(str(hit.story_id), hit.published_on, hit.section, hit.byline, earlier))
    shown = ("\x1b[1m", "\x1b[22m") if colours() else ("[", "]")
    passage = safe(hit.snippet)
    for mark, printed in zip(MARKS, shown, strict=True):
        passage = passage.replace(mark, printed)
    click.echo(passage, color=colours())
    line(address(hit.canonical_url))
    line()
