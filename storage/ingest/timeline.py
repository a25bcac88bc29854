"""Captures of one story in the order of time, and the spans in which its text stayed the same. No database.

A revision is a span of neighbouring captures with the same wording: equal text in every field that their layouts
print. Captures may be added in any order: each is inserted by its time, and the spans are derived again. Captures of
unknown time come first, so that they never count as the newest text.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from storage.ingest.wording import (
    body_part,
    has_standfirst,
    is_partial,
    is_truncated,
    merge_digests,
    missing_fields,
    same_wording,
)

_EARLIEST = datetime.min.replace(tzinfo=UTC)


class Observation(NamedTuple):
    """One capture of the story.

    tie: orders captures of the same moment the same way in every archive (digest, url, source, part).
    words: digest of its text. inherited: whether the digest is from the reading of another capture, see `reread`.
    """

    capture_id: int
    captured_at: datetime | None
    tie: tuple[str, ...]
    words: str
    reading_id: int
    inherited: bool = False


class WordingSpan(NamedTuple):
    """Neighbouring captures with the same wording.

    words: the merged digest of its captures. text: the first of the most complete captures that have their own
    reading. standfirst: the first capture that prints one, if the layout of `text` does not.
    """

    words: str
    text: Observation
    standfirst: Observation
    first_captured_at: datetime | None
    last_captured_at: datetime | None
    captures: int


@dataclass(slots=True)
class Timeline:
    """Captures of one story, sorted by time."""

    observations: list[Observation] = field(default_factory=list)

    @classmethod
    def of(cls, observations: Iterable[Observation]) -> "Timeline":
        return cls(sorted(observations, key=_sort_key))

    def add(self, new: Observation) -> bool:
        """Insert a capture; returns whether its text differs from that of its neighbours."""
        at = bisect_left(self.observations, _sort_key(new), key=_sort_key)
        neighbours = self.observations[max(at - 1, 0) : at + 1]
        if not neighbours:
            self.observations.append(new)
            return True
        has_partial = any(is_partial(each.words) for each in (new, *neighbours))
        before = len(self.spans()) if has_partial else 0
        self.observations.insert(at, new)
        if has_partial:  # a capture without some fields may join two spans, so comparing neighbours is not enough
            return len(self.spans()) > before
        return all(each.words != new.words for each in neighbours)

    def remove(self, capture_id: int) -> None:
        self.observations = [each for each in self.observations if each.capture_id != capture_id]

    def reread(self, new: Observation) -> list[Observation]:
        """Replace the reading of a capture; returns the captures that changed, itself included.

        A better reading is no edit by the newspaper. So the other captures of the same wording inherit its words until
        they are reread themselves, or a full reread ends (storage/ingest/reprocess.py): the wording keeps one revision.
        """
        at = next(n for n, each in enumerate(self.observations) if each.capture_id == new.capture_id)
        old = self.observations[at]
        changed = [new]
        self.observations[at] = new
        pieces = is_truncated(old.words) or is_truncated(new.words)  # their wording is unknown
        if not old.inherited and old.words != new.words and not pieces:
            changed += self._inherit(at, old.words, new.words)
        return changed

    def _inherit(self, at: int, old: str, new: str) -> Iterator[Observation]:
        for step in (-1, 1):
            neighbour = at + step
            while 0 <= neighbour < len(self.observations) and same_wording(self.observations[neighbour].words, old):
                self.observations[neighbour] = self.observations[neighbour]._replace(words=new, inherited=True)
                yield self.observations[neighbour]
                neighbour += step

    def spans(self) -> list[WordingSpan]:
        words: list[str] = []
        captures: list[list[Observation]] = []
        for observation in self.observations:
            if captures and same_wording(words[-1], observation.words):
                words[-1] = merge_digests(words[-1], observation.words)
                captures[-1].append(observation)
            else:
                words.append(observation.words)
                captures.append([observation])
        return [_span(*run) for run in zip(words, captures, strict=True)]


def _sort_key(observation: Observation) -> tuple[bool, datetime, tuple[str, ...]]:
    at = observation.captured_at
    return at is not None, at or _EARLIEST, observation.tie


def _span(words: str, observations: list[Observation]) -> WordingSpan:
    own = [each for each in observations if not each.inherited] or observations
    text = min(own, key=lambda each: (body_part(each.words) != body_part(words), missing_fields(each.words)))
    standfirst = text
    if missing_fields(text.words)[-1]:
        standfirst = next((each for each in own if has_standfirst(each.words)), text)
    moments = [each.captured_at for each in observations if each.captured_at is not None]
    return WordingSpan(
        words=words,
        text=text,
        standfirst=standfirst,
        first_captured_at=moments[0] if moments else None,
        last_captured_at=moments[-1] if moments else None,
        captures=len(observations),
    )
