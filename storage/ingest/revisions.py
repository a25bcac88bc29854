"""Derive a story's revisions, and the best value of each field, from all its captures. No database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row

from storage.ingest.batch import MOVING, StoryState, Values
from storage.ingest.prepare import ArticleRow
from storage.ingest.timeline import WordingSpan
from storage.query.history.best import FIRST_GOOD, first_good


@dataclass(slots=True)
class StoryChanges:
    """Changes in the tables for one story.

    story: its row, None when it has no capture any more. new: revisions with their articles.
    moved: revisions that keep their text. gone: ids of revisions. digests: of the newest words, before and now.
    """

    known: StoryState
    story: Values | None = None
    new: list[tuple[Values, ArticleRow]] = field(default_factory=list)
    moved: list[Values] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    digests: set[str] = field(default_factory=set)


def needed_readings(known: StoryState) -> set[int]:
    """The ids of readings that `derive_story` needs: few of a long story, unless all of it is derived again."""
    needed = {seen.reading_id for seen in known.timeline.observations if known.anew or seen.capture_id in known.new}
    wordings = _wordings(known)
    needed |= {span.text.reading_id for span, old in wordings if old is None}
    needed |= {span.standfirst.reading_id for span, _ in wordings if span.standfirst is not span.text}
    return needed | {span.text.reading_id for span, _ in wordings[-1:]}


def derive_story(known: StoryState, articles: Mapping[int, ArticleRow], next_id: int) -> StoryChanges:
    """articles: by reading, at least those of `needed_readings`. next_id: of the first new revision."""
    changes = StoryChanges(known)
    wordings = _wordings(known)
    newest = None
    for number, (span, old) in enumerate(wordings, 1):
        source = (
            articles[span.standfirst.reading_id].revision
            if old is None or span.standfirst is not span.text
            else old._mapping
        )
        moving = _moving(number, span) | {"standfirst": source["standfirst"]}
        if old is None:
            newest = next_id + len(changes.new)
            words = articles[span.text.reading_id]
            own = {"id": newest, "story_id": known.id, "reading_id": span.text.reading_id}
            changes.new.append((own | words.revision | moving, words))
        else:
            newest = old.id
            if any(getattr(old, name) != moving[name] for name in MOVING):
                changes.moved.append({"id": old.id, "old_number": old.number, **moving})
    stay = {old.id for _, old in wordings if old is not None}
    changes.gone = [row.id for row in known.revisions if row.id not in stay]
    if known.row is not None and known.row.words_digest is not None:
        changes.digests.add(known.row.words_digest)
    if wordings:
        changes.digests.add(wordings[-1][0].words)
        changes.story = _story(known, wordings, articles, newest)
    return changes


def _wordings(known: StoryState) -> list[tuple[WordingSpan, Row[Any] | None]]:
    """Each span with the stored revision that has its text, or None."""
    unused: dict[int, list[Row[Any]]] = {}
    for row in reversed(known.revisions):
        unused.setdefault(row.reading_id, []).append(row)
    return [(span, old.pop() if (old := unused.get(span.text.reading_id)) else None) for span in known.timeline.spans()]


def _moving(number: int, span: WordingSpan) -> Values:
    return {
        "number": number,
        "words_digest": span.words,
        "first_captured_at": span.first_captured_at,
        "last_captured_at": span.last_captured_at,
        "captures": span.captures,
        "capture_id": span.text.capture_id,
    }


def _story(
    known: StoryState,
    wordings: list[tuple[WordingSpan, Row[Any] | None]],
    articles: Mapping[int, ArticleRow],
    newest: int | None,
) -> Values:
    moments = [seen.captured_at for seen in known.timeline.observations if seen.captured_at is not None]
    row, last = known.row, wordings[-1][0]
    return {
        "id": known.id,
        "canonical_url": known.canonical_url,
        "language": articles[last.text.reading_id].language,
        **_best(known, articles),
        "first_seen_at": moments[0] if moments else None,
        "last_seen_at": moments[-1] if moments else None,
        "revisions": len(wordings),
        "newest_revision_id": newest,
        "words_digest": last.words,
        "same_words_as": None if row is None else row.same_words_as,
    }


def _best(known: StoryState, articles: Mapping[int, ArticleRow]) -> Values:
    """Field by field, the value of the earliest capture with a good one, and that capture.

    Unless all is derived again, the row of the story stands for its captures from before the batch.
    """
    dated = [seen for seen in known.timeline.observations if seen.captured_at is not None]
    order = dated + [seen for seen in known.timeline.observations if seen.captured_at is None]
    before = None if known.anew else known.row
    observed = order if before is None else [seen for seen in order if seen.capture_id in known.new]
    place = {} if before is None else {seen.capture_id: at for at, seen in enumerate(order)}
    best: Values = {}
    for name in FIRST_GOOD:
        values = [(getattr(articles[seen.reading_id], name), seen.capture_id) for seen in observed]
        if before is not None:
            values.append((getattr(before, name), getattr(before, f"{name}_capture_id")))
        given = [(value, capture_id) for value, capture_id in values if value is not None]
        if before is not None:
            given.sort(key=lambda each: place[each[1]])
        best[name], best[f"{name}_capture_id"] = first_good(name, given)
    return best
