"""What a story's captures say together: its wordings, and the best reading of each field. No database."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row

from storage.ingest.batch import MOVING, StoryState, Values
from storage.ingest.prepare import ArticleRow
from storage.ingest.timeline import WordingSpan


@dataclass(slots=True)
class StoryChanges:
    """How the tables must change for one story.

    story: its row, None when no capture shows it any more. new: revisions with what they read.
    moved: revisions whose text stands. gone: ids of revisions. digests: of the newest words, old and new.
    """

    known: StoryState
    story: Values | None = None
    new: list[tuple[Values, ArticleRow]] = field(default_factory=list)
    moved: list[Values] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    digests: set[str] = field(default_factory=set)


def needed_readings(known: StoryState) -> set[int]:
    """The readings that `tell` wants of a story, by id: of a long one few, unless it is told anew."""
    wanted = {seen.reading_id for seen in known.timeline.observations if known.anew or seen.capture_id in known.new}
    wordings = _wordings(known)
    wanted |= {run.text.reading_id for run, old in wordings if old is None}
    wanted |= {run.standfirst.reading_id for run, _ in wordings if run.standfirst is not run.text}
    return wanted | {run.text.reading_id for run, _ in wordings[-1:]}


def derive_story(known: StoryState, said: Mapping[int, ArticleRow], next_id: int) -> StoryChanges:
    """said: readings by id, at least those `asked`. next_id: for the first new revision."""
    told = StoryChanges(known)
    wordings = _wordings(known)
    newest = None
    for number, (run, old) in enumerate(wordings, 1):
        source = (
            said[run.standfirst.reading_id].revision if old is None or run.standfirst is not run.text else old._mapping
        )
        moving = _moving(number, run) | {"standfirst": source["standfirst"]}
        if old is None:
            newest = next_id + len(told.new)
            words = said[run.text.reading_id]
            own = {"id": newest, "story_id": known.id, "reading_id": run.text.reading_id}
            told.new.append((own | words.revision | moving, words))
        else:
            newest = old.id
            if any(getattr(old, name) != moving[name] for name in MOVING):
                told.moved.append({"id": old.id, "old_number": old.number, **moving})
    stay = {old.id for _, old in wordings if old is not None}
    told.gone = [row.id for row in known.revisions if row.id not in stay]
    if known.row is not None and known.row.words_digest is not None:
        told.digests.add(known.row.words_digest)
    if wordings:
        told.digests.add(wordings[-1][0].words)
        told.story = _story(known, wordings, said, newest)
    return told


def _wordings(known: StoryState) -> list[tuple[WordingSpan, Row[Any] | None]]:
    """Each with the revision that has its text already."""
    left: dict[int, list[Row[Any]]] = {}
    for row in reversed(known.revisions):
        left.setdefault(row.reading_id, []).append(row)
    return [(run, old.pop() if (old := left.get(run.text.reading_id)) else None) for run in known.timeline.spans()]


def _moving(number: int, run: WordingSpan) -> Values:
    return {
        "number": number,
        "words_digest": run.words,
        "first_captured_at": run.first_captured_at,
        "last_captured_at": run.last_captured_at,
        "captures": run.captures,
        "capture_id": run.text.capture_id,
    }


def _story(
    known: StoryState,
    wordings: list[tuple[WordingSpan, Row[Any] | None]],
    said: Mapping[int, ArticleRow],
    newest: int | None,
) -> Values:
    moments = [seen.captured_at for seen in known.timeline.observations if seen.captured_at is not None]
    row, last = known.row, wordings[-1][0]
    return {
        "id": known.id,
        "canonical_url": known.canonical_url,
        "language": said[last.text.reading_id].language,
        **_best(known, said),
        "first_seen_at": moments[0] if moments else None,
        "last_seen_at": moments[-1] if moments else None,
        "revisions": len(wordings),
        "newest_revision_id": newest,
        "words_digest": last.words,
        "same_words_as": None if row is None else row.same_words_as,
    }


def _best(known: StoryState, said: Mapping[int, ArticleRow]) -> Values:
    """Field by field, the value of the earliest capture that gives a good one, and that capture.

    Unless the story is told anew its row gives the best of the captures from before.
    """
    dated = [seen for seen in known.timeline.observations if seen.captured_at is not None]
    order = dated + [seen for seen in known.timeline.observations if seen.captured_at is None]
    before = None if known.anew else known.row
    heard = order if before is None else [seen for seen in order if seen.capture_id in known.new]
    place = {} if before is None else {seen.capture_id: at for at, seen in enumerate(order)}
    best: Values = {}
    for name, doubtful in FACTS.items():
        values = [(getattr(said[seen.reading_id], name), seen.capture_id) for seen in heard]
        if before is not None:
            values.append((getattr(before, name), getattr(before, f"{name}_capture_id")))
        given = [(value, capture_id) for value, capture_id in values if value is not None]
        if before is not None:
            given.sort(key=lambda each: place[each[1]])
        good = [(value, capture_id) for value, capture_id in given if not doubtful(value)]
        best[name], best[f"{name}_capture_id"] = next(iter(good or given), (None, None))
    return best


def _never(_value: Any) -> bool:
    return False


def _lost_section(value: str) -> bool:
    """Sites that move to another engine file under this what lost its section."""
    return value.casefold() == "uncategorized"


def _default_time(value: datetime) -> bool:
    """Midnight UTC, 07:00 in Phnom Penh, is what a day without a time becomes in a careless database."""
    return value == value.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


FACTS: Mapping[str, Callable[[Any], bool]] = {
    "section": _lost_section,
    "published_on": _never,
    "published_at": _default_time,
    "node_id": _never,
    "image_url": _never,
}
