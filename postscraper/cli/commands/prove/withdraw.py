"""`postscraper withdraw`: take a story out of the archive for good."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from postscraper.cli import options
from postscraper.cli.commands.saved.read import address as typed_address
from postscraper.cli.output import address as shown
from postscraper.cli.output import counted, line, note, print_json
from postscraper.cli.stories import find_row
from postscraper.errors import BadRequest
from postscraper.run.evidence_reader import EvidenceReader
from postscraper.urls import addresses_typed
from storage.archive import Archive
from storage.errors import NoSuchStory
from storage.maintenance.withdrawal.plan import Withdrawal, plan
from storage.maintenance.withdrawal.withdraw import finish, withdraw

LONGEST_REASON = 500  # characters


@click.command("withdraw")
@click.argument("url", metavar="URL")
@click.option("--reason", required=True, help="Stays in the archive, with the day; name nobody in it.")
@click.option("--mentions", is_flag=True, help="The captures of other pages that announce it go, too.")
@click.option("--yes", is_flag=True, help="Without a question.")
@options.json
@options.archive
def withdraw_command(url: str, reason: str, mentions: bool, yes: bool, json_wanted: bool, archive: Path) -> None:
    """Take a story out of the archive for good: its rows, its words in the index, its bytes in the evidence.

    A tombstone stays: the address, the reason, the day, the digests of what went. The address is never asked for
    again, and what comes of it from any source is not kept. Nothing else in the archive changes, but for the
    teasers that led to the story. Backups, and files that `replay --link` left where they are, are not touched.

    Killed at any moment, it has not begun, or the same command finishes it. docs/withdrawal.md has all of it.

    \b
    Example:
      postscraper withdraw /national/river-clinic-opens-koh-thom --reason "court order of 3 May 2026"
    """
    reason = " ".join(reason.split())
    if not 0 < len(reason) <= LONGEST_REASON:
        raise BadRequest(f"--reason must have 1 to {LONGEST_REASON} characters")
    with options.locked(archive) as opened:
        reader = EvidenceReader(archive)
        story = reader.address(_address(opened, url))
        if story in opened.withdrawn():
            overwritten = finish(opened)
            if json_wanted:
                print_json({"story": story, "withdrawn_before": True, "records_overwritten": overwritten})
            else:
                line(f"{shown(story)} was withdrawn before; {counted(overwritten, 'record')} overwritten now.")
            return
        planned = opened.ask(plan, reader, story, mentions=mentions)
        for each in planned.without_bytes:
            what = "its bytes are only in an answer that carries the withdrawn story, too, and go with it"
            note(f"{shown(each)}: {what}; what was read of it stays")
        if not yes:
            _confirm(planned, mentions=mentions)
        now = datetime.now(UTC)
        withdraw(opened, reader, story, reason=reason, on=now.date(), now=now, mentions=mentions)
        overwritten = finish(opened)
    if json_wanted:
        print_json(_data(planned, overwritten, mentions=mentions))
    else:
        _show(planned, overwritten, mentions=mentions)


def _address(archive: Archive, text: str) -> str:
    """The address that was typed; of a path that of the one newspaper whose archive knows it.

    Raises BadRequest for what is no address, and for a path that two newspapers have; NoSuchStory for an unknown path.
    """
    if text[:1] != "/":
        return typed_address(text)
    try:
        story: str = find_row(archive, text).canonical_url
        return story
    except NoSuchStory:
        withdrawn = archive.withdrawn()
        for each in addresses_typed(text):
            if each in withdrawn or archive.ledger.row(each) is not None:
                return each
        raise


def _confirm(withdrawal: Withdrawal, *, mentions: bool) -> None:
    """Raises Abort unless the person agrees."""
    if not sys.stdin.isatty():
        raise click.UsageError("nobody is there to answer: add --yes to withdraw without a question")
    also = f", {counted(len(withdrawal.mentions), 'capture')} of pages that announce it" if mentions else ""
    if withdrawal.losing_bytes:
        also += f", the bytes of {counted(len(withdrawal.losing_bytes), 'other capture')}"
    what = f"{counted(len(withdrawal.captures), 'capture')} of {shown(withdrawal.story)}{also}"
    click.confirm(f"Take out for good: {what}?", err=True, abort=True)


def _data(withdrawal: Withdrawal, overwritten: int, *, mentions: bool) -> dict[str, Any]:
    return {
        "story": withdrawal.story,
        "withdrawn_before": False,
        "addresses": list(withdrawal.addresses),
        "captures": len(withdrawal.captures),
        "mentions": len(withdrawal.mentions),
        "mentions_gone": mentions,
        "without_bytes": len(withdrawal.losing_bytes),
        "without_other_bytes": list(withdrawal.without_bytes),
        "records_overwritten": overwritten,
        "same_words": list(withdrawal.same_words),
    }


def _show(withdrawal: Withdrawal, overwritten: int, *, mentions: bool) -> None:
    line(f"Withdrawn: {shown(withdrawal.story)}", bold=True)
    for each in withdrawal.addresses:
        if each != withdrawal.story:
            line(f"and kept out at {shown(each)}")
    records = counted(overwritten, "record")
    line(f"{counted(len(withdrawal.captures), 'capture')} gone, {records} of the evidence overwritten.")
    if withdrawal.losing_bytes:
        stories = counted(
            len({row.story_id for row in withdrawal.losing_bytes} - {None}), "other story", "other stories"
        )
        lost = counted(len(withdrawal.losing_bytes), "capture")
        line(f"It stood in feeds or REST answers: {lost}, of {stories} and of lists, stay without their bytes.")
    pages = counted(len(withdrawal.mentions), "capture")
    if mentions and withdrawal.mentions:
        line(f"Gone with it, for they announced it: {pages}.")
    elif withdrawal.mentions:
        line(f"Announced in {pages} of other pages: the teasers are gone, the bytes stay. --mentions takes these, too.")
    for each in withdrawal.same_words:
        line(f"The same words stand at {shown(each)}")
