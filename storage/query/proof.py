"""The stored wording of a story, with the captures that its fields were read from."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from storage.database.bulk import chunks
from storage.database.schema import Capture, Reading, Revision, Sighting
from storage.errors import NoSuchStory
from storage.query.captures import IN_TIME
from storage.query.history.history import find

_COLUMNS = ("layout", "headline", "kicker", "standfirst", "byline", "agency", "dateline")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredWording:
    """One revision of a story.

    revision: its row. item: as JSON data, with the columns of the row. capture: the row of its text.
    standfirst: the row of the capture whose standfirst the revision has, where `capture` has no place for one; None
        where it is the same.
    """

    canonical_url: str
    revision: Row[Any]
    item: Mapping[str, Any]
    capture: Row[Any]
    standfirst: Row[Any] | None


def stored_wording(connection: Connection, story_id: int, number: int | None = None) -> StoredWording:
    """number: of the revision, from 1; None: the newest. Raises NoSuchStory."""
    revision, capture = Revision.__table__, Capture.__table__
    story = find(connection, story_id)
    chosen = story.revisions if number is None else number
    of_story = select(revision).where(revision.c.story_id == story_id, revision.c.number == chosen)
    row = connection.execute(of_story).first()
    if row is None:
        held = f"{story.revisions} revision{'s' if story.revisions != 1 else ''}"
        raise NoSuchStory(f"{story.canonical_url} has {held}, and no revision {number}")
    item = json.loads(connection.execute(select(Reading.item).where(Reading.id == row.reading_id)).scalar_one())
    return StoredWording(
        canonical_url=story.canonical_url,
        revision=row,
        item=item | {name: getattr(row, name) for name in _COLUMNS},
        capture=connection.execute(select(capture).where(capture.c.id == row.capture_id)).one(),
        standfirst=_standfirst(connection, row) if row.standfirst != item.get("standfirst") else None,
    )


def _standfirst(connection: Connection, revision: Row[Any]) -> Row[Any] | None:
    """The first capture of the story whose reading has the revision's standfirst."""
    capture, reading = Capture.__table__, Reading.__table__
    captures = (
        select(capture, reading.c.item)
        .join(reading, reading.c.id == capture.c.reading_id)
        .where(capture.c.story_id == revision.story_id)
        .order_by(*IN_TIME)
    )
    rows = connection.execute(captures)
    return next((row for row in rows if json.loads(row.item).get("standfirst") == revision.standfirst), None)


def fields_of(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """The stored fields that were read from captures, by their ids; named as the findings of `verify` name them."""
    capture, reading, sighting = Capture.__table__.c, Reading.__table__.c, Sighting.__table__.c
    names: dict[int, tuple[str, ...]] = {}
    for chunk in chunks(sorted(ids)):
        with_teasers = set(
            connection.execute(select(sighting.capture_id).where(sighting.capture_id.in_(chunk)).distinct()).scalars()
        )
        query = select(capture.id, reading.item).join_from(Capture, Reading, reading.id == capture.reading_id)
        for number, item in connection.execute(query.where(capture.id.in_(chunk))):
            teasers = ("sightings",) if number in with_teasers else ()
            names[number] = (*(f"reading.{name}" for name, value in _filled(item)), *teasers)
    return names


def _filled(item: str) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in json.loads(item).items() if value not in (None, "", [], {})]
