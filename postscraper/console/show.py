"""`postscraper show`: one story, its newest wording and its past."""

import json
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Row

from postscraper.console import options
from postscraper.console.terminal import address, joined, line, print_json
from postscraper.items import plain
from postscraper.urls import canonical
from storage.archive import Archive
from storage.errors import NoSuchStory
from storage.history import FullStory, Wording, differences

_BEFORE = {"list_item": "• ", "quote": "    "}
_STYLE: dict[str, dict[str, bool]] = {
    "crosshead": {"bold": True},
    "credit": {"italic": True},
    "correction": {"italic": True},
}
_LONGEST_ID = 18  # digits; the numbers of stories are SQLite's, which have 64 bits


@click.command("show")
@click.argument("story", metavar="URL|ID")
@options.json
@options.archive
def command(story: str, json_wanted: bool, archive: Path) -> None:
    """Print one story: its newest wording, its revisions, and where it was announced.

    A story is named by any of its addresses, or by the number that `search` prints.

    \b
    Example:
      postscraper show https://www.phnompenhpost.com/national/a-story
    """
    with Archive.open(archive, readonly=True) as opened:
        found = _found(opened, story)
    if json_wanted:
        print_json(_data(found))
    else:
        _print_story(found)
        _print_past(found)


def _found(archive: Archive, story: str) -> FullStory:
    """Raises NoSuchStory."""
    if story.isascii() and story.isdigit() and len(story) <= _LONGEST_ID:
        return archive.story(int(story))
    try:
        return archive.story(canonical(story))
    except (ValueError, NoSuchStory):
        return archive.story(story)


def _data(found: FullStory) -> dict[str, Any]:
    return {
        "story": _columns(found.row),
        "revisions": [_columns(each.row) | {"item": each.item} for each in found.revisions],
        "captures": [_columns(row) for row in found.captures],
        "promotions": [_columns(row) for row in found.promotions],
        "same_words": found.same_words,
    }


def _columns(row: Row[Any]) -> dict[str, Any]:
    # `item` and `problems` are kept as JSON text.
    found = {name: plain(value) for name, value in row._mapping.items() if name != "item"}
    if found.get("problems"):
        found["problems"] = json.loads(found["problems"])
    return found


def _print_story(found: FullStory) -> None:
    item = found.revisions[-1].item
    if item.get("kicker"):
        line(item["kicker"])
    line(item["headline"], bold=True)
    line(joined(found.row.published_on, found.row.section, item.get("byline")))
    line(address(found.row.canonical_url))
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


def _print_past(found: FullStory) -> None:
    line()
    before: Wording | None = None
    for each in found.revisions:
        row = each.row
        changed = f"changed: {', '.join(differences(before, each))}" if before else None
        seen = " to ".join(dict.fromkeys(_minute(at) for at in (row.first_captured_at, row.last_captured_at)))
        line(joined(f"Revision {row.number}", f"seen {seen}", f"captures: {row.captures}", row.layout, changed))
        before = each
    if found.promotions:
        pages = {row.page_url for row in found.promotions}
        line(f"Announced {len(found.promotions)} times, on {len(pages)} pages")
    for url in found.same_words:
        line(f"Same words: {address(url)}")


def _minute(at: Any) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "at a time unknown"
