"""Captures read anew: what they were read as before, what it does to the ledger, and the end of such a run."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any, Protocol

from sqlalchemy import Connection, Row, select

from storage.database.bulk import chunks
from storage.database.schema import Capture, Sighting
from storage.database.values import Values, dumped, plain
from storage.evidence.store import Evidence
from storage.ingest.batch import Batch, load_followers, load_stories, readings
from storage.ingest.prepare import discoveries_of
from storage.ingest.visits import Taken, next_at
from storage.ingest.wording import words_digest
from storage.ingest.write import write
from storage.ledger.discoveries import merge
from storage.ledger.rows import LedgerBatch
from storage.ledger.states import DROPPED, Visit, queue_priority
from storage.query.text import digest_of
from storage.warc.exchange import EvidenceError, Exchange, RecordLocation


class Reader(Protocol):
    """Reader of the pages in the evidence, which the caller brings: the archive itself reads none."""

    def read(self, exchange: Exchange, location: RecordLocation, /) -> list[tuple[Any, Visit | None]]:
        """The item of the exchange with its visit, then the stories that the answer carries whole."""
        ...

    def without(self, item: Any, part: str, /) -> Any:
        """The item of a story that is not found any more in the answer; item: of the whole answer."""
        ...

    def is_page(self, exchange: Exchange, location: RecordLocation, /) -> bool:
        """False for what a crawl records without a row: robots.txt, a redirect to another form of the same address."""
        ...

    def address(self, url: str, /) -> str:
        """The ledger's key of an address. Raises ValueError if it is none."""
        ...

    def section(self, address: str, /) -> set[str]:
        """The names of the section in which an address lies, one for each newspaper that has one there."""
        ...


_TEASER = ("list", "position", "headline", "url", "summary", "image_url")
_DATED_TEASER = (*_TEASER, "published_on", "published_at", "published_text")


class Rereader:
    """Reads stored captures (rows of the table) anew; those of one answer follow each other, and it is read once."""

    def __init__(self, evidence: Evidence, reader: Reader) -> None:
        self._evidence, self._reader = evidence, reader
        self._last: tuple[Any, dict[str, tuple[Any, Visit | None]]] | None = None

    def __call__(self, row: Row[Any]) -> tuple[Any, Visit | None]:
        """The item that a capture gives now, and its visit. Raises EvidenceError when its bytes are not to be had."""
        parts = self.parts(row)
        return parts.get(row.part) or (self._reader.without(parts[""][0], row.part), None)

    def parts(self, row: Row[Any]) -> dict[str, tuple[Any, Visit | None]]:
        """All that the answer of a capture gives now, by part; '' for the whole answer. Raises as above."""
        answer = (row.evidence_file, row.evidence_offset, row.url, row.captured_at, row.source, row.digest)
        if self._last is None or self._last[0] != answer:
            self._last = answer, by_part(self._reader.read(*self._exchange(row)))
        return self._last[1]

    def _exchange(self, row: Row[Any]) -> tuple[Exchange, RecordLocation]:
        if row.evidence_file is None:
            raise EvidenceError("no record of it was kept")
        place = RecordLocation(file=row.evidence_file, offset=row.evidence_offset, length=row.evidence_length)
        exchange = replace(self._evidence.read(place), source=row.source, captured_at=row.captured_at)
        if (exchange.url, "sha256:" + sha256(exchange.body).hexdigest()) != (row.url, row.digest):
            raise EvidenceError(f"{place.file}, byte {place.offset}: holds another answer than the database says")
        return exchange, place


def by_part(readings: Iterable[tuple[Any, Visit | None]]) -> dict[str, tuple[Any, Visit | None]]:
    """Items with their visits, by the part of the answer; '' for the whole of it."""
    return {_part_of(item): (item, visit) for item, visit in readings}


def _part_of(item: Any) -> str:
    receipt = plain(item["capture"] if isinstance(item, Mapping) else item.capture)
    return receipt.get("part") or ""


def items(connection: Connection, captures: Sequence[Row[Any]]) -> dict[int, dict[str, Any]]:
    """What captures (rows of the table) were read as, by their ids: whole items but for `capture`."""
    stored = readings(connection, {row.reading_id for row in captures if row.reading_id is not None})
    teasers = _teasers(connection, captures)
    found = {}
    for row in captures:
        if row.outcome == "unread":
            found[row.id] = {"type": "unread", "reason": row.reason, "detail": row.detail, "url": row.url}
        else:
            # A reading lies in the table as often as it was made, its teasers as often as they were seen.
            found[row.id] = {**stored[row.reading_id], "teasers": teasers[row.id]}
    return found


def _teasers(connection: Connection, captures: Sequence[Row[Any]]) -> dict[int, list[dict[str, Any]]]:
    rows = sightings(connection, captures)
    return {row.id: previous_item(rows[row.id], row.teasers_digest) for row in captures}


def sightings(connection: Connection, captures: Sequence[Row[Any]]) -> dict[int, list[Row[Any]]]:
    """The announcements on pages, by the ids of their captures, in their order."""
    rows: dict[int, list[Row[Any]]] = {row.id: [] for row in captures}
    sighting = Sighting.__table__
    for some in chunks(sorted(rows)):
        found = select(sighting).where(sighting.c.capture_id.in_(some)).order_by(sighting.c.id)
        for row in connection.execute(found):
            rows[row.capture_id].append(row)
    return rows


def previous_item(sightings: Iterable[Row[Any]], digest: str | None) -> list[dict[str, Any]]:
    """The teasers of one page; only those of lists have dates, and the digest tells which these are."""
    dated = [{name: plain(getattr(row, name)) for name in _DATED_TEASER} for row in sightings]
    bare = [{name: teaser[name] for name in _TEASER} for teaser in dated]
    return bare if digest_of(dumped(bare)) == digest else dated


def apply_readings(connection: Connection, taken: Sequence[Taken]) -> None:
    """The ledger's part of captures read anew: what they announce now, and a better state.

    When an address was visited, and how often, stays as it is. Its state is told anew where it is that in
    which the visit of this very capture left it.
    """
    told = [each for each in taken if each[0].visit is not None and each[0].captured_at is not None]
    announced = merge(report for entry, _, _ in told for report in discoveries_of(entry))
    sheet = LedgerBatch(connection, announced)
    sheet.discover(announced.values())
    for each in told:
        row = sheet.row(each[0].address)
        assert row is not None, "every visit is reported"
        if values := _left(row, each):
            sheet.change(each[0].address, values)
    sheet.write()


def _left(row: Values, taken: Taken) -> Values | None:
    """What changes in the row of an address; None when nothing does."""
    entry, _, capture_id = taken
    if (row["capture_id"], row["visited_at"]) != (capture_id, entry.captured_at):
        return None
    if row["state"] == "leased" or (row["state"] == "excluded" and row["why"] != DROPPED):
        return None
    how = entry.state_after(anything_new=row["state"] != "unchanged")
    dated_on = entry.published_on or row["dated_on"]
    if (how.state, how.why, dated_on) == (row["state"], row["why"], row["dated_on"]):
        return None
    assert entry.captured_at is not None
    failed = how.state == "failed"
    return {
        "state": how.state,
        "why": how.why,
        "dated_on": dated_on,
        "due_at": next_at(how, entry, row | {"dated_on": dated_on}, entry.captured_at),
        "priority": queue_priority(
            row["address"], row["kind"], dated_on, row["heard_at"], visited=not failed or row["visits"] > 0
        ),
    }


def end_rereading(connection: Connection, without: Collection[int] = ()) -> int:
    """Let the captures that followed a reread neighbour stand on their own readings; how many did.

    While a run reads captures anew, one after the other, those not reached yet follow their neighbours, so
    that a better reading never looks like an edit. At its end all have been read by the same layouts, and
    where they differ still the newspaper did change its words.

    without: ids of captures that could not be read anew; they go on following.
    """
    waiting = select(Capture.story_id).where(Capture.words_of_another).distinct()
    story_ids = [story_id for story_id in connection.execute(waiting).scalars() if story_id is not None]
    count = 0
    for some in chunks(sorted(story_ids)):
        intake = Batch()
        load_stories(connection, intake, some)
        load_followers(connection, intake, some)
        followers = [values for values in intake.by_id.values() if values["id"] not in without]
        items = readings(connection, {values["reading_id"] for values in followers})
        for values in followers:
            intake.stand_alone(values, words_digest(items[values["reading_id"]]))
        write(connection, intake)
        count += len(followers)
    return count
