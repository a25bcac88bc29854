"""`postscraper merge`: add another archive's captures, stories and addresses to this one."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import click

from postscraper.bulk.merge import MergeResult, merge
from postscraper.cli import options
from postscraper.cli.commands.fill.replay import Written, logged, share
from postscraper.cli.output import address, counted, line, one_line, print_json
from postscraper.cli.progress import progress
from postscraper.newspaper import Newspaper
from postscraper.run.run import Run
from postscraper.run.scope import Scope
from storage.maintenance.withdrawal.plan import Withdrawal


@click.command("merge")
@click.argument("other", metavar="OTHER", type=click.Path(path_type=Path))
@click.option("--jobs", type=options.Number(1, 256), default=os.cpu_count(), metavar="N", help="Readers. [one a core]")
@click.option("--yes", is_flag=True, help="Take out here, without a question, what is withdrawn there.")
@options.json
@options.archive
def merge_command(other: Path, jobs: int, yes: bool, json_wanted: bool, archive: Path) -> None:
    """Bring what the archive OTHER holds into this one; OTHER is only read, and must not be written to meanwhile.

    Its evidence is read again, every record checked, as `replay` does: an answer that is here already, from
    whatever source, is taken once, and a new one keeps its source and moment. Then comes what its database alone
    holds: the ledger, each address with the state of its last visit; its lists of what other archives hold; and
    captures whose bytes lie in no file of its own. Answers without a row, as robots.txt, are not copied.

    A story that is withdrawn in one of the two stays out. One that OTHER keeps out and this archive holds is
    withdrawn here, bytes and all, after a question.

    Killed at any moment, the same command goes on where it was.

    \b
    Example:
      postscraper merge /mnt/laptop/archive
    """

    def ask(withdrawals: Sequence[Withdrawal]) -> None:
        if not yes:
            _confirm(other, withdrawals)

    @contextmanager
    def open_run(paper: Newspaper, origin: str | None) -> Iterator[Run]:
        run = Run.open(paper, Scope(source="merge"), Written(ARCHIVE_DIR=str(archive), PAPER_ORIGIN=origin))
        with closing(run), logged(run, other=str(other)):
            yield run

    with progress("page") as meter:
        merged = merge(
            other, archive, open_run, jobs=jobs, ask=ask, on_progress=lambda now: meter.show(now.pages, share(now))
        )
    for damage in merged.damages:
        click.echo(one_line(str(damage)), err=True)
    if json_wanted:
        print_json(_data(other, merged))
    else:
        _show(other, merged)


def _confirm(other: Path, withdrawals: Sequence[Withdrawal]) -> None:
    """Raises Abort unless the person agrees."""
    named = ", ".join(address(each.story) for each in withdrawals)
    if not sys.stdin.isatty():
        what = f"{other} has withdrawn what this archive holds ({named})"
        raise click.UsageError(f"{what}: add --yes to take it out here, too, bytes and all")
    captures = counted(sum(len(each.captures) for each in withdrawals), "capture")
    click.confirm(f"Withdrawn in {other}; take out here for good: {captures} of {named}?", err=True, abort=True)


def _added(merged: MergeResult) -> dict[str, int]:
    return {name: merged.after[name] - merged.before[name] for name in ("capture", "story", "revision")}


def _data(other: Path, merged: MergeResult) -> dict[str, Any]:
    added = _added(merged)
    return {
        "other": str(other),
        "captures_added": added["capture"],
        "stories_added": added["story"],
        "revisions_added": added["revision"],
        "known_already": merged.already_held,
        "without_bytes_there": merged.without_bytes,
        "left_out_withdrawn": merged.withdrawn,
        "withdrawn_here": merged.taken_out,
        "addresses_added": merged.addresses,
        "addresses_joined": merged.joined,
        "left_there": dict(merged.skipped),
        "damage": [{"file": each.file, "offset": each.offset, "what": each.what} for each in merged.damages],
    }


def _show(other: Path, merged: MergeResult) -> None:
    added = _added(merged)
    stories = counted(added["story"], "story", "stories")
    line(
        f"From {other}: {counted(added['capture'], 'capture')}, {stories} and "
        f"{counted(added['revision'], 'revision')} more than before; "
        f"{merged.already_held:,} read that were here already."
    )
    line(f"Ledger: {counted(merged.addresses, 'address', 'addresses')} new, {merged.joined:,} joined.")
    if merged.without_bytes:
        line(
            f"Of {counted(merged.without_bytes, 'capture')} the bytes lie in no file of its own; "
            "they are taken as there."
        )
    if merged.withdrawn:
        line(f"Left out, for their stories are withdrawn: {counted(merged.withdrawn, 'answer')}.")
    if merged.taken_out:
        line(f"Kept out from now on, as there: {counted(len(merged.taken_out), 'address', 'addresses')}.")
    for why, count in merged.skipped.most_common():
        line(f"Left there: {count:,}, {why}.")
