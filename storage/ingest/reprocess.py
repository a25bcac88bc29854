"""Reread stored captures with the current layouts: old and new items, ledger updates, end of a full reread."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from sqlalchemy import Connection, Row, select

from storage.database.bulk import chunks, select_in
from storage.database.schema import Capture, Sighting
from storage.database.values import Values, dumped, plain
from storage.errors import EvidenceError
from storage.evidence.store import Evidence
from storage.ingest.batch import Batch, load_followers, load_stories, readings
from storage.ingest.visits import BatchResult, next_at, update_ledger
from storage.ingest.wording import words_digest
from storage.ingest.write import write
from storage.ledger.rows import row_priority
from storage.ledger.states import DROPPED, Visit
from storage.query.search.text import digest_of
from storage.warc.digests import body_digest
from storage.warc.exchange import Exchange, RecordLocation


class Reader(Protocol):
    """Reader of the pages in the evidence; the caller provides it, because the archive cannot read pages itself."""

    def read(self, exchange: Exchange, location: RecordLocation, /) -> list[tuple[Any, Visit | None]]:
        """The item of the exchange with its visit, then those of the complete stories in the response."""
        ...

    def without(self, item: Any, part: str, /) -> Any:
        """The item of a story that the response no longer yields. item: of the whole response."""
        ...

    def is_page(self, exchange: Exchange, location: RecordLocation, /) -> bool:
        """Whether the exchange gets a row: not robots.txt, nor a redirect to another form of the same address."""
        ...

    def address(self, url: str, /) -> str:
        """The ledger's key of an address. Raises ValueError if `url` is not one."""
        ...

    def section(self, address: str, /) -> set[str]:
        """The names of the section of an address, one for each newspaper that has a section at it."""
        ...


_TEASER = ("list", "position", "headline", "url", "summary", "image_url")
_DATED_TEASER = (*_TEASER, "published_on", "published_at", "published_text")


class Rereader:
    """Rereads stored captures (rows of the table). The parts of a response must be consecutive: it is read once."""

    def __init__(self, evidence: Evidence, reader: Reader) -> None:
        self._evidence, self._reader = evidence, reader
        self._last: tuple[Any, dict[str, tuple[Any, Visit | None]]] | None = None

    def __call__(self, row: Row[Any]) -> tuple[Any, Visit | None]:
        """The new item of a capture, and its visit. Raises EvidenceError when its bytes cannot be read."""
        return reading_of(self.parts(row), row.part, self._reader)

    def parts(self, row: Row[Any]) -> dict[str, tuple[Any, Visit | None]]:
        """All new items of the response of a capture, by part; '' for the whole response. Raises EvidenceError."""
        answer = (row.evidence_file, row.evidence_offset, row.url, row.captured_at, row.source, row.digest)
        if self._last is None or self._last[0] != answer:
            self._last = answer, by_part(self._reader.read(*self.exchange(row)))
        return self._last[1]

    def exchange(self, row: Row[Any]) -> tuple[Exchange, RecordLocation]:
        """The record of a capture, its digests checked, and its location. Raises EvidenceError."""
        if row.evidence_file is None:
            raise EvidenceError("no record of it was kept")
        location = RecordLocation.of(row)
        exchange = replace(self._evidence.read(location), source=row.source, captured_at=row.captured_at)
        if (exchange.url, body_digest(exchange.body)) != (row.url, row.digest):
            raise EvidenceError(f"{location.file}, byte {location.offset}: holds another answer than the database says")
        return exchange, location


def by_part(readings: Sequence[tuple[Any, Visit | None]]) -> dict[str, tuple[Any, Visit | None]]:
    """Items with their visits, by the part of the response; '' for the whole response."""
    receipts = (plain(item["capture"] if isinstance(item, Mapping) else item.capture) for item, _ in readings)
    return {receipt.get("part") or "": reading for receipt, reading in zip(receipts, readings, strict=True)}


def reading_of(parts: Mapping[str, tuple[Any, Visit | None]], part: str, reader: Reader) -> tuple[Any, Visit | None]:
    """The item of a part, with its visit, which is None for a part that the response no longer yields."""
    return parts.get(part) or (reader.without(parts[""][0], part), None)


def items(connection: Connection, captures: Sequence[Row[Any]]) -> dict[int, dict[str, Any]]:
    """The stored items of captures (rows of the table) by their ids, without `capture`."""
    stored = readings(connection, {row.reading_id for row in captures if row.reading_id is not None})
    teasers = sightings(connection, captures)
    items = {}
    for row in captures:
        if row.outcome == "unread":
            items[row.id] = {"type": "unread", "reason": row.reason, "detail": row.detail, "url": row.url}
        else:
            # Equal readings share one row; teasers are stored per capture, so they are joined here.
            items[row.id] = {**stored[row.reading_id], "teasers": stored_teasers(teasers[row.id], row.teasers_digest)}
    return items


def sightings(connection: Connection, captures: Sequence[Row[Any]]) -> dict[int, list[Row[Any]]]:
    """The rows of teasers, by the ids of their captures, in the order of the page."""
    rows: dict[int, list[Row[Any]]] = {row.id: [] for row in captures}
    sighting = Sighting.__table__
    for row in select_in(connection, select(sighting).order_by(sighting.c.id), sighting.c.capture_id, rows):
        rows[row.capture_id].append(row)
    return rows


def stored_teasers(sightings: Iterable[Row[Any]], digest: str | None) -> list[dict[str, Any]]:
    """The teasers of one page as JSON data, with dates if the digest was made with them, as on lists."""
    dated = [{name: plain(getattr(row, name)) for name in _DATED_TEASER} for row in sightings]
    bare = [{name: teaser[name] for name in _TEASER} for teaser in dated]
    return bare if digest_of(dumped(bare)) == digest else dated


def apply_readings(connection: Connection, results: Sequence[BatchResult]) -> None:
    """Ledger updates of reread captures: their links, and better states.

    No visit is counted. The state of an address changes only if the visit of this capture set it.
    """
    dated = [result for result in results if result[0].captured_at is not None]
    update_ledger(connection, dated, None, _after_reread)


def _after_reread(row: Values, result: BatchResult) -> Values | None:
    item, _, capture_id = result
    if item.captured_at is None or (row["capture_id"], row["visited_at"]) != (capture_id, item.captured_at):
        return None
    if row["state"] == "leased" or (row["state"] == "excluded" and row["why"] != DROPPED):
        return None
    final = item.state_after(anything_new=row["state"] != "unchanged")
    reread = row | {"dated_on": item.published_on or row["dated_on"]}
    if (final.state, final.why, reread["dated_on"]) == (row["state"], row["why"], row["dated_on"]):
        return None
    return {
        "state": final.state,
        "why": final.why,
        "dated_on": reread["dated_on"],
        "due_at": next_at(final, item, reread, item.captured_at),
        "priority": row_priority(reread, visited=final.state != "failed" or row["visits"] > 0),
    }


def end_rereading(connection: Connection, without: Collection[int] = ()) -> int:
    """After a full reread, let captures that inherited a neighbour's text use their own again. Returns the count.

    During a reread, captures not reached yet inherit the text of their neighbours, so that a better reading never
    looks like an edit. At the end all were read by the same layouts: any remaining difference is an edit by the
    newspaper.

    without: ids of captures that could not be reread; they go on inheriting.
    """
    waiting = select(Capture.story_id).where(Capture.words_of_another).distinct()
    story_ids = [story_id for story_id in connection.execute(waiting).scalars() if story_id is not None]
    count = 0
    for chunk in chunks(sorted(story_ids)):
        batch = Batch()
        load_stories(connection, batch, chunk)
        load_followers(connection, batch, chunk)
        followers = [values for values in batch.by_id.values() if values["id"] not in without]
        items = readings(connection, {values["reading_id"] for values in followers})
        for values in followers:
            batch.use_own_words(values, words_digest(items[values["reading_id"]]))
        write(connection, batch)
        count += len(followers)
    return count
