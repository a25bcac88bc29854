"""What the archive holds of a batch of items, read in a few statements."""

import json
from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, CursorResult, func, select, text

from storage.entries import Entry, second
from storage.frontier import chunks
from storage.intake import Intake, Known
from storage.plain import raw
from storage.tables import Capture, Reading, Revision, Story
from storage.timeline import Seen, Timeline

# The columns of a revision that may change while its text stands.
MOVING = ("number", "words_digest", "standfirst", "first_captured_at", "last_captured_at", "captures", "capture_id")

PAIRS = 256  # of address and second in one statement
_SECOND = timedelta(seconds=1)

_CAPTURE = Capture.__table__.c
_STORY = Story.__table__.c


def load(connection: Connection, entries: Sequence[Entry]) -> Intake:
    """The captures, stories and readings that the entries may meet."""
    intake = Intake(
        next_story=_next(connection, _STORY.id),
        next_capture=_next(connection, _CAPTURE.id),
        next_reading=_next(connection, Reading.__table__.c.id),
    )
    _met(connection, intake, entries)
    wanted = {entry.canonical_url for entry in entries if entry.outcome == "article"}
    _stories(connection, intake, _STORY.canonical_url, wanted)
    met = {each["story_id"] for each in intake.by_id.values()} - {None} - set(intake.by_story)
    load_stories(connection, intake, met)
    digests = {entry.reading_digest for entry in entries if entry.reading_digest is not None}
    reading = Reading.__table__.c
    for some in chunks(sorted(digests)):
        found = connection.execute(select(reading.digest, reading.id).where(reading.digest.in_(some)))
        intake.reading_ids.update((digest, reading_id) for digest, reading_id in found)
    return intake


def load_stories(connection: Connection, intake: Intake, story_ids: Iterable[int]) -> None:
    """Stories by id, and of all that the intake knows now their timelines and revisions."""
    _stories(connection, intake, _STORY.id, set(story_ids))
    _timelines(connection, intake)
    _revisions(connection, intake)


def load_followers(connection: Connection, intake: Intake, story_ids: Iterable[int]) -> None:
    """The captures of stories that have the words of another."""
    _captures(connection, intake, _CAPTURE.story_id, set(story_ids), _CAPTURE.words_of_another)


def readings(connection: Connection, ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """What readings say, by id."""
    reading = Reading.__table__.c
    found: dict[int, dict[str, Any]] = {}
    for some in chunks(sorted(set(ids))):
        for reading_id, item in connection.execute(select(reading.id, reading.item).where(reading.id.in_(some))):
            found[reading_id] = json.loads(item)
    return found


def _next(connection: Connection, column: Any) -> int:
    found: int = connection.execute(select(func.coalesce(func.max(column), 0) + 1)).scalar_one()
    return found


def _met(connection: Connection, intake: Intake, entries: Sequence[Entry]) -> None:
    """Captures of the same addresses and seconds; not of the addresses alone, for a front page has thousands."""
    moments = {(entry.key[0], at) for entry in entries if (at := second(entry.captured_at)) is not None}
    for some in chunks(sorted(moments), PAIRS):
        count = 1 << (len(some) - 1).bit_length()
        pairs = [*some, *[some[-1]] * (count - len(some))]
        values: dict[str, Any] = {}
        for number, (url, at) in enumerate(pairs):
            values |= {f"u{number}": url, f"m{number}": raw(at), f"n{number}": raw(at + _SECOND)}
        _take_in(intake, connection.execute(of_moments(count), values))
    undated = {entry.key[0] for entry in entries if entry.captured_at is None}
    _captures(connection, intake, _CAPTURE.url, undated, _CAPTURE.captured_at.is_(None))


@lru_cache(maxsize=PAIRS.bit_length())
def of_moments(count: int) -> Any:
    """Written by hand, for SQLite uses the index for a join, and not for `(url, captured_at) IN (VALUES …)`.

    count: a power of two, for SQLAlchemy keeps hundreds of statements, and each of these takes 400 kB.
    """
    pairs = ", ".join(f"(:u{at}, :m{at}, :n{at})" for at in range(count))
    names = ", ".join(f"capture.{column.name}" for column in _CAPTURE)
    same = "capture.url = wanted.url AND capture.captured_at >= wanted.since AND capture.captured_at < wanted.until"
    wanted = f"WITH wanted (url, since, until) AS (VALUES {pairs}) SELECT {names} FROM wanted JOIN capture ON {same}"
    return text(wanted).columns(*_CAPTURE)


def _captures(connection: Connection, intake: Intake, column: Any, values: set[Any], *also: Any) -> None:
    for some in chunks(sorted(values)):
        _take_in(intake, connection.execute(select(Capture.__table__).where(column.in_(some), *also)))


def _take_in(intake: Intake, found: CursorResult[Any]) -> None:
    for row in found.mappings():
        if row["id"] not in intake.by_id:
            intake.holds(dict(row))


def _stories(connection: Connection, intake: Intake, column: Any, values: set[Any]) -> None:
    for some in chunks(sorted(values)):
        for row in connection.execute(select(Story.__table__).where(column.in_(some))):
            story = Known(row.id, row.canonical_url, row=row)
            intake.stories[story.canonical_url] = intake.by_story[story.id] = story


def _timelines(connection: Connection, intake: Intake) -> None:
    """Of each capture what a timeline wants and no more: a front page's story may have thousands."""
    names = ("story_id", "id", "captured_at", "digest", "url", "source", "part", "words_digest", "reading_id")
    columns = [_CAPTURE[name] for name in (*names, "words_of_another")]
    found: dict[int, list[Seen]] = {}
    for some in chunks(sorted(intake.by_story)):
        rows = connection.execute(select(*columns).where(_CAPTURE.story_id.in_(some)))
        for story_id, capture_id, captured_at, digest, url, source, part, *rest in rows:
            found.setdefault(story_id, []).append(Seen(capture_id, captured_at, (digest, url, source, part), *rest))
    for story_id, seen in found.items():
        intake.by_story[story_id].timeline = Timeline.of(seen)


def _revisions(connection: Connection, intake: Intake) -> None:
    revision = Revision.__table__.c
    columns = [revision[name] for name in ("id", "story_id", "reading_id", *MOVING)]
    for some in chunks(sorted(intake.by_story)):
        found = select(*columns).where(revision.story_id.in_(some)).order_by(revision.number)
        for row in connection.execute(found):
            intake.by_story[row.story_id].revisions.append(row)
