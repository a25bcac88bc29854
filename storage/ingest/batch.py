"""Compare a batch of items with the archive: new, changed or known.

`load` reads the tables once, `Batch.add` compares in memory, and storage/ingest/write.py writes once: a dozen
statements for a thousand pages.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Row, func, select, text

from storage.database.bulk import chunks, select_in
from storage.database.schema import Capture, Reading, Revision, Story
from storage.database.values import Values, raw
from storage.ingest.prepare import RECORD, ArticleRow, Identity, Key, PreparedItem, identity_of, key_of, second
from storage.ingest.timeline import Observation, Timeline


class Outcome(StrEnum):
    """The result of adding an item."""

    NEW_STORY = "new story"
    NEW_REVISION = "new revision"
    SAME_WORDS = "same words"
    REREAD = "reread"  # a known capture with a new reading
    LISTING = "listing"
    UNREAD = "unread"
    KNOWN_CAPTURE = "known capture"  # nothing changed
    WITHDRAWN = "withdrawn"  # rejected, because its story was withdrawn


@dataclass(slots=True)
class StoryState:
    """A story in the batch. row, revisions: as stored before the batch.

    new_captures: ids of its captures that the batch adds. derive_all: whether older captures changed, so that `row`
    cannot be reused.
    """

    id: int
    canonical_url: str
    timeline: Timeline = field(default_factory=Timeline)
    new_captures: set[int] = field(default_factory=set)
    derive_all: bool = False
    row: Row[Any] | None = None
    revisions: list[Row[Any]] = field(default_factory=list)


@dataclass(slots=True)
class Batch:
    """The state of one batch. `load` fills the first block, `add` the second.

    by_key, by_identity, by_id: rows of the captures with which the batch is compared. reading_ids: by digest.
    articles: by reading id; only those in memory.
    added, changed: ids of captures to insert, to update. inheriting: changed columns of captures that are not in
    `by_id` and inherit a new text. readings: new ones, by id. touched: stories to derive again. with_teasers: items
    whose teasers are to be written, by capture id. dropped: ids of readings that a reread replaced.
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
    inheriting: dict[int, Values] = field(default_factory=dict)
    readings: dict[int, PreparedItem] = field(default_factory=dict)
    touched: dict[int, StoryState] = field(default_factory=dict)
    with_teasers: dict[int, PreparedItem] = field(default_factory=dict)
    dropped: set[int] = field(default_factory=set)

    def add_capture(self, values: Values) -> None:
        """Add the row of a capture; among several with the same identity the one with the lowest id counts."""
        self.by_id[values["id"]] = self.by_key[key_of(values)] = values
        first = self.by_identity.setdefault(identity_of(values), values)
        if values["id"] < first["id"]:
            self.by_identity[identity_of(values)] = values

    def add(self, item: PreparedItem) -> tuple[PreparedItem, Outcome, int]:
        """Add an item; returns the item, its outcome and the id of its capture.

        A capture that is stored from another source keeps its time and validators; the returned item has them.
        """
        stored = self.by_key.get(item.key)
        if stored is None and (same := self.by_identity.get(identity_of(item.capture))):
            return _as_stored(item, same), Outcome.KNOWN_CAPTURE, same["id"]
        if stored is None:
            return item, *self._new(item)
        if not self._reads_the_same(stored, item):
            self._reread(stored, item)
            return item, Outcome.REREAD, stored["id"]
        if stored["evidence_file"] is None and item.capture["evidence_file"] is not None:  # stored later than its row
            stored |= {name: item.capture[name] for name in RECORD}
            self._change(stored)
        if stored["words_of_another"]:
            self.use_own_words(stored, item.capture["words_digest"])
        return item, Outcome.KNOWN_CAPTURE, stored["id"]

    def _new(self, item: PreparedItem) -> tuple[Outcome, int]:
        values = {"id": self.next_capture, **item.capture}
        if values["part"] and (whole := self.by_identity.get(identity_of(values | {"part": ""}))):
            values |= {name: whole[name] for name in ("captured_at", "source", *RECORD)}
        self.next_capture += 1
        self.add_capture(values)
        self.added[values["id"]] = None
        return self._assign(values, item), values["id"]

    def _assign(self, values: Values, item: PreparedItem) -> Outcome:
        """Set the reading of a capture, and add the capture to its story."""
        values["reading_id"] = self._reading(item)
        if item.sightings:
            self.with_teasers[values["id"]] = item
        if item.canonical_url is None or item.article is None:
            return Outcome.LISTING if item.outcome == "listing" else Outcome.UNREAD
        story = self._story(item.canonical_url)
        values["story_id"] = story.id
        first = not story.timeline.observations
        other_words = story.timeline.add(observation_of(values))
        story.new_captures.add(values["id"])
        self.touched[story.id] = story
        if first:
            return Outcome.NEW_STORY
        return Outcome.NEW_REVISION if other_words else Outcome.SAME_WORDS

    def _reread(self, stored: Values, item: PreparedItem) -> None:
        before = None if stored["story_id"] is None else self.by_story[stored["story_id"]]
        if stored["reading_id"] is not None:
            self.dropped.add(stored["reading_id"])
        record = {name: stored[name] for name in _KEPT if stored[name] is not None}
        stored |= item.capture | record
        self._change(stored)
        self.with_teasers[stored["id"]] = item
        if before is None:
            self._assign(stored, item)
            return
        self._derive_again(before)
        if item.canonical_url == before.canonical_url and item.article is not None:
            stored |= {"story_id": before.id, "reading_id": self._reading(item)}
            for observation in before.timeline.reread(observation_of(stored)):
                self._update_words(observation)
        else:
            before.timeline.remove(stored["id"])
            self._assign(stored, item)

    def use_own_words(self, stored: Values, words: str | None) -> None:
        """Let a capture use the text of its own reading again; see Timeline.reread."""
        story = self.by_story[stored["story_id"]]
        stored |= {"words_digest": words, "words_of_another": False}
        self._derive_again(story)
        for observation in story.timeline.reread(observation_of(stored)):
            self._update_words(observation)

    def _derive_again(self, story: StoryState) -> None:
        story.derive_all = True
        self.touched[story.id] = story

    def _update_words(self, observation: Observation) -> None:
        words = {"words_digest": observation.words, "words_of_another": observation.inherited}
        values = self.by_id.get(observation.capture_id)
        if values is None:
            self.inheriting[observation.capture_id] = {"id": observation.capture_id, **words}
        else:
            values |= words
            self._change(values)

    def _change(self, values: Values) -> None:
        if values["id"] not in self.added:
            self.changed[values["id"]] = None

    def _reads_the_same(self, stored: Values, item: PreparedItem) -> bool:
        if stored["outcome"] != item.outcome or stored["teasers_digest"] != item.capture["teasers_digest"]:
            return False
        if item.reading_digest is None:
            return all(stored[name] == item.capture[name] for name in ("reason", "detail"))
        return stored["reading_id"] is not None and stored["reading_id"] == self.reading_ids.get(item.reading_digest)

    def _story(self, canonical_url: str) -> StoryState:
        story = self.stories.get(canonical_url)
        if story is None:
            story = StoryState(self.next_story, canonical_url)
            self.stories[canonical_url] = self.by_story[story.id] = story
            self.next_story += 1
        return story

    def _reading(self, item: PreparedItem) -> int | None:
        if item.reading_digest is None:
            return None
        reading_id = self.reading_ids.get(item.reading_digest)
        if reading_id is None:
            reading_id = self.reading_ids[item.reading_digest] = self.next_reading
            self.readings[reading_id] = item
            self.next_reading += 1
        if item.article is not None:
            self.articles[reading_id] = item.article
        return reading_id


def _as_stored(item: PreparedItem, stored: Values) -> PreparedItem:
    """The item with the key and validators of the same capture stored from another source."""
    visit = item.visit and replace(item.visit, etag=stored["etag"], last_modified=stored["last_modified"])
    return replace(item, key=key_of(stored), visit=visit)


def observation_of(values: Values) -> Observation:
    return Observation(
        capture_id=values["id"],
        captured_at=values["captured_at"],
        tie=(values["digest"], values["url"], values["source"], values["part"]),
        words=values["words_digest"],
        reading_id=values["reading_id"],
        inherited=values["words_of_another"],
    )


# Columns that a reread without a value leaves as they are.
_KEPT = (*RECORD, "etag", "last_modified")


# The columns of a revision that may change while its text stays the same.
MOVING = ("number", "words_digest", "standfirst", "first_captured_at", "last_captured_at", "captures", "capture_id")

PAIRS = 256  # of address and second in one statement

_CAPTURE = Capture.__table__.c
_STORY = Story.__table__.c
_HIGHEST = (select(func.coalesce(func.max(table.id), 0)) for table in (Story, Capture, Reading))
_NEXT = select(*(highest.scalar_subquery() + 1 for highest in _HIGHEST))


def load(connection: Connection, items: Sequence[PreparedItem]) -> Batch:
    """A batch with the stored captures, stories and readings needed to compare the items."""
    next_story, next_capture, next_reading = connection.execute(_NEXT).one()
    batch = Batch(next_story=next_story, next_capture=next_capture, next_reading=next_reading)
    _load_captures_of(connection, batch, items)
    urls = {item.canonical_url for item in items if item.outcome == "article"}
    _stories(connection, batch, _STORY.canonical_url, urls)
    story_ids = {each["story_id"] for each in batch.by_id.values()} - {None} - set(batch.by_story)
    load_stories(connection, batch, story_ids)
    digests = {item.reading_digest for item in items if item.reading_digest is not None}
    reading = Reading.__table__.c
    known = select_in(connection, select(reading.digest, reading.id), reading.digest, digests)
    batch.reading_ids.update((digest, reading_id) for digest, reading_id in known)
    return batch


def load_stories(connection: Connection, batch: Batch, story_ids: Iterable[int]) -> None:
    """Load stories by id, and the timelines and revisions of all stories in the batch."""
    _stories(connection, batch, _STORY.id, set(story_ids))
    _timelines(connection, batch)
    _revisions(connection, batch)


def load_followers(connection: Connection, batch: Batch, story_ids: Iterable[int]) -> None:
    """Load the captures of stories that inherited the text of another capture."""
    _captures(connection, batch, _CAPTURE.story_id, set(story_ids), _CAPTURE.words_of_another)


def readings(connection: Connection, ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """The items of readings, by id."""
    reading = Reading.__table__.c
    rows = select_in(connection, select(reading.id, reading.item), reading.id, set(ids))
    return {reading_id: json.loads(item) for reading_id, item in rows}


def _load_captures_of(connection: Connection, batch: Batch, items: Sequence[PreparedItem]) -> None:
    """Load captures with the same address and second; a front page has thousands of captures at its address."""
    moments = {(item.key[0], at) for item in items if (at := second(item.captured_at)) is not None}
    for chunk in chunks(sorted(moments), PAIRS):
        count = 1 << (len(chunk) - 1).bit_length()
        pairs = [*chunk, *[chunk[-1]] * (count - len(chunk))]
        values: dict[str, Any] = {}
        for number, (url, at) in enumerate(pairs):
            values[f"u{number}"], values[f"s{number}"] = url, raw(at).removesuffix("+00:00")
        _put(batch, connection.execute(of_moments(count), values))
    undated = {item.key[0] for item in items if item.captured_at is None}
    _captures(connection, batch, _CAPTURE.url, undated, _CAPTURE.captured_at.is_(None))


@lru_cache(maxsize=PAIRS.bit_length())
def of_moments(count: int) -> Any:
    """The query for captures by address and second, as SQL text.

    SQLite uses the index for a join, but not for `(url, captured_at) IN (VALUES …)`. count: a power of two, because
    SQLAlchemy caches hundreds of statements, and each of these takes 400 kB.
    """
    pairs = ", ".join(f"(:u{at}, :s{at})" for at in range(count))
    names = ", ".join(f"capture.{column.name}" for column in _CAPTURE)
    # `+` begins the zone, `.` a fraction of a second; `/` is the next character.
    second = "capture.captured_at >= wanted.second || '+' AND capture.captured_at < wanted.second || '/'"
    same = f"capture.url = wanted.url AND {second}"
    query = f"WITH wanted (url, second) AS (VALUES {pairs}) SELECT {names} FROM wanted JOIN capture ON {same}"
    return text(query).columns(*_CAPTURE)


def _captures(connection: Connection, batch: Batch, column: Any, values: set[Any], *also: Any) -> None:
    _put(batch, select_in(connection, select(Capture.__table__).where(*also), column, values))


def _put(batch: Batch, captures: Iterable[Row[Any]]) -> None:
    for row in captures:
        if row.id not in batch.by_id:
            batch.add_capture(dict(row._mapping))


def _stories(connection: Connection, batch: Batch, column: Any, values: set[Any]) -> None:
    for row in select_in(connection, select(Story.__table__), column, values):
        story = StoryState(row.id, row.canonical_url, row=row)
        batch.stories[story.canonical_url] = batch.by_story[story.id] = story


def _timelines(connection: Connection, batch: Batch) -> None:
    """Load only the columns that a timeline needs, because a story may have thousands of captures."""
    names = ("story_id", "id", "captured_at", "digest", "url", "source", "part", "words_digest", "reading_id")
    columns = [_CAPTURE[name] for name in (*names, "words_of_another")]
    observations: dict[int, list[Observation]] = {}
    rows = select_in(connection, select(*columns), _CAPTURE.story_id, batch.by_story)
    for story_id, capture_id, captured_at, digest, url, source, part, *rest in rows:
        observation = Observation(capture_id, captured_at, (digest, url, source, part), *rest)
        observations.setdefault(story_id, []).append(observation)
    for story_id, captures in observations.items():
        batch.by_story[story_id].timeline = Timeline.of(captures)


def _revisions(connection: Connection, batch: Batch) -> None:
    revision = Revision.__table__.c
    columns = [revision[name] for name in ("id", "story_id", "reading_id", *MOVING)]
    query = select(*columns).order_by(revision.number)
    for row in select_in(connection, query, revision.story_id, batch.by_story):
        batch.by_story[row.story_id].revisions.append(row)
