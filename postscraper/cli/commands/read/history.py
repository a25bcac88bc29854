"""`postscraper history`, `diff`, `changes`: the edits of one story, and of the whole paper."""

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Row

from postscraper.cli import files, options
from postscraper.cli.commands.read import diff_page
from postscraper.cli.output import (
    address,
    colours,
    counted,
    joined,
    line,
    marked,
    minute,
    note,
    one_line,
    print_json,
    shortened,
)
from postscraper.cli.stories import columns, find_story, revision_facts, wording
from postscraper.items import plain
from storage.archive import Archive
from storage.errors import NoSuchStory
from storage.query.history import edits
from storage.query.history.changes import KINDS
from storage.query.history.differences import Piece, differences
from storage.query.history.edits import Edit, StoryEdits
from storage.query.history.history import FullStory, Wording
from storage.query.search.filters import names

_LONGEST = 160  # characters of the words before and after a change
_SILENT = "silent: no note explains it"


@click.command("history")
@click.argument("story", metavar="URL|ID")
@options.json
@options.reading
def history_command(story: str, json_wanted: bool, archive: Archive) -> None:
    """Print a story's revisions: when each was seen, what changed, and the notes that explain it.

    A change of substance (headline, standfirst, byline, caption, figure, name, quotation, a paragraph that
    came or went) without a correction or clarification is silent. Typing errors and other rewording are
    named, and never silent. `redesign` and `damage` are no edits: there the site changed, not the story.

    \b
    Example:
      postscraper history https://www.phnompenhpost.com/national/flood-wall-holds-river-peaks
    """
    full = find_story(archive, story)
    story_edits = archive.ask(edits.of_story, full.row.id)
    if json_wanted:
        print_json(_history(full, story_edits))
    else:
        _print_history(full, story_edits)


@click.command("diff")
@click.argument("story", metavar="URL|ID")
@click.option("--from", "first", type=options.Number(min=1), metavar="N", help="Of this revision; else the one before.")
@click.option("--to", "second", type=options.Number(min=1), metavar="N", help="And this one; else the newest.")
@click.option("--html", "page", type=files.OUTPUT, metavar="FILE", help="Both side by side, as a page.")
@options.json
@options.reading
def diff_command(
    story: str, first: int | None, second: int | None, page: Path | None, json_wanted: bool, archive: Archive
) -> None:
    """Mark the words in which two revisions of a story differ; Khmer is compared by letter cluster.

    Without colours, [-words-] are gone and {+words+} are new.

    \b
    Example:
      postscraper diff /national/flood-wall-holds-river-peaks --from 1 --to 2 --html diff.html
    """
    stdout_taken = files.takes_stdout(page, json_wanted=json_wanted)
    full = find_story(archive, story)
    second = second or max(len(full.revisions), first or 0)
    if first is None and second == 1:
        raise NoSuchStory(f"{address(full.row.canonical_url)} was never edited: it has revision 1 alone")
    old, new = wording(full, first or second - 1), wording(full, second)
    fields = differences(old, new)
    if json_wanted:
        data = {name: [{"is": change, "text": text} for change, text in pieces] for name, pieces in fields.items()}
        print_json({"url": full.row.canonical_url, "from": old.row.number, "to": new.row.number, "fields": data})
    elif not stdout_taken:
        _print_diff(old, new, fields)
    if page is not None:
        what = f"revisions {old.row.number} and {new.row.number} side by side"
        files.write(page, diff_page.html(full, old, new), what, quiet=json_wanted)


def _print_diff(old: Wording, new: Wording, fields: Mapping[str, list[tuple[Piece, str]]]) -> None:
    line(joined(f"Revision {old.row.number}, seen {minute(old.row.first_captured_at)}", _name(old.row)))
    line(joined(f"Revision {new.row.number}, seen {minute(new.row.first_captured_at)}", _name(new.row)))
    for name, pieces in fields.items():
        line()
        line(name, bold=True)
        click.echo(marked(pieces), color=colours())
    if not fields:
        line("The words are the same.")


@click.command("changes")
@options.days("First seen on this day (UTC) or later.", "First seen on this day (UTC) or earlier.")
@click.option(
    "--type",
    "kind",
    type=click.Choice(KINDS),
    metavar="TYPE",
    help=f"Only revisions with such a change: {', '.join(KINDS)}.",
)
@click.option("--section", help="Only stories of this section, as the paper names it.")
@click.option("--silent", is_flag=True, help="Only changes of substance that no note explains.")
@click.option(
    "--limit", type=options.Number(1, 10_000), default=20, show_default=True, help="At most so many revisions."
)
@options.json
@options.reading
def changes_command(
    since: date | None,
    until: date | None,
    kind: str | None,
    section: str | None,
    silent: bool,
    limit: int,
    json_wanted: bool,
    archive: Archive,
) -> None:
    """List the edited stories of the whole paper, the last change first.

    \b
    Example:
      postscraper changes --type figure --since 2016 --section National --silent
    """
    chosen = None
    if section is not None:
        options.check_name(archive, "section", section)
        chosen = [each for each in archive.ask(names)["section"] if each.casefold() == section.casefold()]
    edited = archive.ask(edits.edits, since=since, until=until, kind=kind, sections=chosen, silent=silent, limit=limit)
    if json_wanted:
        print_json([_edit(edit) for edit in edited])
        return
    for edit in edited:
        line(edit.headline, bold=True)
        about = (edit.section, f"Revision {edit.revision}", f"first seen {minute(edit.changed_at)}")
        line(joined(*about, _SILENT if edit.silent else None))
        _print_changes(edit.changes)
        _print_notes(edit.corrections)
        line(address(edit.canonical_url))
        line()
    if not edited:
        note("No edited story matches.")
    elif len(edited) == limit:
        line(f"The last {counted(limit, 'revision')}; --limit and --until show others")


def _history(story: FullStory, story_edits: StoryEdits) -> dict[str, Any]:
    return {
        "story": columns(story.row),
        "revisions": [
            columns(each.row)
            | {
                "silent": any(row.silent for row in story_edits.changes.get(each.row.number, ())),
                "edits": [_change(row) for row in story_edits.changes.get(each.row.number, ())],
                "corrections": [_note(row) for row in story_edits.corrections if row.number == each.row.number],
            }
            for each in story.revisions
        ],
    }


def _edit(edit: Edit) -> dict[str, Any]:
    names = ("story_id", "canonical_url", "section", "headline", "revision", "changed_at", "silent")
    lists = {"edits": [_change(row) for row in edit.changes], "corrections": [_note(row) for row in edit.corrections]}
    return {name: plain(getattr(edit, name)) for name in names} | lists


def _change(row: Row[Any]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("kind", "field", "before", "after", "block", "silent")}


def _note(row: Row[Any]) -> dict[str, Any]:
    names = ("kind", "language", "text", "block")
    note = {name: getattr(row, name) for name in names} | {"revision": row.number}
    return note | ({"explains": row.explained} if "explained" in row._mapping else {})


def _print_history(story: FullStory, story_edits: StoryEdits) -> None:
    line(story.revisions[-1].row.headline, bold=True)
    line(joined(story.row.published_on, story.row.section, counted(story.row.revisions, "revision")))
    line(address(story.row.canonical_url))
    for each in story.revisions:
        row, changed = each.row, story_edits.changes.get(each.row.number, [])
        silent = _SILENT if any(change.silent for change in changed) else None
        line()
        line(joined(revision_facts(row), silent))
        _print_changes(changed)
        _print_notes(note for note in story_edits.corrections if note.number == row.number)


def _print_changes(changed: Iterable[Row[Any]]) -> None:
    for row in changed:
        place = row.field if row.block is None else f"{row.field}, block {row.block + 1}"
        name = row.kind.replace("_", " ")
        kind = name if row.field == row.kind else f"{name} ({place})"
        words = " → ".join(shortened(text, _LONGEST) for text in (row.before, row.after) if text is not None)
        sign = "" if None not in (row.before, row.after) else "- " if row.after is None else "+ "
        line(f"  {kind}: {sign}{words}")


def _print_notes(notes: Iterable[Row[Any]]) -> None:
    for row in notes:
        explained = getattr(row, "explained", None)
        of = f", explains revision {explained}" if explained else ""
        line(f"  {row.kind.replace('_', ' ')}{of}: {one_line(row.text)}", italic=True)


def _name(row: Row[Any]) -> str:
    return f"{row.layout}, captures: {row.captures}"
