"""`postscraper quote`: a sentence in all wordings and teasers, and whether it still stands."""

import click

from postscraper.cli import options
from postscraper.cli.output import address, colours, counted, joined, line, marked, minute, note, print_json
from postscraper.items import plain
from storage.archive import Archive
from storage.query.search.quote import MOST_QUOTED, Form, Quoted, quote


@click.command("quote")
@click.argument("sentence", nargs=-1, required=True)
@options.reading
@click.option("--exact", "exact_only", is_flag=True, help="Leave out nearly equal forms.")
@click.option(
    "--limit", type=options.Number(1, MOST_QUOTED), default=100, show_default=True, help="At most so many stories."
)
@options.json
def quote_command(sentence: tuple[str, ...], exact_only: bool, limit: int, json_wanted: bool, archive: Archive) -> None:
    """Find a SENTENCE in every wording of the stories, in captions and teasers, and whether it still stands.

    Case, accents and punctuation do not count. Nearly equal forms show which words differ from SENTENCE:
    [-only there-]{+only in print+}, or struck out and underlined.

    \b
    Example:
      postscraper quote 'The ferry carried 41 passengers and a pig'
    """
    total, quotations = archive.ask(quote, " ".join(sentence), exact_only=exact_only, limit=limit)
    if len(quotations) < total:
        note(f"The first {len(quotations):,} of {total:,} stories; --limit shows more.")
    if json_wanted:
        print_json([plain(each) for each in quotations])
        return
    for each in quotations:
        _print(each)
    if quotations:
        exact = sum(each.exact for each in quotations)
        line(f"{counted(len(quotations), 'story', 'stories')}, {exact} with the exact words")
    else:
        note("No wording and no teaser has this sentence, or one like it.")


def _print(quoted: Quoted) -> None:
    line(quoted.headline or "in teasers alone; the archive does not hold the story", bold=True)
    line(joined(quoted.story_id, address(quoted.canonical_url), _standing(quoted)))
    for form in quoted.forms:
        kind = "exact" if form.exact else f"{100 * form.similarity:.0f} % alike"
        revisions = f"revision {', '.join(map(str, form.revisions))}" if form.revisions else None
        seen = None if form.seen is None else f"seen {counted(form.seen, 'time')}"
        line("  " + joined(form.place, kind, revisions, seen, _span(form)))
        text = marked(form.differences or (("same", form.text),))
        click.echo(f"    {' '.join(text.split())}", color=colours())
    line()


def _standing(quoted: Quoted) -> str | None:
    if quoted.standing in (None, "stands"):
        return quoted.standing and "still stands"
    return f"{quoted.standing} by {minute(quoted.removed_at)}" if quoted.removed_at else quoted.standing


def _span(form: Form) -> str:
    moments = (form.first_seen_at, form.last_seen_at)
    return " to ".join(dict.fromkeys(map(minute, filter(None, moments))))
