"""`postscraper retry`: addresses of a state, queued again."""

from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import click

from postscraper.cli import options
from postscraper.cli.output import counted, line, print_json
from storage.ledger.states import State

# A crawl is visiting the leased ones, and its rules forbid the excluded.
QUEUED: tuple[State, ...] = tuple(state for state in get_args(State) if state not in ("leased", "excluded"))


@click.command("retry")
@click.option("--state", type=click.Choice(QUEUED), default="failed", show_default=True, help="Which addresses.")
@options.json
@options.archive
def retry_command(state: State, json_wanted: bool, archive: Path) -> None:
    """Queue the addresses of a state for the next crawl, whenever they were due; prints how many.

    \b
    Example:
      postscraper retry --state unread
    """
    with options.locked(archive) as opened:
        queued = opened.ledger.retry(state, datetime.now(UTC))
    if json_wanted:
        print_json({"state": state, "queued": queued})
    else:
        line(f"Due again: {counted(queued, f'{state} address', f'{state} addresses')}; the next crawl asks for them.")
