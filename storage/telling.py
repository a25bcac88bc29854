"""What a story's captures say together: its wordings, and the best reading of each field. No database."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from storage.entries import Said
from storage.intake import Known, Values
from storage.loading import MOVING
from storage.timeline import Run, Timeline


@dataclass(slots=True)
class Told:
    """How the tables must change for one story.

    story: its row, None when no capture shows it any more. new: revisions with what they read.
    moved: revisions whose text stands. gone: ids of revisions. digests: of the newest words, old and new.
    """

    known: Known
    story: Values | None = None
    new: list[tuple[Values, Said]] = field(default_factory=list)
    moved: list[Values] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    digests: set[str] = field(default_factory=set)


def tell(known: Known, said: Mapping[int, Said], next_id: int) -> Told:
    """said: the readings of the story's captures, by id. next_id: for the first new revision."""
    told = Told(known)
    left = list(known.revisions)
    newest = None
    runs = known.timeline.runs()
    for number, run in enumerate(runs, 1):
        moving = _moving(number, run)
        old = next((row for row in left if row.reading_id == run.text.reading_id), None)
        if old is None:
            newest = next_id + len(told.new)
            words = said[run.text.reading_id]
            own = {"id": newest, "story_id": known.id, "reading_id": run.text.reading_id}
            told.new.append((own | words.revision | moving, words))
        else:
            left.remove(old)
            newest = old.id
            if any(getattr(old, name) != moving[name] for name in MOVING):
                told.moved.append({"id": old.id, "old_number": old.number, **moving})
    told.gone = [row.id for row in left]
    if known.row is not None and known.row.words_digest is not None:
        told.digests.add(known.row.words_digest)
    if runs:
        told.digests.add(runs[-1].words)
        told.story = _story(known, runs, said, newest)
    return told


def _moving(number: int, run: Run) -> Values:
    return {
        "number": number,
        "words_digest": run.words,
        "first_captured_at": run.first_captured_at,
        "last_captured_at": run.last_captured_at,
        "captures": run.captures,
        "capture_id": run.text.capture_id,
    }


def _story(known: Known, runs: list[Run], said: Mapping[int, Said], newest: int | None) -> Values:
    moments = [seen.captured_at for seen in known.timeline.seen if seen.captured_at is not None]
    row = known.row
    return {
        "id": known.id,
        "canonical_url": known.canonical_url,
        "language": said[runs[-1].text.reading_id].language,
        **_best(known.timeline, said),
        "first_seen_at": moments[0] if moments else None,
        "last_seen_at": moments[-1] if moments else None,
        "revisions": len(runs),
        "newest_revision_id": newest,
        "words_digest": runs[-1].words,
        "same_words_as": None if row is None else row.same_words_as,
    }


def _best(timeline: Timeline, said: Mapping[int, Said]) -> Values:
    """Field by field, the value of the earliest capture that gives a good one, and that capture."""
    dated = [seen for seen in timeline.seen if seen.captured_at is not None]
    order = dated + [seen for seen in timeline.seen if seen.captured_at is None]
    best: Values = {}
    for name, doubtful in FACTS.items():
        values = [(getattr(said[seen.reading_id], name), seen.capture_id) for seen in order]
        given = [(value, capture_id) for value, capture_id in values if value is not None]
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
