"""`postscraper search`: stories by their words."""

from datetime import date
from pathlib import Path

import click

from postscraper.console import options
from postscraper.console.terminal import address, colours, joined, line, print_json, safe
from postscraper.items import plain
from storage.archive import Archive
from storage.search import Hit

# Around a word found, until it is known whether it can be printed bold; no newspaper prints these.
_MARKS = ("\ue000", "\ue001")


@click.command("search")
@click.argument("words", nargs=-1, required=True)
@options.since
@options.until
@click.option("--section", help="Only stories of this section, as the paper names it.")
@click.option("--author", help="Only stories with these words in their byline.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="At most so many stories.")
@options.json
@options.archive
def command(
    words: tuple[str, ...],
    since: date | None,
    until: date | None,
    section: str | None,
    author: str | None,
    limit: int,
    json_wanted: bool,
    archive: Path,
) -> None:
    """Find stories in which all the WORDS occur, the best first.

    Words are English or Khmer; a Khmer word is found inside a longer one. "Words in quotes" are a
    phrase, and begin* stands for every word that begins so; the shell wants both in single quotes.

    \b
    Example:
      postscraper search '"rice export*"' price --since 2018-01-01 --section Business
    """
    options.check_span(since, until)
    marks = ("[", "]") if json_wanted else _MARKS
    with Archive.open(archive, readonly=True) as opened:
        hits = opened.search(
            " ".join(words), since=since, until=until, section=section, author=author, limit=limit, marks=marks
        )
    if json_wanted:
        print_json([plain(hit) for hit in hits])
        return
    for hit in hits:
        _print(hit)
    if not hits:
        click.echo("No story holds all these words.", err=True)


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
