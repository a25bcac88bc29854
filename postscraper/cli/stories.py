"""Stories and revisions as people name them on the command line."""

import json
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any

from sqlalchemy import Row

from postscraper.cli.output import address, counted, joined, span
from postscraper.errors import BadRequest
from postscraper.items import plain
from postscraper.run.evidence_reader import EvidenceReader
from postscraper.urls import addresses_typed
from storage.archive import Archive
from storage.errors import NoSuchStory
from storage.ingest import tombstones
from storage.query.history.history import FullStory, Wording, find, nearest

_LONGEST_ID = 18  # digits; the numbers of stories are SQLite's, which have 64 bits


def find_story(archive: Archive, story: str) -> FullStory:
    """As `find_row`, with the whole history."""
    return archive.story(find_row(archive, story).id)


def find_row(archive: Archive, story: str) -> Row[Any]:
    """The row of a story by its number, an address with or without https://www., or a path alone.

    Raises NoSuchStory; BadRequest for a path that two newspapers have.
    """
    if story.isascii() and story.isdigit() and len(story) <= _LONGEST_ID:
        return archive.ask(find, int(story))
    addresses = addresses_typed(story)
    stories: dict[int, Row[Any]] = {}
    for each in addresses:
        with suppress(NoSuchStory):
            row = archive.ask(find, each)
            stories.setdefault(row.id, row)
    if len(stories) > 1:
        both = " and ".join(row.canonical_url for row in stories.values())
        raise BadRequest(f"{story} is {both}: write the whole address")
    if not stories:
        raise NoSuchStory(f"the archive holds no story {story}{_instead(archive, addresses)}")
    return next(iter(stories.values()))


def _instead(archive: Archive, addresses: list[str]) -> str:
    """What one of the addresses is instead, or became, else a similar address; "" without any."""
    for each in addresses:
        if gone := archive.ask(tombstones.of, each):
            return f"; it was withdrawn on {gone.withdrawn_on}: {gone.reason}"
        if (row := archive.ledger.row(each)) is not None:
            if row.kind in ("front", "listing") and row.state in ("done", "unchanged"):
                return f"; it is a list: `postscraper front {address(each)}` prints it"
            return f"; the ledger has the address as {row.state}{f' ({row.why})' if row.why else ''}"
    near = next(filter(None, (archive.ask(nearest, each) for each in addresses)), None)
    return f"; did you mean {address(near)}?" if near else ""


def wording(story: FullStory, number: int) -> Wording:
    """A revision by its number. Raises NoSuchStory."""
    if not 1 <= number <= len(story.revisions):
        held = counted(len(story.revisions), "revision")
        raise NoSuchStory(f"{address(story.row.canonical_url)} has {held}, and no revision {number}")
    return story.revisions[number - 1]


def revision_facts(row: Row[Any]) -> str:
    """A revision on one line: its number, when and how often it was seen, and its design."""
    seen = f"seen {span(row.first_captured_at, row.last_captured_at)}"
    return joined(f"Revision {row.number}", seen, f"captures: {row.captures}", row.layout)


def columns(row: Row[Any]) -> dict[str, Any]:
    """A row as JSON data, without the whole item."""
    # `item` and `problems` are stored as JSON text.
    values = {name: plain(value) for name, value in row._mapping.items() if name != "item"}
    if values.get("problems"):
        values["problems"] = json.loads(values["problems"])
    return values


def picture_keys(archive: Archive) -> Callable[[str], str | None]:
    """The ledger's key of a picture's url; None for what is no address."""
    reader = EvidenceReader(archive.folder)

    @lru_cache(maxsize=100_000)
    def key(url: str) -> str | None:
        try:
            return reader.address(url)
        except ValueError:
            return None

    return key
