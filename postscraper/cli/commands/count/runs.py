"""`postscraper runs`: the crawls, replays and merges of the archive, and a report of one."""

from pathlib import Path

import click

from postscraper.cli import files, options
from postscraper.cli.commands.count.run_page import html
from postscraper.cli.output import address, counted, joined, line, minute, note, print_json
from postscraper.items import plain
from postscraper.phrases import outcomes
from storage.archive import Archive
from storage.query import runs
from storage.query.runs import RunReport


@click.command("runs")
@click.argument("number", type=options.Number(min=1), required=False, metavar="[N]")
@click.option("--limit", type=options.Number(min=1), default=20, show_default=True, help="So many of the newest.")
@click.option("--html", "page", type=files.OUTPUT, metavar="FILE", help="Write the report of run N here.")
@options.json
@options.reading
def runs_command(number: int | None, limit: int, page: Path | None, json_wanted: bool, archive: Archive) -> None:
    """List the runs (crawls, replays, merges): when, what came of them, and how each ended; or report one.

    A report has the requests and bytes, the share of answers 304, the delay set and the shortest
    time kept between two requests, how many stories have each field and how many should,
    closed doors, and classes in the markup of stories that no earlier run met.

    \b
    Example:
      postscraper runs 1 --html run-1.html
    """
    files.takes_stdout(page, json_wanted=json_wanted)
    if number is None:
        if page is not None:
            raise click.UsageError("--html needs the number of a run")
        reports = archive.ask(runs.runs, limit)
        if json_wanted:
            print_json(plain(reports))
        elif not reports:
            note("The archive has no run.")
        for each in () if json_wanted else reports:
            line(_summary(each))
        return
    report = archive.ask(runs.run, number)
    if page is not None:
        files.write(page, html(report), f"the report of run {number}", quiet=json_wanted)
    if json_wanted:
        print_json(plain(report))
    elif page is None:
        _print(report)


def _summary(run: RunReport) -> str:
    new = sum(count for name, count in run.outcomes.items() if name.startswith("new "))
    pages = joined(counted(run.pages, "page"), f"{new:,} new" if new else None)
    return f"{run.number:>4}  " + joined(minute(run.started_at), run.newspaper, run.source, pages, run.verdict)


def _print(run: RunReport) -> None:
    line(f"Run {run.number} of {run.newspaper}", bold=True)
    line(run.verdict)
    for name, value in run.facts:
        line(f"{name}: {value}")
    for title, counts in (("Pages", run.outcomes), ("Unread", run.unread)):
        if counts:
            line(f"{title}: {outcomes(counts.items())}")
    for door, why in run.doors.items():
        line(f"Closed: {door}, by {why}")
    for name, (has, of, floor) in run.filled.items():
        mark = "  too few" if name in run.too_few else ""
        line(f"{name}: {has:,} of {counted(of, 'story', 'stories')}, {has / of:.0%}; at least {floor:.0%}{mark}")
    for new in run.skeletons:
        example = f", as {address(new['url'])}" if new["url"] else ""
        line(f"New in the markup of {new['layout']}: {new['name']}, {new['stories']:,} of {new['of']:,}{example}")
