"""The newspaper as of a moment: pages and stories as they stood, each with the age of its evidence.

Everything is from the newest capture not later than the moment. An answer 304 of the same source behind it confirms
it. Between two captures nobody knows; the age says how long nobody looked.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Row, and_, not_, or_, select

from storage.database.schema import Capture, Reading, Revision, Sighting, Story
from storage.query.captures import IN_TIME, LAST_FIRST
from storage.query.history.best import Source, best_reading
from storage.query.history.gone import Gone, Resolve, gone
from storage.query.history.promotion import is_whole

State = Literal[
    "stands",
    "gone",  # its address answered without it
    "seen later",  # published by then, and first captured later
]

_CAPTURE, _STORY = Capture.__table__.c, Story.__table__.c
# A page that broke off shows that the story stood there, and not its words: see storage/ingest/wording.py.
_PIECE = and_(_CAPTURE.words_digest.like("?%"), not_(_CAPTURE.words_digest.like("?.%")))


@dataclass(frozen=True, slots=True, kw_only=True)
class PageAsOf:
    """A page with teasers as it stood.

    captured_at: of the capture that shows it. seen_at: of that, or of an answer behind it that the page is unchanged.
    age: from `seen_at` to the moment. whole: whether the page came to its end. teasers: rows of `sighting`.
    """

    page: str
    capture_id: int
    layout: str | None
    captured_at: datetime
    seen_at: datetime
    age: timedelta
    whole: bool
    teasers: list[Row[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryAsOf:
    """A story as it stood.

    revision: its number; item: what the captures of this wording up to the moment print, one form filling another.
    captured_at, seen_at: as of a page. age: from `seen_at` to the moment; negative for a story that was seen later,
    and None when no capture has a known time. gone: of a story that is gone.
    """

    story_id: int
    canonical_url: str
    state: State
    revision: int
    item: dict[str, Any]
    captured_at: datetime | None
    seen_at: datetime | None
    age: timedelta | None
    gone: Gone | None


def page_as_of(connection: Connection, address: str, moment: datetime) -> PageAsOf | None:
    """A front page or another list by its ledger's address; None when no capture of it is as old as the moment."""
    query = (
        select(Capture.__table__)
        .where(_CAPTURE.address == address, _CAPTURE.outcome == "listing", _CAPTURE.part == "")
        .where(_CAPTURE.captured_at <= moment)
        .order_by(*LAST_FIRST)
        .limit(1)
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    seen_at = _confirmed_at(connection, address, row, moment)
    sighting = Sighting.__table__
    teasers = select(sighting).where(sighting.c.capture_id == row.id).order_by(sighting.c.id)
    return PageAsOf(
        page=address,
        capture_id=row.id,
        layout=row.layout,
        captured_at=row.captured_at,
        seen_at=seen_at,
        age=moment - seen_at,
        whole=is_whole(row.problems),
        teasers=list(connection.execute(teasers)),
    )


def pages_as_of(connection: Connection, addresses: Collection[str], moment: datetime) -> list[PageAsOf]:
    """Those of the pages that were captured by then, in their order."""
    stood = (page_as_of(connection, address, moment) for address in addresses)
    return [page for page in stood if page is not None]


def _confirmed_at(connection: Connection, address: str, row: Row[Any], moment: datetime) -> datetime:
    """The last moment at which the source of a capture said that the page is as captured."""
    query = (
        select(_CAPTURE.captured_at)
        .where(_CAPTURE.address == address, _CAPTURE.reason == "not_modified", _CAPTURE.source == row.source)
        .where(_CAPTURE.captured_at > row.captured_at, _CAPTURE.captured_at <= moment)
        .order_by(_CAPTURE.captured_at.desc())
        .limit(1)
    )
    at: datetime | None = connection.execute(query).scalar()
    return at or row.captured_at


def stories_as_of(
    connection: Connection,
    moment: datetime,
    last_day: date,
    resolve: Resolve,
    *,
    host: str,
    limit: int | None = None,
    offset: int = 0,
) -> list[StoryAsOf]:
    """Stories of a host that were published or seen by then, the newest day first.

    last_day: the last whole day before the moment on the newspaper's clock. resolve: see storage/query/history/gone.py.
    """
    by_then = or_(_STORY.first_seen_at <= moment, _published(moment, last_day))
    query = select(Story.__table__).where(by_then, _STORY.canonical_url.startswith(f"https://{host}/", autoescape=True))
    query = query.order_by(_STORY.published_on.desc().nulls_last(), _STORY.id.desc())
    rows = connection.execute(query.limit(limit).offset(offset)).all()
    absent = _absences(connection, resolve, rows, moment)
    return [_story_as_of(connection, row, moment, absent.get(row.id)) for row in rows]


def story_as_of(
    connection: Connection, story: Row[Any], moment: datetime, last_day: date, resolve: Resolve
) -> StoryAsOf | None:
    """One story by its row; None when it was neither published nor seen by then."""
    if story.first_seen_at is None or story.first_seen_at > moment:
        published = connection.execute(select(_STORY.id).where(_STORY.id == story.id, _published(moment, last_day)))
        if published.first() is None:
            return None
    absent = _absences(connection, resolve, [story], moment)
    return _story_as_of(connection, story, moment, absent.get(story.id))


def _published(moment: datetime, last_day: date) -> Any:
    """By the moment, or where only the day is known, by the last day that was over."""
    return or_(_STORY.published_at <= moment, and_(_STORY.published_at.is_(None), _STORY.published_on <= last_day))


def _absences(
    connection: Connection, resolve: Resolve, stories: Sequence[Row[Any]], moment: datetime
) -> dict[int, Gone]:
    """Stories that are gone at the moment, by number."""
    absences = gone(connection, resolve, story_ids=[row.id for row in stories], until=moment)
    return {each.story_id: each for each in absences if each.back_at is None}


def _story_as_of(connection: Connection, story: Row[Any], moment: datetime, absent: Gone | None) -> StoryAsOf:
    captures = select(Capture.__table__).where(_CAPTURE.story_id == story.id)
    by_then = captures.where(_CAPTURE.captured_at <= moment).order_by(*LAST_FIRST)
    row = connection.execute(by_then.where(not_(_PIECE)).limit(1)).first()
    last = connection.execute(by_then.limit(1)).first()
    state: State = "gone" if absent else "stands"
    if last is None:
        order = (_CAPTURE.captured_at.is_(None), *IN_TIME)
        last = connection.execute(captures.order_by(*order).limit(1)).one()
        state = "seen later"
    row = row or last
    seen_at = last.captured_at and _confirmed_at(connection, story.canonical_url, last, moment)
    revision, sources = _wording(connection, story.id, row)
    return StoryAsOf(
        story_id=story.id,
        canonical_url=story.canonical_url,
        state=state,
        revision=revision,
        item=best_reading(sources).item,
        captured_at=row.captured_at,
        seen_at=seen_at,
        age=moment - seen_at if seen_at else None,
        gone=absent,
    )


def _wording(connection: Connection, story_id: int, row: Row[Any]) -> tuple[int, list[Source]]:
    """The revision that a capture shows, and the readings of its captures up to this one."""
    revision = Revision.__table__.c
    begun = select(revision.number, revision.first_captured_at).where(revision.story_id == story_id)
    known = begun.order_by(revision.number.desc()).limit(1)
    if row.captured_at is not None:
        known = known.where(revision.first_captured_at <= row.captured_at)
    shown = connection.execute(known).first() or connection.execute(begun.order_by(revision.number).limit(1)).one()
    own = Source(capture_id=row.id, captured_at=row.captured_at, item=_item(connection, row.reading_id))
    if row.captured_at is None or shown.first_captured_at is None:
        return shown.number, [own]
    return shown.number, list(_sources(connection, story_id, shown.first_captured_at, row)) or [own]


def _sources(connection: Connection, story_id: int, since: datetime, row: Row[Any]) -> Iterator[Source]:
    reading = Reading.__table__.c
    query = (
        select(_CAPTURE.id, _CAPTURE.captured_at, reading.item)
        .join(Reading, reading.id == _CAPTURE.reading_id)
        .where(_CAPTURE.story_id == story_id, _CAPTURE.captured_at >= since, _CAPTURE.captured_at <= row.captured_at)
    )
    own = connection.execute(query.where(~_CAPTURE.words_of_another).order_by(*IN_TIME)).all()
    for capture_id, captured_at, item in own:
        yield Source(capture_id=capture_id, captured_at=captured_at, item=json.loads(item))


def _item(connection: Connection, reading_id: int) -> Any:
    reading = Reading.__table__.c
    return json.loads(connection.execute(select(reading.item).where(reading.id == reading_id)).scalar_one())
