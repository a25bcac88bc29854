"""One capture, read anew, against what the tables hold of it."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection

from storage.database.bulk import chunks
from storage.ingest.prepare import SIGHTING, PreparedItem
from storage.maintenance.checks.findings import Finding, capture_name, differing, printable
from storage.maintenance.checks.holdings import is_sha1
from storage.maintenance.checks.rows import raw_row, rows, rows_in
from storage.warc.exchange import Exchange, RecordLocation
from storage.warc.writer import payload_digest

Row = Mapping[str, Any]

# Told by other rows than the capture's own reading; each is compared below or with its story.
_TIED = ("reading_id", "story_id", "words_of_another")


def capture(connection: Connection, row: Row, entry: PreparedItem) -> Iterator[Finding]:
    """row: of `capture`. entry: what the evidence gives now. Gives at most one finding of each kind."""
    fields = [*_own(row, entry), *_reading(connection, row, entry), *_story(connection, row, entry)]
    fields += _sightings(connection, row, entry)
    if fields:
        what = f"reads {_told(row['outcome'], row['layout'])}; stored otherwise"
        yield Finding(kind="differs", where=capture_name(row), what=what, fields=tuple(dict.fromkeys(fields)))
    missing = _unheard(connection, entry)
    if missing:
        what = f"announces {len(missing)} addresses that the ledger does not have, {missing[0]} first"
        yield Finding(kind="ledger", where=capture_name(row), what=what, pages=True)


def parts_without_row(
    connection: Connection, row: Row, place: RecordLocation, found: Iterable[str]
) -> Iterator[Finding]:
    """Stories in parts of an answer that no row names; row: of the whole answer. found: all its parts."""
    named = {each["part"] for each in rows(connection, _PARTS, *(row[name] for name in _ANSWER))}
    for part in set(found) - named:
        what = f"no row names the story {printable(part)} in it"
        yield Finding(kind="unfiled", where=f"{place.file}, byte {place.offset}", what=what, pages=True)


_ANSWER = ("url", "captured_at", "digest", "source")
_PARTS = "SELECT part FROM capture WHERE url = ? AND captured_at IS ? AND digest = ? AND source = ?"


def payload(connection: Connection, row: Row, exchange: Exchange) -> Iterator[Finding]:
    """The name by which other archives know the bytes, where it is known."""
    stored = next(rows(connection, "SELECT sha1 FROM payload WHERE digest = ?", row["digest"]), None)
    if stored is None or not is_sha1(stored["sha1"]):
        return  # what has not even the form is found without the bytes
    if f"sha1:{stored['sha1']}" != payload_digest(exchange.body):
        what = "its bytes are known to other archives by another digest"
        yield Finding(kind="elsewhere", where=capture_name(row), what=what, fields=("payload.sha1",))


def _told(outcome: Any, layout: Any) -> str:
    return f"anew from the evidence (an {outcome} by the layout {layout})" if layout else "anew from the evidence"


def _own(row: Row, entry: PreparedItem) -> Iterator[str]:
    expected = raw_row(entry.capture)
    followed = ("words_digest",) if row["words_of_another"] == 1 else ()
    names = [name for name in expected if name not in _TIED and name not in followed]
    yield from differing(row, expected, names)
    if row["words_of_another"] not in (0, 1):
        yield "words_of_another"


def _reading(connection: Connection, row: Row, entry: PreparedItem) -> Iterator[str]:
    if entry.reading is None:
        if row["reading_id"] is not None:
            yield "reading_id"
        return
    stored = next(rows(connection, "SELECT item, digest FROM reading WHERE id = ?", row["reading_id"]), None)
    if stored is None:
        yield "reading_id"
    elif stored["item"] != entry.reading:
        yield from _fields_of(stored["item"], entry.reading)
    elif stored["digest"] != entry.reading_digest:
        yield "reading.digest"


def _fields_of(stored: Any, expected: str) -> list[str]:
    """Which fields of two readings differ; all of it when the stored one is no JSON object any more."""
    try:
        old, new = json.loads(stored), json.loads(expected)
        names = [name for name in {**new, **old} if old.get(name) != new.get(name)]
    except (ValueError, TypeError, AttributeError, RecursionError):
        names = []
    return [f"reading.{name}" for name in names] or ["reading.item"]


def _story(connection: Connection, row: Row, entry: PreparedItem) -> Iterator[str]:
    if entry.outcome != "article":
        if row["story_id"] is not None:
            yield "story_id"
        return
    stored = next(rows(connection, "SELECT canonical_url FROM story WHERE id = ?", row["story_id"]), None)
    if stored is None:
        yield "story_id"
    elif stored["canonical_url"] != entry.canonical_url:
        yield "story.canonical_url"


def _sightings(connection: Connection, row: Row, entry: PreparedItem) -> Iterator[str]:
    stored = list(rows_in(connection, "sighting", "capture_id", [row["id"]]))
    expected = [dict(zip(SIGHTING, each, strict=True)) for each in entry.sightings]
    if len(stored) != len(expected):
        yield "sightings"
        return
    for position, (old, new) in enumerate(zip(stored, expected, strict=True), 1):
        yield from (f"sighting {position}.{name}" for name in differing(old, new, new))


def _unheard(connection: Connection, entry: PreparedItem) -> list[str]:
    """Addresses that the page announces, and its own, as far as the ledger lacks them."""
    if entry.visit is None:
        return []
    heard = sorted({entry.visit.address, *(each.address for each in entry.visit.discoveries)})
    known: set[str] = set()
    for some in chunks(heard):
        known |= {row["address"] for row in rows_in(connection, "ledger", "address", some, order="address")}
    return [address for address in heard if address not in known]
