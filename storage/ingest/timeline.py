"""The captures of one story in the order of time, and its wordings. Plain data, no database.

A revision is a span of neighbouring captures of one wording: with equal words in all that their forms print.
Captures may be added in any order: each is put in by its time, and the spans are derived again. Captures of unknown
time come first, so that they never count as the newest words.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from storage.ingest.wording import body_of, both_wordings, has_standfirst, is_a_piece, is_in_part, lacks, same_wording

_EARLIEST = datetime.min.replace(tzinfo=UTC)


class Observation(NamedTuple):
    """One capture of the story.

    tie: orders captures of the same moment the same way in every archive (digest, url, source, part).
    words: the digest of its words. inherited: whether they are from the reading of another, see `reread`.
    """

    capture_id: int
    captured_at: datetime | None
    tie: tuple[str, ...]
    words: str
    reading_id: int
    inherited: bool = False

    @property
    def place(self) -> tuple[bool, datetime, tuple[str, ...]]:
        return self.captured_at is not None, self.captured_at or _EARLIEST, self.tie


class WordingSpan(NamedTuple):
    """One wording, and the span of its captures.

    words: the digest of all that its forms print. text: the first capture of the fullest form, of those that have
    their own reading. standfirst: the first that prints one, if the form of `text` has no place for it.
    """

    words: str
    text: Observation
    standfirst: Observation
    first_captured_at: datetime | None
    last_captured_at: datetime | None
    captures: int


@dataclass(slots=True)
class Timeline:
    """Captures of one story, always in the order of time."""

    observations: list[Observation] = field(default_factory=list)

    @classmethod
    def of(cls, seen: Iterable[Observation]) -> "Timeline":
        return cls(sorted(seen, key=_place))

    def add(self, seen: Observation) -> bool:
        """Put in a capture; returns whether its words differ from those of its neighbours."""
        at = bisect_left(self.observations, seen.place, key=_place)
        neighbours = self.observations[max(at - 1, 0) : at + 1]
        in_part = any(is_in_part(each.words) for each in (seen, *neighbours))
        before = len(self.spans()) if in_part else 0
        self.observations.insert(at, seen)
        if in_part:  # a form without some fields may join two spans, so neighbours alone do not decide
            return len(self.spans()) > before
        return all(each.words != seen.words for each in neighbours)

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
        pieces = is_a_piece(old.words) or is_a_piece(new.words)  # of unknown wording
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
        for seen in self.observations:
            if captures and same_wording(words[-1], seen.words):
                words[-1] = both_wordings(words[-1], seen.words)
                captures[-1].append(seen)
            else:
                words.append(seen.words)
                captures.append([seen])
        return [_span(*run) for run in zip(words, captures, strict=True)]


def _place(seen: Observation) -> tuple[bool, datetime, tuple[str, ...]]:
    return seen.place


def _span(words: str, seen: list[Observation]) -> WordingSpan:
    own = [each for each in seen if not each.inherited] or seen
    text = min(own, key=lambda each: (body_of(each.words) != body_of(words), lacks(each.words)))
    standfirst = text
    if lacks(text.words)[-1]:
        standfirst = next((each for each in own if has_standfirst(each.words)), text)
    moments = [each.captured_at for each in seen if each.captured_at is not None]
    return WordingSpan(
        words=words,
        text=text,
        standfirst=standfirst,
        first_captured_at=moments[0] if moments else None,
        last_captured_at=moments[-1] if moments else None,
        captures=len(seen),
    )
