"""A batch of items, compared with what the archive holds: what is new, what is the same.

Everything happens in memory between one reading of the tables (storage/ingest/batch.py) and one writing
(storage/ingest/write.py), so that a thousand pages cost a dozen statements.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, CursorResult, Row, func, select, text

from storage.database.bulk import chunks
from storage.database.schema import Capture, Reading, Revision, Story
from storage.database.values import Values as Values
from storage.database.values import raw
from storage.ingest.prepare import ArticleRow, Identity, Key, PreparedItem, identity_of, key_of, second
from storage.ingest.timeline import Observation, Timeline


class Outcome(StrEnum):
    """What became of an item."""

    NEW_STORY = "new story"
    NEW_REVISION = "new revision"
    SAME_WORDS = "same words"
    REREAD = "reread"  # a capture the archive had, with another reading now
    LISTING = "listing"
    UNREAD = "unread"
    KNOWN_CAPTURE = "known capture"  # nothing changed
    WITHDRAWN = "withdrawn"  # of a story that is kept out


@dataclass(slots=True)
class StoryState:
    """A story as the batch sees it; `row` and `revisions` are what the archive has of it.

    new: its captures that the batch brings, by id. anew: older ones changed, so `row` is no longer what they say.
    """

    id: int
    canonical_url: str
    timeline: Timeline = field(default_factory=Timeline)
    new: set[int] = field(default_factory=set)
    anew: bool = False
    row: Row[Any] | None = None
    revisions: list[Row[Any]] = field(default_factory=list)


@dataclass(slots=True)
class Batch:
    """The state of one batch. `loading.load` fills the first block, `take` the second.

    by_key, by_identity, by_id: the values of captures that the batch may meet. reading_ids: by digest.
    said: what readings say, by id, as far as it is in memory.
    added, changed: ids of captures to be inserted, updated. followed: other words for captures that
    the batch does not meet. readings: new ones, by id.
    touched: stories to be told anew. announced: whose teasers are to be written, by capture.
    dropped: readings that a reread replaced.
    """

    stories: dict[str, StoryState] = field(default_factory=dict)
    by_story: dict[int, StoryState] = field(default_factory=dict)
    by_key: dict[Key, Values] = field(default_factory=dict)
    by_identity: dict[Identity, Values] = field(default_factory=dict)
    by_id: dict[int, Values] = field(default_factory=dict)
    reading_ids: dict[str, int] = field(default_factory=dict)
    next_story: int = 1
    next_capture: int = 1
    next_reading: int = 1

    articles: dict[int, ArticleRow] = field(default_factory=dict)
    added: dict[int, None] = field(default_factory=dict)
    changed: dict[int, None] = field(default_factory=dict)
    followed: dict[int, Values] = field(default_factory=dict)
    readings: dict[int, PreparedItem] = field(default_factory=dict)
    touched: dict[int, StoryState] = field(default_factory=dict)
    announced: dict[int, PreparedItem] = field(default_factory=dict)
    dropped: set[int] = field(default_factory=set)

    def holds(self, values: Values) -> None:
        """Let the batch meet a capture that the archive has; of several that are one, the first came first."""
        self.by_id[values["id"]] = self.by_key[key_of(values)] = values
        first = self.by_identity.setdefault(identity_of(values), values)
        if values["id"] < first["id"]:
            self.by_identity[identity_of(values)] = values

    def add(self, entry: PreparedItem) -> tuple[PreparedItem, Outcome, int]:
        """What becomes of an item, and the id of its capture; the entry with the moment and validators of that."""
        held = self.by_key.get(entry.key)
        if held is None and (same := self.by_identity.get(identity_of(entry.capture))):
            return _as_held(entry, same), Outcome.KNOWN_CAPTURE, same["id"]
        return (entry, *(self._new(entry) if held is None else self._again(held, entry)))

    def _again(self, held: Values, entry: PreparedItem) -> tuple[Outcome, int]:
        capture_id: int = held["id"]
        if self._reads_the_same(held, entry):
            self._mend_record(held, entry)
            if held["words_of_another"]:
                self.stand_alone(held, entry.capture["words_digest"])
            return Outcome.KNOWN_CAPTURE, capture_id
        self._reread(held, entry)
        return Outcome.REREAD, capture_id

    def _new(self, entry: PreparedItem) -> tuple[Outcome, int]:
        values = {"id": self.next_capture, **entry.capture}
        if values["part"] and (whole := self.by_identity.get(identity_of(values | {"part": ""}))):
            values |= {name: whole[name] for name in ("captured_at", "source", *_RECORD)}
        self.next_capture += 1
        self.holds(values)
        self.added[values["id"]] = None
        return self._file(values, entry), values["id"]

    def _file(self, values: Values, entry: PreparedItem) -> Outcome:
        """Give a capture its reading, and its place in its story."""
        values["reading_id"] = self._reading(entry)
        if entry.sightings:
            self.announced[values["id"]] = entry
        if entry.canonical_url is None or entry.article is None:
            return Outcome.LISTING if entry.outcome == "listing" else Outcome.UNREAD
        story = self._story(entry.canonical_url)
        values["story_id"] = story.id
        first = not story.timeline.observations
        other_words = story.timeline.add(observation_of(values))
        story.new.add(values["id"])
        self.touched[story.id] = story
        if first:
            return Outcome.NEW_STORY
        return Outcome.NEW_REVISION if other_words else Outcome.SAME_WORDS

    def _reread(self, held: Values, entry: PreparedItem) -> None:
        before = self._story_of(held)
        if held["reading_id"] is not None:
            self.dropped.add(held["reading_id"])
        record = {name: held[name] for name in _KEPT if held[name] is not None}
        held |= entry.capture | record
        self._change(held)
        self.announced[held["id"]] = entry
        if before is None:
            self._file(held, entry)
            return
        self._tell_anew(before)
        if entry.canonical_url == before.canonical_url and entry.article is not None:
            held |= {"story_id": before.id, "reading_id": self._reading(entry)}
            for seen in before.timeline.reread(observation_of(held)):
                self._follow(seen)
        else:
            before.timeline.remove(held["id"])
            self._file(held, entry)

    def stand_alone(self, held: Values, words: str | None) -> None:
        """Let a capture have the words of its own reading again; see Timeline.reread."""
        story = self.by_story[held["story_id"]]
        held |= {"words_digest": words, "words_of_another": False}
        self._tell_anew(story)
        for seen in story.timeline.reread(observation_of(held)):
            self._follow(seen)

    def _tell_anew(self, story: StoryState) -> None:
        story.anew = True
        self.touched[story.id] = story

    def _follow(self, seen: Observation) -> None:
        words = {"words_digest": seen.words, "words_of_another": seen.inherited}
        values = self.by_id.get(seen.capture_id)
        if values is None:
            self.followed[seen.capture_id] = {"id": seen.capture_id, **words}
        else:
            values |= words
            self._change(values)

    def _change(self, values: Values) -> None:
        if values["id"] not in self.added:
            self.changed[values["id"]] = None

    def _mend_record(self, held: Values, entry: PreparedItem) -> None:
        """The evidence may come to be kept after the item was."""
        if held["evidence_file"] is None and entry.capture["evidence_file"] is not None:
            held |= {name: entry.capture[name] for name in _RECORD}
            self._change(held)

    def _reads_the_same(self, held: Values, entry: PreparedItem) -> bool:
        if held["outcome"] != entry.outcome or held["teasers_digest"] != entry.capture["teasers_digest"]:
            return False
        if entry.reading_digest is None:
            return all(held[name] == entry.capture[name] for name in ("reason", "detail"))
        return held["reading_id"] is not None and held["reading_id"] == self.reading_ids.get(entry.reading_digest)

    def _story(self, canonical_url: str) -> StoryState:
        story = self.stories.get(canonical_url)
        if story is None:
            story = StoryState(self.next_story, canonical_url)
            self.stories[canonical_url] = self.by_story[story.id] = story
            self.next_story += 1
        return story

    def _story_of(self, held: Values) -> StoryState | None:
        return None if held["story_id"] is None else self.by_story[held["story_id"]]

    def _reading(self, entry: PreparedItem) -> int | None:
        if entry.reading_digest is None:
            return None
        reading_id = self.reading_ids.get(entry.reading_digest)
        if reading_id is None:
            reading_id = self.reading_ids[entry.reading_digest] = self.next_reading
            self.readings[reading_id] = entry
            self.next_reading += 1
        if entry.article is not None:
            self.articles[reading_id] = entry.article
        return reading_id


def _as_held(entry: PreparedItem, held: Values) -> PreparedItem:
    """An entry of a capture that another source brought first, which keeps its own moment and validators."""
    visit = entry.visit and replace(entry.visit, etag=held["etag"], last_modified=held["last_modified"])
    return replace(entry, key=key_of(held), visit=visit)


def observation_of(values: Values) -> Observation:
    return Observation(
        capture_id=values["id"],
        captured_at=values["captured_at"],
        tie=(values["digest"], values["url"], values["source"], values["part"]),
        words=values["words_digest"],
        reading_id=values["reading_id"],
        inherited=values["words_of_another"],
    )


_RECORD = ("evidence_file", "evidence_offset", "evidence_length")
# What a reread of a capture does not take away when it does not bring it.
_KEPT = (*_RECORD, "etag", "last_modified")


# The columns of a revision that may change while its text stands.
MOVING = ("number", "words_digest", "standfirst", "first_captured_at", "last_captured_at", "captures", "capture_id")

PAIRS = 256  # of address and second in one statement
_SECOND = timedelta(seconds=1)

_CAPTURE = Capture.__table__.c
_STORY = Story.__table__.c


def load(connection: Connection, entries: Sequence[PreparedItem]) -> Batch:
    """The captures, stories and readings that the entries may meet."""
    intake = Batch(
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


def load_stories(connection: Connection, intake: Batch, story_ids: Iterable[int]) -> None:
    """Stories by id, and of all that the intake knows now their timelines and revisions."""
    _stories(connection, intake, _STORY.id, set(story_ids))
    _timelines(connection, intake)
    _revisions(connection, intake)


def load_followers(connection: Connection, intake: Batch, story_ids: Iterable[int]) -> None:
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


def _met(connection: Connection, intake: Batch, entries: Sequence[PreparedItem]) -> None:
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


def _captures(connection: Connection, intake: Batch, column: Any, values: set[Any], *also: Any) -> None:
    for some in chunks(sorted(values)):
        _take_in(intake, connection.execute(select(Capture.__table__).where(column.in_(some), *also)))


def _take_in(intake: Batch, found: CursorResult[Any]) -> None:
    for row in found.mappings():
        if row["id"] not in intake.by_id:
            intake.holds(dict(row))


def _stories(connection: Connection, intake: Batch, column: Any, values: set[Any]) -> None:
    for some in chunks(sorted(values)):
        for row in connection.execute(select(Story.__table__).where(column.in_(some))):
            story = StoryState(row.id, row.canonical_url, row=row)
            intake.stories[story.canonical_url] = intake.by_story[story.id] = story


def _timelines(connection: Connection, intake: Batch) -> None:
    """Of each capture what a timeline wants and no more: a front page's story may have thousands."""
    names = ("story_id", "id", "captured_at", "digest", "url", "source", "part", "words_digest", "reading_id")
    columns = [_CAPTURE[name] for name in (*names, "words_of_another")]
    found: dict[int, list[Observation]] = {}
    for some in chunks(sorted(intake.by_story)):
        rows = connection.execute(select(*columns).where(_CAPTURE.story_id.in_(some)))
        for story_id, capture_id, captured_at, digest, url, source, part, *rest in rows:
            found.setdefault(story_id, []).append(
                Observation(capture_id, captured_at, (digest, url, source, part), *rest)
            )
    for story_id, seen in found.items():
        intake.by_story[story_id].timeline = Timeline.of(seen)


def _revisions(connection: Connection, intake: Batch) -> None:
    revision = Revision.__table__.c
    columns = [revision[name] for name in ("id", "story_id", "reading_id", *MOVING)]
    for some in chunks(sorted(intake.by_story)):
        found = select(*columns).where(revision.story_id.in_(some)).order_by(revision.number)
        for row in connection.execute(found):
            intake.by_story[row.story_id].revisions.append(row)
