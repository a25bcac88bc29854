"""What stands in an evidence file behind all that the database knows: whole records, and perhaps a torn tail."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from storage import compacted
from storage.exchange import Exchange, Place
from storage.warc.file import Original, Report, exchanges, pieces, seal_of
from storage.warc.piece import Piece


@dataclass(slots=True)
class Behind:
    """A file from the byte `start`; whole: the byte before which nothing is cut off."""

    path: Path
    name: str
    start: int
    whole: int

    def records(
        self, report: Report, original: Original, failing: Callable[[], AbstractContextManager[None]]
    ) -> Iterator[tuple[Place, Exchange]]:
        """Every exchange, durable; then the torn tail is cut off. failing: around what the disk may refuse."""
        if compacted.is_compact(self.path):  # closed, and whole when it was made
            yield from exchanges(compacted.pieces(self.path, report, start=self.start), self.name, report, original)
            return
        with self.path.open("r+b") as stream:
            with failing():
                os.fsync(stream.fileno())
            found = self._noted(pieces(self.path, report, start=self.start, seal=seal_of(self.path)))
            yield from exchanges(found, self.name, report, original)
            if self.whole < stream.seek(0, os.SEEK_END):
                with failing():
                    stream.truncate(self.whole)
                    os.fsync(stream.fileno())

    def _noted(self, found: Iterable[Piece]) -> Iterator[Piece]:
        for piece in found:
            self.whole = max(self.whole, piece.offset + piece.length)
            yield piece
