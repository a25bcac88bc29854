"""Derive a story's revisions, and the best value of each field, from all its captures. No database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row

from storage.database.values import Values
from storage.ingest.batch import MOVING, StoryState
from storage.ingest.prepare import ArticleRow
from storage.ingest.timeline import WordingSpan
from storage.query.history.best import FIRST_GOOD, first_good


@dataclass(slots=True)
class StoryChanges:
    """Changes in the tables for one story.

    story: its new row; None when it has no captures left. new: revisions to insert, with their articles.
    moved: changed columns of revisions that keep their text. gone: ids of revisions to delete. digests: of the newest
    text, before and after.
    """

    state: StoryState
    story: Values | None = None
    new: list[tuple[Values, ArticleRow]] = field(default_factory=list)
    moved: list[Values] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    digests: set[str] = field(default_factory=set)


def needed_readings(state: StoryState) -> set[int]:
    """Ids of the readings `derive_story` needs. Only new captures' readings, unless older captures changed."""
    needed = {
        seen.reading_id
        for seen in state.timeline.observations
        if state.derive_all or seen.capture_id in state.new_captures
    }
    wordings = _wordings(state)
    needed |= {span.text.reading_id for span, old in wordings if old is None}
    needed |= {span.standfirst.reading_id for span, _ in wordings if span.standfirst is not span.text}
    return needed | {span.text.reading_id for span, _ in wordings[-1:]}


def derive_story(state: StoryState, articles: Mapping[int, ArticleRow], next_id: int) -> StoryChanges:
    """Derive the changed rows of a story.

    articles: by reading id, at least those of `needed_readings`. next_id: id of the first new revision.
    """
    changes = StoryChanges(state)
    wordings = _wordings(state)
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
            own = {"id": newest, "story_id": state.id, "reading_id": span.text.reading_id}
            changes.new.append((own | words.revision | moving, words))
        else:
            newest = old.id
            if any(getattr(old, name) != moving[name] for name in MOVING):
                changes.moved.append({"id": old.id, "old_number": old.number, **moving})
    stay = {old.id for _, old in wordings if old is not None}
    changes.gone = [row.id for row in state.revisions if row.id not in stay]
    if state.row is not None and state.row.words_digest is not None:
        changes.digests.add(state.row.words_digest)
    if wordings:
        changes.digests.add(wordings[-1][0].words)
        changes.story = _story(state, wordings, articles, newest)
    return changes


def _wordings(state: StoryState) -> list[tuple[WordingSpan, Row[Any] | None]]:
    """Each span with the stored revision of the same text, or None."""
    unused: dict[int, list[Row[Any]]] = {}
    for row in reversed(state.revisions):
        unused.setdefault(row.reading_id, []).append(row)
    return [(span, old.pop() if (old := unused.get(span.text.reading_id)) else None) for span in state.timeline.spans()]


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
    state: StoryState,
    wordings: list[tuple[WordingSpan, Row[Any] | None]],
    articles: Mapping[int, ArticleRow],
    newest: int | None,
) -> Values:
    moments = [seen.captured_at for seen in state.timeline.observations if seen.captured_at is not None]
    row, last = state.row, wordings[-1][0]
    return {
        "id": state.id,
        "canonical_url": state.canonical_url,
        "language": articles[last.text.reading_id].language,
        **_best(state, articles),
        "first_seen_at": moments[0] if moments else None,
        "last_seen_at": moments[-1] if moments else None,
        "revisions": len(wordings),
        "newest_revision_id": newest,
        "words_digest": last.words,
        "same_words_as": None if row is None else row.same_words_as,
    }


def _best(state: StoryState, articles: Mapping[int, ArticleRow]) -> Values:
    """For each field the value of the earliest capture with a good one, and the id of that capture.

    Unless `derive_all` is set, the stored row of the story represents the captures from before the batch.
    """
    dated = [seen for seen in state.timeline.observations if seen.captured_at is not None]
    order = dated + [seen for seen in state.timeline.observations if seen.captured_at is None]
    before = None if state.derive_all else state.row
    observed = order if before is None else [seen for seen in order if seen.capture_id in state.new_captures]
    order_of = {} if before is None else {seen.capture_id: at for at, seen in enumerate(order)}
    best: Values = {}
    for name in FIRST_GOOD:
        values = [(getattr(articles[seen.reading_id], name), seen.capture_id) for seen in observed]
        if before is not None and getattr(before, name) is not None:
            values.append((getattr(before, name), getattr(before, f"{name}_capture_id")))
            values.sort(key=lambda pair: order_of[pair[1]])
        best[name], best[f"{name}_capture_id"] = first_good(name, values)
    return best
