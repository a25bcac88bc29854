"""`postscraper show`: one story, its newest wording and its history."""

import json
from typing import Any

import click
from sqlalchemy import Row

from postscraper.cli import options
from postscraper.cli.output import address, counted, joined, line, print_json
from postscraper.cli.stories import find_story
from postscraper.items import plain
from storage.archive import Archive
from storage.query.history.history import FullStory, Wording, differences

_BEFORE = {"list_item": "• ", "quote": "    "}
_STYLE: dict[str, dict[str, bool]] = {
    "crosshead": {"bold": True},
    "credit": {"italic": True},
    "correction": {"italic": True},
}


@click.command("show")
@click.argument("story", metavar="URL|ID")
@options.json
@options.reading
def show_command(story: str, json_wanted: bool, archive: Archive) -> None:
    """Print one story: its newest wording, its revisions, and where it was announced.

    A story is named by any of its addresses, with or without https://www., by its path alone, or by the
    number that `search` prints.

    \b
    Example:
      postscraper show https://www.phnompenhpost.com/national/a-story
    """
    full = find_story(archive, story)
    if json_wanted:
        print_json(_data(full))
    else:
        _print_story(full)
        _print_history(full)


def _data(story: FullStory) -> dict[str, Any]:
    return {
        "story": _columns(story.row),
        "revisions": [_columns(each.row) | {"item": each.item} for each in story.revisions],
        "captures": [_columns(row) for row in story.captures],
        "promotions": [_columns(row) for row in story.promotions],
        "same_words": story.same_words,
    }


def _columns(row: Row[Any]) -> dict[str, Any]:
    # `item` and `problems` are stored as JSON text.
    columns = {name: plain(value) for name, value in row._mapping.items() if name != "item"}
    if columns.get("problems"):
        columns["problems"] = json.loads(columns["problems"])
    return columns


def _print_story(story: FullStory) -> None:
    item = story.revisions[-1].item
    if item.get("kicker"):
        line(item["kicker"])
    line(item["headline"], bold=True)
    line(joined(story.row.published_on, story.row.section, item.get("byline")))
    line(address(story.row.canonical_url))
    if item.get("standfirst"):
        line()
        line(item["standfirst"], italic=True)
    _print_body(item)


def _print_body(item: dict[str, Any]) -> None:
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
        seen = " to ".join(dict.fromkeys(_minute(at) for at in (row.first_captured_at, row.last_captured_at)))
        line(joined(f"Revision {row.number}", f"seen {seen}", f"captures: {row.captures}", row.layout, changed))
        before = each
    if story.promotions:
        pages = {row.page_url for row in story.promotions}
        line(f"Announced {counted(len(story.promotions), 'time')}, on {counted(len(pages), 'page')}")
    for url in story.same_words:
        line(f"Same words: {address(url)}")


def _minute(at: Any) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "at a time unknown"
