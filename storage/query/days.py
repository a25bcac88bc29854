"""The newspaper by days: how many stories a day has, which they are, and what was edited on it."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, select

from storage.database.bulk import chunks
from storage.database.schema import Address, Capture, Revision, Story

_STORY, _REVISION, _ADDRESS, _CAPTURE = (table.__table__.c for table in (Story, Revision, Address, Capture))

# States of an address that was not visited yet, or without success.
_TO_COME = ("known", "leased", "failed")


def _of_host(host: str) -> ColumnElement[bool]:
    return _STORY.canonical_url.startswith(f"https://{host}/", autoescape=True)


def stories_by_day(connection: Connection, since: date | None = None, until: date | None = None) -> dict[date, int]:
    """Stories by day of publication, the earliest first; since, until: both included."""
    query = select(_STORY.published_on, func.count()).where(_STORY.published_on.is_not(None))
    if since is not None:
        query = query.where(_STORY.published_on >= since)
    if until is not None:
        query = query.where(_STORY.published_on <= until)
    rows = connection.execute(query.group_by(_STORY.published_on).order_by(_STORY.published_on))
    return {day: count for day, count in rows if day is not None}


def not_held_by_day(connection: Connection, since: date | None = None, until: date | None = None) -> dict[date, int]:
    """Addresses of stories that the ledger knows with their day, and that are not held yet."""
    query = (
        select(_ADDRESS.dated_on, func.count())
        .outerjoin(Story, _STORY.canonical_url == _ADDRESS.address)
        .where(_ADDRESS.state.in_(_TO_COME), _ADDRESS.kind == "story", _STORY.id.is_(None))
        .where(_ADDRESS.dated_on.is_not(None))
    )
    if since is not None:
        query = query.where(_ADDRESS.dated_on >= since)
    if until is not None:
        query = query.where(_ADDRESS.dated_on <= until)
    rows = connection.execute(query.group_by(_ADDRESS.dated_on))
    return {day: count for day, count in rows if day is not None}


def neighbours(connection: Connection, day: date) -> tuple[date | None, date | None]:
    """The last day before and the first day after that have stories."""
    before = select(func.max(_STORY.published_on)).where(_STORY.published_on < day)
    after = select(func.min(_STORY.published_on)).where(_STORY.published_on > day)
    return connection.execute(before).scalar(), connection.execute(after).scalar()


def stories_of_day(connection: Connection, day: date, host: str, limit: int) -> list[Row[Any]]:
    """Stories of a newspaper's host published on a day, in their newest wording, by section."""
    columns = (_STORY.id, _STORY.canonical_url, _STORY.language, _STORY.section, _STORY.published_at, _STORY.revisions)
    words = (_REVISION.headline, _REVISION.standfirst, _REVISION.byline)
    query = (
        select(*columns, *words)
        .join(Revision, _REVISION.id == _STORY.newest_revision_id)
        .where(_STORY.published_on == day, _of_host(host))
        .order_by(_STORY.section.is_(None), _STORY.section, _STORY.id)
        .limit(limit)
    )
    return list(connection.execute(query))


def edited_between(connection: Connection, start: datetime, end: datetime, host: str, limit: int) -> list[Row[Any]]:
    """Revisions but the first of a story that were first captured from `start` to before `end`."""
    query = (
        select(_STORY.id, _STORY.canonical_url, _STORY.language, _REVISION.number, _REVISION.headline)
        .add_columns(_REVISION.first_captured_at)
        .select_from(Capture)
        .join(
            Revision, and_(_REVISION.story_id == _CAPTURE.story_id, _REVISION.first_captured_at == _CAPTURE.captured_at)
        )
        .join(Story, _STORY.id == _REVISION.story_id)
        .where(_CAPTURE.captured_at >= start, _CAPTURE.captured_at < end)
        .where(_REVISION.number > 1, _of_host(host))
        .distinct()
        .order_by(_REVISION.first_captured_at, _REVISION.id)
        .limit(limit)
    )
    return list(connection.execute(query))


def absent_between(connection: Connection, start: datetime, end: datetime, host: str) -> list[int]:
    """Numbers of stories whose address answered without them from `start` to before `end`."""
    query = (
        select(_STORY.id)
        .join(Capture, _CAPTURE.address == _STORY.canonical_url)
        .where(_CAPTURE.captured_at >= start, _CAPTURE.captured_at < end, _of_host(host))
        .where(_CAPTURE.outcome == "unread", _CAPTURE.reason.in_(("gone", "soft_404", "moved")))
        .distinct()
    )
    return list(connection.execute(query).scalars())


def numbers_of(connection: Connection, addresses: Collection[str]) -> dict[str, int]:
    """The numbers of the stories that are held, by canonical address."""
    by_address: dict[str, int] = {}
    for chunk in chunks(sorted(addresses)):
        query = select(_STORY.canonical_url, _STORY.id).where(_STORY.canonical_url.in_(chunk))
        by_address.update((url, number) for url, number in connection.execute(query))
    return by_address
