"""`postscraper ledger`: every address ever heard of, by its state."""

from pathlib import Path
from typing import Any, get_args

import click

from postscraper.cli import options
from postscraper.cli.output import address, joined, line, print_json
from postscraper.items import plain
from storage.archive import Archive
from storage.ledger.states import State

STATES: tuple[State, ...] = get_args(State)


@click.command("ledger")
@click.option("--state", type=click.Choice(STATES), help="Print the addresses of this state.")
@options.json
@options.archive
def command(state: State | None, json_wanted: bool, archive: Path) -> None:
    """Count the addresses of the ledger by state, and by the reason for it.

    \b
    Example:
      postscraper ledger --state failed
    """
    with Archive.open(archive, readonly=True) as opened:
        ledger = opened.ledger
        rows = [dict(row._mapping) for row in ledger.rows(state)] if state else []
        numbers = ledger.counts()
        counts = {
            each: (numbers[each], ledger.whys(each)) for each in STATES if each in numbers and state in (None, each)
        }
    if json_wanted and state:
        print_json([plain(row) for row in rows])
    elif json_wanted:
        print_json([_data(each, count, whys) for each, (count, whys) in counts.items()])
    else:
        for each, (count, whys) in counts.items():
            line(f"{count:>9,} {each}", bold=True)
            for why, so_many in whys.items():
                if why is not None:
                    line(f"{so_many:>13,} {why}")
        for row in rows:
            _print(row)


def _data(state: str, count: int, whys: dict[str | None, int]) -> dict[str, Any]:
    return {
        "state": state,
        "addresses": count,
        "reasons": [{"why": why, "addresses": so_many} for why, so_many in whys.items()],
    }


def _print(row: dict[str, Any]) -> None:
    line()
    line(address(row["url"]))
    again = f"next look {row['due_at']:%Y-%m-%d %H:%M} UTC" if row["due_at"] else None
    line(joined(row["kind"], row["section"], row["dated_on"], row["why"], f"heard by {row['how']}", again))
