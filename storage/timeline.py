"""The captures of one story in the order of time, and the wordings they show. Plain data, no database.

A revision is a run of neighbouring captures with equal words. Captures may come in any order: each
finds its place by its time, and the runs are told anew. Captures of unknown time stand first, so that
they never pass for the newest words.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

_EARLIEST = datetime.min.replace(tzinfo=UTC)


class Seen(NamedTuple):
    """One capture of the story.

    tie: orders captures of the same moment the same way in every archive (digest, url, source).
    words: the digest of its words. of_another: they are not from its own reading, see `reread`.
    """

    capture_id: int
    captured_at: datetime | None
    tie: tuple[str, str, str]
    words: str
    reading_id: int
    of_another: bool = False

    @property
    def place(self) -> tuple[bool, datetime, tuple[str, str, str]]:
        return self.captured_at is not None, self.captured_at or _EARLIEST, self.tie


class Run(NamedTuple):
    """One wording: its first capture that was read itself, and the span of its captures."""

    words: str
    text: Seen
    first_captured_at: datetime | None
    last_captured_at: datetime | None
    captures: int


@dataclass(slots=True)
class Timeline:
    """Captures of one story, always in the order of time."""

    seen: list[Seen] = field(default_factory=list)

    @classmethod
    def of(cls, seen: Iterable[Seen]) -> "Timeline":
        return cls(sorted(seen, key=_place))

    def add(self, seen: Seen) -> bool:
        """Put a capture in its place; whether it shows words that its neighbours do not."""
        at = bisect_left(self.seen, seen.place, key=_place)
        neighbours = self.seen[max(at - 1, 0) : at + 1]
        self.seen.insert(at, seen)
        return all(each.words != seen.words for each in neighbours)

    def remove(self, capture_id: int) -> None:
        self.seen = [each for each in self.seen if each.capture_id != capture_id]

    def reread(self, new: Seen) -> list[Seen]:
        """Replace the reading of a capture; the captures that changed, itself among them.

        A better reading is no edit by the newspaper. So the other captures of the same wording are
        taken to say the same until they are reread themselves, or a run that read everything anew ends
        (storage/rereading.py): the wording keeps one revision.
        """
        at = next(n for n, each in enumerate(self.seen) if each.capture_id == new.capture_id)
        old = self.seen[at]
        changed = [new]
        self.seen[at] = new
        if not old.of_another and old.words != new.words:
            changed += self._carry(at, old.words, new.words)
        return changed

    def _carry(self, at: int, old: str, new: str) -> Iterator[Seen]:
        for step in (-1, 1):
            beside = at + step
            while 0 <= beside < len(self.seen) and self.seen[beside].words == old:
                self.seen[beside] = self.seen[beside]._replace(words=new, of_another=True)
                yield self.seen[beside]
                beside += step

    def runs(self) -> list[Run]:
        return [_run(words, list(seen)) for words, seen in groupby(self.seen, key=attrgetter("words"))]


def _place(seen: Seen) -> tuple[bool, datetime, tuple[str, str, str]]:
    return seen.place


def _run(words: str, seen: list[Seen]) -> Run:
    text = next((each for each in seen if not each.of_another), seen[0])
    moments = [each.captured_at for each in seen if each.captured_at is not None]
    return Run(
        words=words,
        text=text,
        first_captured_at=moments[0] if moments else None,
        last_captured_at=moments[-1] if moments else None,
        captures=len(seen),
    )
