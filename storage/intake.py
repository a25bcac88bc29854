"""A batch of items, compared with what the archive holds: what is new, what is the same.

Everything happens in memory between one reading of the tables (storage/loading.py) and one writing
(storage/writing.py), so that a thousand pages cost a dozen statements.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import Row

from storage.entries import Entry, Identity, Key, Said, identity_of, key_of
from storage.entries import Values as Values
from storage.timeline import Seen, Timeline


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
class Known:
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
class Intake:
    """The state of one batch. `loading.load` fills the first block, `take` the second.

    by_key, by_identity, by_id: the values of captures that the batch may meet. reading_ids: by digest.
    said: what readings say, by id, as far as it is in memory.
    added, changed: ids of captures to be inserted, updated. followed: other words for captures that
    the batch does not meet. readings: new ones, by id.
    touched: stories to be told anew. announced: whose teasers are to be written, by capture.
    dropped: readings that a reread replaced.
    """

    stories: dict[str, Known] = field(default_factory=dict)
    by_story: dict[int, Known] = field(default_factory=dict)
    by_key: dict[Key, Values] = field(default_factory=dict)
    by_identity: dict[Identity, Values] = field(default_factory=dict)
    by_id: dict[int, Values] = field(default_factory=dict)
    reading_ids: dict[str, int] = field(default_factory=dict)
    next_story: int = 1
    next_capture: int = 1
    next_reading: int = 1

    said: dict[int, Said] = field(default_factory=dict)
    added: dict[int, None] = field(default_factory=dict)
    changed: dict[int, None] = field(default_factory=dict)
    followed: dict[int, Values] = field(default_factory=dict)
    readings: dict[int, Entry] = field(default_factory=dict)
    touched: dict[int, Known] = field(default_factory=dict)
    announced: dict[int, Entry] = field(default_factory=dict)
    dropped: set[int] = field(default_factory=set)

    def holds(self, values: Values) -> None:
        """Let the batch meet a capture that the archive has; of several that are one, the first came first."""
        self.by_id[values["id"]] = self.by_key[key_of(values)] = values
        first = self.by_identity.setdefault(identity_of(values), values)
        if values["id"] < first["id"]:
            self.by_identity[identity_of(values)] = values

    def take(self, entry: Entry) -> tuple[Entry, Outcome, int]:
        """What becomes of an item, and the id of its capture; the entry with the moment and validators of that."""
        held = self.by_key.get(entry.key)
        if held is None and (same := self.by_identity.get(identity_of(entry.capture))):
            return _as_held(entry, same), Outcome.KNOWN_CAPTURE, same["id"]
        return (entry, *(self._new(entry) if held is None else self._again(held, entry)))

    def _again(self, held: Values, entry: Entry) -> tuple[Outcome, int]:
        capture_id: int = held["id"]
        if self._reads_the_same(held, entry):
            self._mend_record(held, entry)
            if held["words_of_another"]:
                self.stand_alone(held, entry.capture["words_digest"])
            return Outcome.KNOWN_CAPTURE, capture_id
        self._reread(held, entry)
        return Outcome.REREAD, capture_id

    def _new(self, entry: Entry) -> tuple[Outcome, int]:
        values = {"id": self.next_capture, **entry.capture}
        if values["part"] and (whole := self.by_identity.get(identity_of(values | {"part": ""}))):
            values |= {name: whole[name] for name in ("captured_at", "source", *_RECORD)}
        self.next_capture += 1
        self.holds(values)
        self.added[values["id"]] = None
        return self._file(values, entry), values["id"]

    def _file(self, values: Values, entry: Entry) -> Outcome:
        """Give a capture its reading, and its place in its story."""
        values["reading_id"] = self._reading(entry)
        if entry.sightings:
            self.announced[values["id"]] = entry
        if entry.canonical_url is None or entry.said is None:
            return Outcome.LISTING if entry.outcome == "listing" else Outcome.UNREAD
        story = self._story(entry.canonical_url)
        values["story_id"] = story.id
        first = not story.timeline.seen
        other_words = story.timeline.add(seen_of(values))
        story.new.add(values["id"])
        self.touched[story.id] = story
        if first:
            return Outcome.NEW_STORY
        return Outcome.NEW_REVISION if other_words else Outcome.SAME_WORDS

    def _reread(self, held: Values, entry: Entry) -> None:
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
        if entry.canonical_url == before.canonical_url and entry.said is not None:
            held |= {"story_id": before.id, "reading_id": self._reading(entry)}
            for seen in before.timeline.reread(seen_of(held)):
                self._follow(seen)
        else:
            before.timeline.remove(held["id"])
            self._file(held, entry)

    def stand_alone(self, held: Values, words: str | None) -> None:
        """Let a capture have the words of its own reading again; see Timeline.reread."""
        story = self.by_story[held["story_id"]]
        held |= {"words_digest": words, "words_of_another": False}
        self._tell_anew(story)
        for seen in story.timeline.reread(seen_of(held)):
            self._follow(seen)

    def _tell_anew(self, story: Known) -> None:
        story.anew = True
        self.touched[story.id] = story

    def _follow(self, seen: Seen) -> None:
        words = {"words_digest": seen.words, "words_of_another": seen.of_another}
        values = self.by_id.get(seen.capture_id)
        if values is None:
            self.followed[seen.capture_id] = {"id": seen.capture_id, **words}
        else:
            values |= words
            self._change(values)

    def _change(self, values: Values) -> None:
        if values["id"] not in self.added:
            self.changed[values["id"]] = None

    def _mend_record(self, held: Values, entry: Entry) -> None:
        """The evidence may come to be kept after the item was."""
        if held["evidence_file"] is None and entry.capture["evidence_file"] is not None:
            held |= {name: entry.capture[name] for name in _RECORD}
            self._change(held)

    def _reads_the_same(self, held: Values, entry: Entry) -> bool:
        if held["outcome"] != entry.outcome or held["teasers_digest"] != entry.capture["teasers_digest"]:
            return False
        if entry.reading_digest is None:
            return all(held[name] == entry.capture[name] for name in ("reason", "detail"))
        return held["reading_id"] is not None and held["reading_id"] == self.reading_ids.get(entry.reading_digest)

    def _story(self, canonical_url: str) -> Known:
        story = self.stories.get(canonical_url)
        if story is None:
            story = Known(self.next_story, canonical_url)
            self.stories[canonical_url] = self.by_story[story.id] = story
            self.next_story += 1
        return story

    def _story_of(self, held: Values) -> Known | None:
        return None if held["story_id"] is None else self.by_story[held["story_id"]]

    def _reading(self, entry: Entry) -> int | None:
        if entry.reading_digest is None:
            return None
        reading_id = self.reading_ids.get(entry.reading_digest)
        if reading_id is None:
            reading_id = self.reading_ids[entry.reading_digest] = self.next_reading
            self.readings[reading_id] = entry
            self.next_reading += 1
        if entry.said is not None:
            self.said[reading_id] = entry.said
        return reading_id


def _as_held(entry: Entry, held: Values) -> Entry:
    """An entry of a capture that another source brought first, which keeps its own moment and validators."""
    visit = entry.visit and replace(entry.visit, etag=held["etag"], last_modified=held["last_modified"])
    return replace(entry, key=key_of(held), visit=visit)


def seen_of(values: Values) -> Seen:
    return Seen(
        capture_id=values["id"],
        captured_at=values["captured_at"],
        tie=(values["digest"], values["url"], values["source"], values["part"]),
        words=values["words_digest"],
        reading_id=values["reading_id"],
        of_another=values["words_of_another"],
    )


_RECORD = ("evidence_file", "evidence_offset", "evidence_length")
# What a reread of a capture does not take away when it does not bring it.
_KEPT = (*_RECORD, "etag", "last_modified")
