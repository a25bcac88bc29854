"""The captures that revisit records refer to, found anywhere among the same WARC files.

Nothing is looked through before the first revisit comes; then all files are, once, and where each answer
stands is written into an index on the disk. Several processes share one index.
"""

import fcntl
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

from postscraper.sources.warcfiles import Part
from storage.exchange import Earlier, Exchange
from storage.warc.file import piece_at, pieces
from storage.warc.reading import Answered, Broken, opened
from storage.warc.record import payload_digest

_TABLE = "CREATE TABLE answer (digest TEXT, url TEXT, captured_at TEXT, file TEXT, offset INTEGER)"
_INDEXES = ("CREATE INDEX by_digest ON answer (digest)", "CREATE INDEX by_url ON answer (url, captured_at)")
_BY_DIGEST = "SELECT file, offset FROM answer WHERE digest = ? ORDER BY url != ?, captured_at LIMIT 1"
_BY_URL = "SELECT file, offset FROM answer WHERE url = ? AND captured_at = ? LIMIT 1"


class Originals:
    """Called with what a revisit says of its original, gives that; None when it is not among the files."""

    def __init__(self, parts: Sequence[Part], index: Path) -> None:
        """index: a file for nothing else; made when it is needed."""
        self._parts, self._index = parts, index

    def __call__(self, earlier: Earlier) -> Exchange | None:
        if not self._index.exists():
            self._make()
        with closing(sqlite3.connect(self._index)) as connection:
            row = None
            if earlier.payload_digest:
                row = connection.execute(_BY_DIGEST, (earlier.payload_digest, earlier.url)).fetchone()
            if row is None:
                row = connection.execute(_BY_URL, (earlier.url, _text(earlier.captured_at))).fetchone()
        return None if row is None else _answer(Path(row[0]), row[1])

    def _make(self) -> None:
        with self._index.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self._index.exists():  # another process was first
                return
            new = self._index.with_suffix(".new")
            new.unlink(missing_ok=True)
            with closing(sqlite3.connect(new)) as connection, connection:
                connection.execute(_TABLE)
                connection.executemany("INSERT INTO answer VALUES (?, ?, ?, ?, ?)", self._rows())
                for statement in _INDEXES:
                    connection.execute(statement)
            new.replace(self._index)

    def _rows(self) -> Iterator[tuple[str, str, str | None, str, int]]:
        for part in self._parts:
            # Damage is told by whoever reads the file for its pages.
            for piece in pieces(part.path, lambda _: None, start=part.start, end=part.end):
                try:
                    record = opened(piece.raw) if piece.raw.strip() else None
                except Broken:
                    continue
                if isinstance(record, Answered) and not record.lacks_body and record.exchange.body:
                    answer = record.exchange
                    at = _text(answer.captured_at)
                    yield payload_digest(answer.body), answer.url, at, str(part.path), piece.offset


def _text(captured_at: datetime | None) -> str | None:
    return None if captured_at is None else captured_at.isoformat()


def _answer(path: Path, offset: int) -> Exchange | None:
    try:
        with path.open("rb") as stream:
            record = opened(piece_at(stream, offset).raw)
    except (Broken, OSError):
        return None
    return record.exchange if isinstance(record, Answered) else None
