"""Lookup of the captures that revisit records refer to, anywhere among the same WARC files.

The first revisit record causes all files to be indexed, in a temporary database.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from postscraper.sources.warc_files import WarcFile
from storage.warc.digests import has_digest, normal
from storage.warc.exchange import Exchange, RevisitTarget
from storage.warc.files import raw_records
from storage.warc.parser import BadRecord, ResponseRecord, bare_id, parse_record
from storage.warc.writer import payload_digest

_TABLE = """
CREATE TABLE response (
    digest TEXT, recorded_digest TEXT, record_id TEXT, url TEXT, captured_at TEXT, file TEXT, offset INTEGER,
    number INTEGER
)"""
_INDEXES = (
    "CREATE INDEX by_id ON response (record_id)",
    "CREATE INDEX by_digest ON response (digest)",
    "CREATE INDEX by_recorded_digest ON response (recorded_digest) WHERE recorded_digest != digest",
    "CREATE INDEX by_url ON response (url, captured_at)",
)
_COLUMNS = "SELECT digest, recorded_digest, file, offset, number FROM response"
_BY_ID = f"{_COLUMNS} WHERE record_id = ? ORDER BY url != ? LIMIT 9"
_BY_DIGEST = f"{_COLUMNS} WHERE digest = ? ORDER BY url != ?, captured_at LIMIT 1"
# Crawlers differ on whether a digest is that of the body or of its chunks.
_BY_RECORDED_DIGEST = (
    f"{_COLUMNS} WHERE recorded_digest = ? AND recorded_digest != digest ORDER BY url != ?, captured_at LIMIT 1"
)
_BY_URL = f"{_COLUMNS} WHERE url = ? AND captured_at GLOB ? LIMIT 9"


class _Row(NamedTuple):
    """A response in the index.

    digest: of its body, as `normal` writes it.
    recorded_digest: the digest in its record; None without one.
    number: position among the records compressed together at `offset`.
    """

    digest: str
    recorded_digest: str | None
    file: str
    offset: int
    number: int


class RevisitLookup:
    """Callable that returns the original of a revisit; None if it is not among the files."""

    def __init__(self, files: Sequence[WarcFile], index: Path) -> None:
        """index: path of the index database, created when it is needed."""
        self._files, self._index = files, index

    def __call__(self, target: RevisitTarget) -> Exchange | None:
        if not self._index.exists():
            self._make()
        digest = normal(target.payload_digest) if target.payload_digest else None
        with closing(sqlite3.connect(self._index)) as connection:
            for query, values in _queries(target, digest):
                rows = [_Row(*row) for row in connection.execute(query, values)]
                if digest is not None:
                    rows = [row for row in rows if digest in (row.digest, row.recorded_digest)] or rows
                # Without a digest, different bodies are ambiguous.
                elif len({row.digest for row in rows}) > 1:
                    continue
                if rows and (exchange := _response(rows[0])) is not None and _is_target(exchange, rows[0], target):
                    return exchange
        return None

    def _make(self) -> None:
        with closing(sqlite3.connect(self._index)) as connection, connection:
            connection.execute(_TABLE)
            connection.executemany("INSERT INTO response VALUES (?, ?, ?, ?, ?, ?, ?, ?)", self._rows())
            for statement in _INDEXES:
                connection.execute(statement)

    def _rows(self) -> Iterator[tuple[str | int | None, ...]]:
        for file in self._files:
            last, number = -1, 0
            # Damage is reported when the file is read for its pages.
            for raw in raw_records(file.path, lambda _: None, start=file.start, end=file.end):
                number = number + 1 if raw.offset == last else 0
                last = raw.offset
                try:
                    record = parse_record(raw.raw)
                except BadRecord:
                    continue
                if isinstance(record, ResponseRecord) and not record.lacks_body and record.exchange.body:
                    response, record_id = record.exchange, bare_id(record.record_id) or None
                    recorded_digest = normal(record.payload_digest) if record.payload_digest else None
                    digests = normal(payload_digest(response.body)), recorded_digest
                    place = str(file.path), raw.offset, number
                    yield *digests, record_id, response.url, _text(response.captured_at), *place


def _queries(target: RevisitTarget, digest: str | None) -> Iterator[tuple[str, tuple[str, str]]]:
    """Queries of the index with their values, the most reliable first."""
    if target.record_id:
        yield _BY_ID, (target.record_id, target.url)
    if digest:
        yield _BY_DIGEST, (digest, target.url)
        yield _BY_RECORDED_DIGEST, (digest, target.url)
    if target.captured_at is not None:
        moment = _text(target.captured_at) or ""
        yield _BY_URL, (target.url, moment)
        # Records of one capture may give its second, its minute or a fraction of the second.
        yield _BY_URL, (target.url, f"{moment[:19]}[.+]*")
        if moment[16:19] == ":00":
            yield _BY_URL, (target.url, f"{moment[:16]}*")
        if moment[11:19] == "00:00:00":
            yield _BY_URL, (target.url, f"{moment[:10]}*")


def _is_target(exchange: Exchange, row: _Row, target: RevisitTarget) -> bool:
    digest = target.payload_digest
    return not digest or normal(digest) == row.recorded_digest or has_digest(exchange.body, digest) is True


def _text(captured_at: datetime | None) -> str | None:
    return None if captured_at is None else captured_at.isoformat()


def _response(row: _Row) -> Exchange | None:
    try:
        records = raw_records(Path(row.file), lambda _: None, start=row.offset, end=row.offset + 1)
        raw = next(islice(records, row.number, None), None)
        record = parse_record(raw.raw) if raw is not None else None
    except (BadRecord, OSError):
        return None
    return record.exchange if isinstance(record, ResponseRecord) else None
