"""`postscraper trend`: how often the paper used words, by year or month."""

import csv
from collections.abc import Iterable, Iterator
from io import StringIO
from pathlib import Path
from shutil import get_terminal_size
from typing import Any, Literal, get_args

import click

from postscraper.cli import files, options
from postscraper.cli.commands.find.plot import Measure, bars, svg
from postscraper.cli.commands.find.search import Words
from postscraper.cli.output import counted, line, note, print_json
from storage.archive import Archive
from storage.query.search.filters import Filters
from storage.query.search.spelling import Spelling
from storage.query.search.trend import Period, Series, Trend, trend


@click.command("trend", cls=Words)
@click.argument("words", nargs=-1, required=True)
@options.reading
@options.filters
@options.spelling
@click.option(
    "--by", type=click.Choice(get_args(Period)), default="year", show_default=True, help="Length of a period."
)
@click.option(
    "--per",
    type=click.Choice(["stories", "words"]),
    help="Plot the share of each period's stories, or stories for each million words of it, instead of their number.",
)
@click.option("--relative", is_flag=True, help="The same as --per stories.")
@click.option("--svg", "drawing", type=files.OUTPUT, metavar="FILE", help="Also draw the plot into this file.")
@click.option("--csv", "numbers", type=files.OUTPUT, metavar="FILE", help="Also write the numbers into this file.")
@options.json
def trend_command(
    words: tuple[str, ...],
    filters: Filters,
    spelling: Spelling,
    by: Period,
    per: Literal["stories", "words"] | None,
    relative: bool,
    drawing: Path | None,
    numbers: Path | None,
    json_wanted: bool,
    archive: Archive,
) -> None:
    """Count the stories with WORDS by year or month, beside all stories of that time.

    Each argument is a search of its own, as of `search`, and they are compared: `trend rice corn` draws two
    lines, `trend 'rice export'` one, of stories with both words. A period in which the archive has no story
    is a gap, and no zero. --per words divides by the words of all these stories, for they were longer in one
    year than in another; a word of Khmer is a letter cluster.

    \b
    Example:
      postscraper trend 'boat*' '"rice bank"' --since 2016 --per stories --svg trend.svg
    """
    if relative and per == "words":
        raise click.UsageError("--relative is --per stories: leave out one of them")
    stdout_taken = files.takes_stdout(drawing, numbers, json_wanted=json_wanted)
    options.check_words(*words)
    measure: Measure = per or ("stories" if relative else "count")
    counts = archive.ask(trend, words, filters, by, spelling, count_words=per == "words")
    if json_wanted:
        print_json(_data(counts))
    elif not stdout_taken:
        _print(counts, measure)
    what, quiet = counted(len(counts.periods), by), json_wanted or stdout_taken
    if drawing is not None:
        files.write(drawing, svg(counts, measure), what, quiet=quiet)
    if numbers is not None:
        files.write(numbers, _as_csv(counts), what, quiet=quiet)


def _print(counts: Trend, measure: Measure) -> None:
    for each in bars(counts, measure, columns=get_terminal_size().columns):
        line(each)
    for series in counts.series:
        if series.undated:
            line(f"{counted(series.undated, 'story', 'stories')} with {series.words} of unknown day: in no period")
        if not series.undated and not any(series.stories):
            note(f"No story matches {series.words.strip()}.")


def _data(counts: Trend) -> dict[str, Any]:
    return {
        "by": counts.by,
        "undated": counts.all_undated,
        "series": [
            {"words": series.words, "undated": series.undated, "periods": list(_rows(counts, series))}
            for series in counts.series
        ],
    }


def _rows(counts: Trend, series: Series) -> Iterator[dict[str, Any]]:
    """A row for each period; words only where they were counted."""
    columns: dict[str, Iterable[Any]] = {
        "period": counts.periods,
        "stories": series.stories,
        "all_stories": counts.all_stories,
        "share": counts.shares(series),
    }
    if counts.all_words is not None:
        columns |= {"all_words": counts.all_words, "per_million_words": counts.per_million_words(series)}
    return (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))


def _as_csv(counts: Trend) -> str:
    """A line for each period of each series; no share where there is no story."""
    out = StringIO(newline="")
    names = ["period", "stories", "all_stories", "share"]
    names += ["all_words", "per_million_words"] if counts.all_words is not None else []
    writer = csv.writer(out)
    writer.writerow(("words", *names))
    for series in counts.series:
        writer.writerows((series.words, *row.values()) for row in _rows(counts, series))
    return out.getvalue()
