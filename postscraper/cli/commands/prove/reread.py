"""`postscraper reread`: read stored captures by today's layouts, and report the changes before they are accepted."""

import sys
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import date
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from postscraper.cli import files, options
from postscraper.cli.commands.prove import reread_page
from postscraper.cli.commands.prove.reread_page import around
from postscraper.cli.output import address, colours, counted, joined, line, note, one_line, print_json
from postscraper.cli.progress import progress
from postscraper.errors import BadRequest, closest
from postscraper.items import plain
from postscraper.newspapers import NEWSPAPERS
from postscraper.run.evidence_reader import EvidenceReader
from postscraper.run.reprocess import CaptureSelection, Changes, Report, accept, compare
from storage.archive import Archive
from storage.database.lock import RunLock
from storage.query import statistics
from storage.query.captures import count_stored

MOST_MISSING = 10  # lines
LAYOUTS = {path.split(".")[-1] for paper in NEWSPAPERS.values() for path in paper.layouts}


@click.command("reread")
@click.option("--layout", "layouts", multiple=True, metavar="NAME", help="Read by this layout so far, or `unread`.")
@options.captured
@click.option("--dry-run", is_flag=True, help="Report, and change nothing.")
@click.option("--yes", is_flag=True, help="Accept without a question.")
@click.option("--html", "page", type=files.OUTPUT, metavar="FILE", help="The report as a page, too.")
@options.json
@options.archive
def reread_command(
    layouts: tuple[str, ...],
    since: date | None,
    until: date | None,
    dry_run: bool,
    yes: bool,
    page: Path | None,
    json_wanted: bool,
    archive: Path,
) -> None:
    """Read stored captures anew by today's layouts, report the changes, and accept them on request.

    Accepted readings replace the earlier readings of the same captures. They are no edits of the
    newspaper's: a layout gives no story a new revision. A selection may be accepted; only after a run over
    everything does each capture stand on its own reading.

    \b
    Example:
      postscraper reread --layout drupal_2017 --dry-run --html report.html
    """
    if not (dry_run or yes or sys.stdin.isatty()):
        raise click.UsageError("nobody is there to answer: add --dry-run for the report alone, or --yes to accept it")
    stdout_taken = files.takes_stdout(page, json_wanted=json_wanted) or json_wanted
    selection = CaptureSelection(layouts=layouts, since=since, until=until)
    _check_layouts(archive, layouts)
    with nullcontext() if dry_run else RunLock(archive), Archive.open(archive, readonly=dry_run) as opened:
        reader = EvidenceReader(archive)
        with progress("capture", total=opened.ask(count_stored) if selection.is_all else None) as meter:
            report = compare(opened, reader, selection, meter.show)
        if not stdout_taken:
            _show(report)
        if page is not None:
            files.write(page, reread_page.html(report), "the report", quiet=json_wanted)
        accepted = 0
        if not dry_run and (yes or _is_accepted(report)):
            with progress("reading", total=report.changed) as meter:
                accepted = accept(opened, reader, report, meter.show)
    if json_wanted:
        print_json(_data(report) | {"accepted": accepted})
        return
    end = f"Replaced {counted(accepted, 'reading')}." if accepted or not report.changed else "Nothing was changed."
    if dry_run:
        end = "Nothing was changed" + ("; without --dry-run it can be accepted." if report.changed else ".")
    note(end) if stdout_taken else line(end)


def _check_layouts(archive: Path, layouts: Sequence[str]) -> None:
    """Raises BadRequest for a layout that neither the program nor the archive has; before the lock makes a folder."""
    with Archive.open(archive, readonly=True) as opened:
        names = sorted({"unread", "generic", *LAYOUTS, *opened.ask(statistics.layouts)})
    for layout in layouts:
        if layout not in names:
            raise BadRequest(f"--layout {layout} is unknown{closest(layout, names)}")


def _is_accepted(report: Report) -> bool:
    """A report without changes needs no question."""
    question = f"Replace the readings of {counted(report.changed, 'capture')}?"
    return not report.changed or click.confirm(question, err=True)


def _data(report: Report) -> dict[str, Any]:
    """The report as lists of objects, which other programs can turn into tables."""
    fields = [
        {"layout": layout, "field": name, **plain(changes)}
        for layout, by_field in report.layouts.items()
        for name, changes in by_field.items()
    ]
    outcomes = [
        {"change": change, "captures": changes.changed, "examples": plain(changes.examples)}
        for change, changes in report.outcomes.items()
    ]
    return {
        "read": report.read,
        "changed": report.changed,
        "changed_by_layout": dict(report.changed_by_layout),
        "fields": fields,
        "outcomes": outcomes,
        "missing": [{"url": url, "why": why} for url, why in report.missing],
    }


def _show(report: Report) -> None:
    line(f"{counted(report.read, 'capture')} read again, {report.changed:,} read otherwise than before.", bold=True)
    console = Console(highlight=False, markup=False, force_terminal=colours())
    for layout, count in report.changed_by_layout.items():
        if layout in report.layouts:
            line()
            console.print(_table(f"{layout}, captures: {count:,}", report.layouts[layout]))
            for name, changes in report.layouts[layout].items():
                _examples(name, changes)
    for change, changes in report.outcomes.items():
        line()
        line(f"{change}, captures: {changes.changed:,}", bold=True)
        _examples("", changes)
    for url, why in report.missing[:MOST_MISSING]:
        line(one_line(f"not read: {address(url)}: {why}"))
    if len(report.missing) > MOST_MISSING:
        line(f"… and {len(report.missing) - MOST_MISSING:,} more that were not read; --json names them all")


def _table(title: str, fields: dict[str, Changes]) -> Table:
    table = Table(title=one_line(title), title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.add_column("field")
    for name in ("changed", "gained", "lost"):
        table.add_column(name, justify="right")
    for name, changes in fields.items():
        table.add_row(
            Text(one_line(name)), *(f"{count:,}" for count in (changes.changed, changes.gained, changes.lost))
        )
    return table


def _examples(name: str, changes: Changes) -> None:
    for example in changes.examples:
        before, after = around(example.before, example.after)
        line("  " + joined(name, address(example.url), example.captured_at), dim=True)
        line(f"    - {one_line(before)}")
        line(f"    + {one_line(after)}")
