"""`postscraper ledger`: the known addresses by state and reason."""

from typing import Any, get_args

import click

from postscraper.cli import options
from postscraper.cli.output import address, joined, line, minute, note, print_json
from postscraper.items import plain
from storage.archive import Archive
from storage.ledger.states import State

STATES: tuple[State, ...] = get_args(State)


@click.command("ledger")
@click.option("--state", type=click.Choice(STATES), help="Print the addresses of this state.")
@options.json
@options.reading
def ledger_command(state: State | None, json_wanted: bool, archive: Archive) -> None:
    """Count the addresses of the ledger by state, and by the reason for it.

    \b
    Example:
      postscraper ledger --state failed
    """
    ledger = archive.ledger
    rows = [dict(row._mapping) for row in ledger.rows(state)] if state else []
    totals = ledger.counts()
    counts: list[dict[str, Any]] = [
        {
            "state": name,
            "addresses": totals[name],
            "reasons": [{"why": why, "addresses": count} for why, count in ledger.whys(name).items()],
        }
        for name in STATES
        if name in totals and state in (None, name)
    ]
    if json_wanted:
        print_json([plain(row) for row in rows] if state else counts)
        return
    for of_state in counts:
        line(f"{of_state['addresses']:>9,} {of_state['state']}", bold=True)
        for reason in of_state["reasons"]:
            if reason["why"] is not None:
                line(f"{reason['addresses']:>13,} {reason['why']}")
    for row in rows:
        _print(row)
    if not counts:
        note(f"No address is {state}." if state else "The ledger has no address.")


def _print(row: dict[str, Any]) -> None:
    line()
    line(address(row["url"]))
    again = f"next visit {minute(row['due_at'])}" if row["due_at"] else None
    line(joined(row["kind"], row["section"], row["dated_on"], row["why"], f"found by {row['how']}", again))
