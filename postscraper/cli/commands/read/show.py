"""`postscraper show`: one story, its best reading and its history."""

from collections.abc import Iterator
from typing import Any

import click

from postscraper.cli import options
from postscraper.cli.output import address, counted, joined, line, print_json, shortened
from postscraper.cli.stories import columns, find_story, revision_facts, wording
from postscraper.items import plain
from storage.archive import Archive
from storage.query.history.best import RULES, BestReading, Choice
from storage.query.history.differences import differences
from storage.query.history.history import FullStory, Wording
from storage.query.history.readings import of_story

_BEFORE = {"list_item": "• ", "quote": "    "}
_STYLE: dict[str, dict[str, bool]] = {
    "crosshead": {"bold": True},
    "credit": {"italic": True},
    "correction": {"italic": True},
}


@click.command("show")
@click.argument("story", metavar="URL|ID")
@click.option("--why", is_flag=True, help="Print of each field the value, the capture that it is from, and the rule.")
@click.option("--revision", type=options.Number(min=1), metavar="N", help="This wording, as it was printed.")
@options.json
@options.reading
def show_command(story: str, why: bool, revision: int | None, json_wanted: bool, archive: Archive) -> None:
    """Print one story: its best reading, its revisions, and where it was announced.

    The best reading is the newest wording, without the damage that later designs did to it:
    docs/best-reading.md has the rules.

    A story is named by any of its addresses, with or without https://www., by its path alone, or by the
    number that `search` prints.

    \b
    Example:
      postscraper show https://www.phnompenhpost.com/national/flood-wall-holds-river-peaks
    """
    full = find_story(archive, story)
    if why and revision is not None:
        raise click.UsageError("--why explains the best reading, which is of no revision: leave out --revision")
    best = archive.ask(of_story, full.row.id)
    shown = None if revision is None else wording(full, revision)
    if json_wanted:
        print_json(_data(full, [shown] if shown else full.revisions) | {"best": dict(_reasons(best))})
    elif why:
        for name, fact in _reasons(best):
            _print_reason(name, fact)
    else:
        _print_story(full, shown.item if shown else best.item)
        _print_history(full)


def _data(story: FullStory, revisions: list[Wording]) -> dict[str, Any]:
    return {
        "story": columns(story.row),
        "revisions": [columns(each.row) | {"item": each.item} for each in revisions],
        "captures": [columns(row) for row in story.captures],
        "promotions": [columns(row) for row in story.promotions],
        "same_words": story.same_words,
    }


def _reasons(best: BestReading) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each field with its value, capture and rule; of captions one of each picture: `caption 1`."""
    for name, choice in best.choices.items():
        if name != "captions":
            yield name, _reason(choice, choice.value)
            continue
        for number, caption in enumerate(choice.value, 1):
            words = caption.value and joined(caption.value["caption"], caption.value["credit"])
            yield f"caption {number}", _reason(caption, words)


def _reason(choice: Choice, value: Any) -> dict[str, Any]:
    source = choice.source
    return {
        "value": plain(value),
        "rule": choice.rule,
        "because": RULES[choice.rule],
        "note": choice.note,
        "capture_id": source and source.capture_id,
        "captured_at": source and plain(source.captured_at),
        "layout": source and source.layout,
    }


_LONGEST_VALUE = 100  # characters


def _print_reason(name: str, fact: dict[str, Any]) -> None:
    value = fact["value"]
    if name == "body":
        value = "\n".join(block["text"] for block in value)
    elif isinstance(value, list):
        value = ", ".join(each if isinstance(each, str) else each["url"] for each in value)
    shown = "—" if value in (None, "") else str(value)
    line(f"{name}: {shortened(shown, _LONGEST_VALUE)}", bold=True)
    capture = f"capture {fact['capture_id']}" if fact["capture_id"] else None
    line("  " + joined(capture, fact["captured_at"], fact["layout"], fact["rule"], fact["note"] or fact["because"]))


def _print_story(story: FullStory, item: dict[str, Any]) -> None:
    if item.get("kicker"):
        line(item["kicker"])
    line(item["headline"], bold=True)
    line(joined(story.row.published_on, story.row.section, item["byline"]))
    line(address(story.row.canonical_url))
    if item.get("standfirst"):
        line()
        line(item["standfirst"], italic=True)
    print_body(item)


def print_body(item: dict[str, Any]) -> None:
    """Print the blocks of an article with its pictures between them; item: as JSON data."""
    blocks = item["body"]
    pictures: dict[int, list[str]] = {}
    for image in item["images"]:
        caption = joined(image["caption"], image["credit"]) or image["url"]
        pictures.setdefault(image["block"] or 0, []).append(f"[{caption}]")
    for index in range(len(blocks) + 1):
        for picture in pictures.get(index, ()):
            line()
            line(picture, dim=True)
        if index < len(blocks):
            kind = blocks[index]["kind"]
            line()
            line(_BEFORE.get(kind, "") + blocks[index]["text"], **_STYLE.get(kind, {}))


def _print_history(story: FullStory) -> None:
    line()
    before: Wording | None = None
    for each in story.revisions:
        row = each.row
        changed = f"changed: {', '.join(differences(before, each))}" if before else None
        line(joined(revision_facts(row), changed))
        before = each
    if story.promotions:
        pages = {row.page_url for row in story.promotions}
        line(f"Announced {counted(len(story.promotions), 'time')}, on {counted(len(pages), 'page')}")
    for url in story.same_words:
        line(f"Same words: {address(url)}")
