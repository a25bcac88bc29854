"""`postscraper stats`: counts of the archive, and days without a story."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from postscraper.cli import options
from postscraper.cli.output import colours, counted, joined, line, one_line, print_json
from postscraper.items import plain
from storage.archive import Archive
from storage.query.statistics import Stats

BAR = 30  # columns
LONGEST_GAPS = 5

TABLES = {
    "stories_by_year": "Stories by year",
    "stories_by_section": "Stories by section",
    "stories_by_language": "Stories by language",
    "captures_by_layout": "Captures by design",
    "captures_by_outcome": "Captures by outcome",
    "unread_by_reason": "Unread, by reason",
    "ledger": "Addresses by state",
}


@click.command("stats")
@options.json
@options.reading
def stats_command(json_wanted: bool, archive: Archive) -> None:
    """Count stories by year and section, captures by design and outcome, and days without a story.

    \b
    Example:
      postscraper stats
    """
    stats = archive.stats()
    if json_wanted:
        print_json(_data(stats))
        return
    _print_totals(stats)
    console = Console(highlight=False, markup=False, force_terminal=colours())
    for name, title in TABLES.items():
        if counts := getattr(stats, name):
            line()
            console.print(_table(title, counts))
    if stats.gaps:
        line()
        line("Longest spans without a story", bold=True)
        for gap in sorted((_gap(*gap) for gap in stats.gaps), key=lambda gap: -gap["days"])[:LONGEST_GAPS]:
            line(f"{counted(gap['days'], 'day'):>11}: {gap['first_on']} to {gap['last_on']}")


def _data(stats: Stats) -> dict[str, Any]:
    """Counts as rows of a table: `stories_by_year` is `[{"year": 2018, "stories": 3}, …]`."""
    data: dict[str, Any] = plain(asdict(stats))
    for name in [*data]:
        what, by, key = name.partition("_by_")
        if by:
            data[name] = [{key: value, what: count} for value, count in data[name].items()]
    data["gaps"] = [_gap(*gap) for gap in stats.gaps]
    return data


def _gap(first_on: date, last_on: date) -> dict[str, Any]:
    return {"first_on": plain(first_on), "last_on": plain(last_on), "days": (last_on - first_on).days + 1}


def _print_totals(stats: Stats) -> None:
    names = ("stories", "revisions", "captures", "sightings")
    line(joined(*(f"{name}: {getattr(stats, name):,}" for name in names)), bold=True)
    if stats.same_words:
        line(f"Stories with the words of another: {stats.same_words:,}")
    if stats.first_on:
        line(f"Published from {stats.first_on} to {stats.last_on}")


def _table(title: str, counts: Mapping[Any, int]) -> Table:
    """A row and a bar for each count; the bars of one table have one scale."""
    table = Table(title=title, title_justify="left", title_style="bold", box=None, show_header=False, pad_edge=False)
    table.add_column(max_width=30, no_wrap=True, overflow="ellipsis")
    table.add_column(justify="right")
    table.add_column(no_wrap=True)
    most = max(counts.values())
    for value, count in counts.items():
        name = "unknown" if value is None else one_line(str(value))
        table.add_row(Text(name), f"{count:,}", "█" * max(1, round(BAR * count / most)))
    return table
