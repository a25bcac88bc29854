"""`postscraper trend`: how often the paper used words, by year or month."""

import csv
from pathlib import Path
from shutil import get_terminal_size
from typing import Any, get_args

import click

from postscraper.cli import options
from postscraper.cli.commands.find.search import Words
from postscraper.cli.output import counted, line, print_json
from postscraper.cli.plot import bars, svg
from storage.archive import Archive
from storage.query.search.filters import Filters
from storage.query.search.spelling import Spelling
from storage.query.search.trend import Period, Trend, trend

_FILE = click.Path(path_type=Path)


@click.command("trend", cls=Words)
@click.argument("words", nargs=-1, required=True)
@options.reading
@options.filters
@options.spelling
@click.option(
    "--by", type=click.Choice(get_args(Period)), default="year", show_default=True, help="Length of a period."
)
@click.option("--relative", is_flag=True, help="Plot the share of each period's stories instead of their number.")
@click.option("--svg", "svg_file", type=_FILE, help="Also draw the plot into this file.")
@click.option("--csv", "csv_file", type=_FILE, help="Also write the numbers into this file.")
@options.json
def trend_command(
    words: tuple[str, ...],
    filters: Filters,
    spelling: Spelling,
    by: Period,
    relative: bool,
    svg_file: Path | None,
    csv_file: Path | None,
    json_wanted: bool,
    archive: Archive,
) -> None:
    """Count the stories with WORDS by year or month, beside all stories of that time.

    Each argument is a search of its own, as of `search`, and they are compared: `trend rice corn` draws two
    lines, `trend 'rice export'` one, of stories with both words. A period in which the archive has no story
    is a gap, and no zero.

    \b
    Example:
      postscraper trend '"rice export*"' rubber --by month --since 2012 --relative --svg trade.svg
    """
    found = archive.ask(trend, words, filters, by, spelling)
    if svg_file is not None:
        svg_file.write_text(svg(found, relative=relative), "utf-8")
    if csv_file is not None:
        _write_csv(found, csv_file)
    if json_wanted:
        print_json(_data(found))
        return
    for each in bars(found, relative=relative, columns=get_terminal_size().columns):
        line(each)
    for series in found.series:
        if series.undated:
            line(f"{counted(series.undated, 'story', 'stories')} with {series.words} of unknown day: in no period")
    for file in (svg_file, csv_file):
        if file is not None:
            line(f"{file}: {counted(len(found.periods), by)}")


def _data(found: Trend) -> dict[str, Any]:
    return {
        "by": found.by,
        "undated": found.all_undated,
        "series": [
            {"words": series.words, "undated": series.undated, "periods": _rows(found, number)}
            for number, series in enumerate(found.series)
        ],
    }


def _rows(found: Trend, number: int) -> list[dict[str, Any]]:
    series = found.series[number]
    columns = zip(found.periods, series.stories, found.all_stories, found.shares(series), strict=True)
    names = ("period", "stories", "all_stories", "share")
    return [dict(zip(names, row, strict=True)) for row in columns]


def _write_csv(found: Trend, file: Path) -> None:
    """A line for each period of each series; no share where there is no story."""
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(("words", "period", "stories", "all_stories", "share"))
        for number, series in enumerate(found.series):
            writer.writerows((series.words, *row.values()) for row in _rows(found, number))
