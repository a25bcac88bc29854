"""Stories as scripts for the reader page: a page opened from a folder may load scripts, and fetch nothing."""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, text

from storage.database.values import dumped
from storage.query.export.records import Record

STORIES = 200  # in a script, loaded at once

_STORIES = """
SELECT story.id, story.canonical_url, story.language, story.published_on, story.section, story.revisions,
       newest.headline, newest.byline
FROM story JOIN revision AS newest ON newest.id = story.newest_revision_id
ORDER BY story.published_on IS NULL, story.published_on DESC, story.canonical_url
"""
_REVISIONS = """
SELECT revision.story_id, revision.number, revision.first_captured_at, revision.last_captured_at, revision.captures,
       revision.layout, reading.item
FROM revision JOIN reading ON reading.id = revision.reading_id WHERE revision.story_id IN ({ids})
ORDER BY revision.story_id, revision.number
"""
_OF_ITEM = ("headline", "kicker", "standfirst", "byline", "authors", "agency", "body", "images")


def scripts(connection: Connection, counts: Mapping[str, Any]) -> Iterator[tuple[str, Iterable[bytes]]]:
    """The files of the reader by name, in pieces: the stories, newest first, a few hundred each; then the list of all.

    counts: what the page says of the whole.
    """
    for number, entries in enumerate(_chunks(connection), 1):
        stories = [_story(entry, of) for entry, of in zip(entries, _revisions(connection, entries), strict=True)]
        yield f"stories-{number:04}.js", [f"pack.stories({number},{dumped(stories)});\n".encode()]
    yield "contents.js", _contents(connection, counts)


def _contents(connection: Connection, counts: Mapping[str, Any]) -> Iterator[bytes]:
    yield f'pack.contents({dumped(counts)[:-1]},"stories":['.encode()
    for number, entries in enumerate(_chunks(connection)):
        yield (("," if number else "") + dumped(entries)[1:-1] + "\n").encode()
    yield b"]});\n"


def _chunks(connection: Connection) -> Iterator[list[Record]]:
    rows = connection.execution_options(yield_per=STORIES).execute(text(_STORIES)).mappings()
    for number, chunk in enumerate(rows.partitions(STORIES), 1):
        yield [_entry(row, number) for row in chunk]


def _entry(row: Any, chunk: int) -> Record:
    names = ("id", "language", "section", "revisions", "headline", "byline")
    return {"chunk": chunk, "day": row["published_on"], "url": row["canonical_url"]} | {
        name: row[name] for name in names
    }


def _story(entry: Record, revisions: list[Record]) -> Record:
    return {name: entry[name] for name in ("id", "url", "language", "day", "section")} | {"revisions": revisions}


def _revisions(connection: Connection, entries: list[Record]) -> list[list[Record]]:
    """The revisions of each story, in the order of the entries."""
    ids = ",".join(str(entry["id"]) for entry in entries)
    rows = connection.execute(text(_REVISIONS.format(ids=ids))).mappings()
    of_story = {story: [_revision(row) for row in group] for story, group in groupby(rows, lambda row: row["story_id"])}
    return [of_story[entry["id"]] for entry in entries]


def _revision(row: Any) -> Record:
    item = json.loads(row["item"])
    names = ("number", "first_captured_at", "last_captured_at", "captures", "layout")
    return {name: item.get(name) for name in _OF_ITEM} | {name: row[name] for name in names}
