"""`postscraper show`: one story, its newest wording and its history."""

import json
from contextlib import suppress
from typing import Any

import click
from sqlalchemy import Row

from postscraper.cli import options
from postscraper.cli.output import address, counted, joined, line, print_json
from postscraper.errors import BadRequest
from postscraper.items import plain
from postscraper.newspapers import NEWSPAPERS
from postscraper.urls import canonical, with_scheme
from storage.archive import Archive
from storage.errors import NoSuchStory
from storage.query.history.differences import differences
from storage.query.history.history import FullStory, Wording

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
@options.reading
def show_command(story: str, json_wanted: bool, archive: Archive) -> None:
    """Print one story: its newest wording, its revisions, and where it was announced.

    A story is named by any of its addresses, with or without https://www., by its path alone, or by the
    number that `search` prints.

    \b
    Example:
      postscraper show https://www.phnompenhpost.com/national/a-story
    """
    full = _find(archive, story)
    if json_wanted:
        print_json(_data(full))
    else:
        _print_story(full)
        _print_history(full)


def _find(archive: Archive, story: str) -> FullStory:
    """Raises NoSuchStory; BadRequest for a path that two newspapers have."""
    if story.isascii() and story.isdigit() and len(story) <= _LONGEST_ID:
        return archive.story(int(story))
    typed = [f"https://{paper.host}{story}" for paper in NEWSPAPERS.values()] if story[:1] == "/" else [story]
    addresses = list(dict.fromkeys(each for url in typed for each in (_canonical(url), url)))
    stories: dict[int, FullStory] = {}
    for each in addresses:
        with suppress(NoSuchStory):
            full = archive.story(each)
            stories.setdefault(full.row.id, full)
    if len(stories) > 1:
        both = " and ".join(full.row.canonical_url for full in stories.values())
        raise BadRequest(f"{story} is {both}: write the whole address")
    if not stories:
        raise NoSuchStory(f"the archive holds no story {story}{_instead(archive, addresses)}")
    return next(iter(stories.values()))


def _canonical(url: str) -> str:
    try:
        return canonical(with_scheme(url))
    except ValueError:
        return url


def _instead(archive: Archive, addresses: list[str]) -> str:
    """The withdrawal or the ledger's state of one of the addresses, else a similar address; "" without any."""
    for each in addresses:
        if gone := archive.withdrawal(each):
            return f"; it was withdrawn on {gone.withdrawn_on}: {gone.reason}"
        if (row := archive.ledger.row(each)) is not None:
            return f"; the ledger has the address as {row.state}{f' ({row.why})' if row.why else ''}"
    near = next(filter(None, map(archive.nearest, addresses)), None)
    return f"; did you mean {address(near)}?" if near else ""


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
