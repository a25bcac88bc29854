"""`postscraper families`: stories with the same or nearly the same text."""

from dataclasses import asdict
from pathlib import Path

import click

from postscraper.cli import options
from postscraper.cli.output import address, counted, joined, line, note, print_json
from postscraper.cli.progress import progress
from postscraper.cli.stories import find_row
from postscraper.items import plain
from storage.archive import Archive
from storage.maintenance.families.find import FamilyCounts, find
from storage.query.families import Member, all_families, families_of, is_compared

_INSTALL = "pip install 'postscraper[neardup]'"


@click.command("families")
@click.argument("story", metavar="[URL|ID]", required=False)
@click.option("--find", "find_all", is_flag=True, help="Compare all stories, and group them anew.")
@click.option("--update", "find_new", is_flag=True, help="Compare stories that are new or edited since.")
@options.json
@options.readable
def families_command(story: str | None, find_all: bool, find_new: bool, json_wanted: bool, archive: Path) -> None:
    """Print the families of stories that --find or --update has grouped, or those of one story.

    Members have the same text at another address, print it again, shorten or extend it, merge it with
    another, copy the same agency, or are its twin in the other language. The head was published first; of
    equal days it was seen first. Each member has its reason and how similar it is. A merged story is in
    several families.

    Equal texts are always families; the others with the extra `neardup`.

    \b
    Example:
      postscraper families --find
      postscraper families /national/flood-wall-holds-river-peaks
    """
    if find_all and find_new:
        raise click.UsageError("--find compares all stories, --update the new ones: give one of them")
    if find_all or find_new:
        if story is not None:
            raise click.UsageError("--find and --update take no story: they compare all")
        _find(archive, new_only=not find_all, json_wanted=json_wanted)
        return
    with Archive.open(archive, readonly=True) as opened:
        story_id = find_row(opened, story).id if story else None
        families = opened.ask(all_families) if story_id is None else opened.ask(families_of, story_id)
        compared = opened.ask(is_compared, story_id)
    if json_wanted:
        print_json([[plain(asdict(member)) for member in members] for members in families])
        return
    for members in families:
        _print(members)
    if not families:
        name = "This story is in no family" if story else "There are no families"
        note(f"{name}." if compared else f"{name} yet: `postscraper families --update` compares new stories.")


def _find(archive: Path, *, new_only: bool, json_wanted: bool) -> None:
    with options.locked(archive) as opened, progress("story", "stories") as meter:
        result = find(opened, new_only=new_only, on_progress=lambda done, total: meter.show(done, done / total))
    if json_wanted:
        print_json(asdict(result))
        return
    stories = counted(result.stories, "story", "stories")
    compared = f"Of {stories} {result.examined:,} were new or edited" if new_only else f"All {stories} compared anew"
    line(f"{compared}.", bold=True)
    line(_counts(result))
    if result.only_equal:
        line(f"Only equal texts were compared. For the others: {_INSTALL}; then --update.")


def _counts(result: FamilyCounts) -> str:
    return joined(
        counted(result.families, "family", "families"),
        *(f"{count:,} {reason}" for reason, count in result.members.items() if reason != "head"),
    )


def _print(members: list[Member]) -> None:
    for member in members:
        is_head = member.reason == "head"
        line(joined(member.headline) if is_head else f"  {joined(member.headline)}", bold=is_head)
        facts = (
            () if is_head else (member.reason, f"{member.similarity:.0%} similar", f"{member.own_share:.0%} its own")
        )
        line("  " + joined(member.story_id, member.published_on, *facts, member.evidence))
        line(f"  {address(member.canonical_url)}")
    line()
