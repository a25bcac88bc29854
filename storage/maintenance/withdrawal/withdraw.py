"""Withdrawal of a story: it is deleted from the archive permanently, and a tombstone keeps it out.

    done = withdraw(archive, reader, address, reason="…", on=date.today(), now=now)
    finish(archive)                     # also completes an earlier run that was killed

One transaction deletes the rows, writes the tombstone and lists the records of the evidence; then each record is
overwritten (storage/ingest/tombstones.py) and the database is vacuumed. Every step may be repeated. Under the caller's
run lock. SQLite only.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from storage.archive import Archive
from storage.database.bulk import run_in, select_in
from storage.database.engine import require_sqlite
from storage.database.other_archives import Holding, Payload
from storage.database.schema import Address, Capture, Sighting
from storage.database.values import dumped
from storage.errors import NoSuchStory, RecordUnreadable
from storage.evidence import compact_format
from storage.evidence.store import HOPS, Evidence
from storage.ingest import runs, search_index
from storage.ingest.batch import Batch, load_stories
from storage.ingest.reprocess import Reader, sightings, stored_teasers
from storage.ingest.tombstones import add_records, forget_bytes, is_ours, keep_out, records, waiting
from storage.ingest.write import write
from storage.ledger.states import WITHDRAWN
from storage.maintenance.compact import plain_again
from storage.maintenance.withdrawal.plan import Withdrawal, captures_by, plan, teasers
from storage.query.search.text import digest_of
from storage.warc.exchange import RecordLocation


def withdraw(
    archive: Archive, reader: Reader, address: str, *, reason: str, on: date, now: datetime, mentions: bool = False
) -> Withdrawal:
    """Delete a story from the database and list its records, in one durable transaction.

    mentions: whether to delete also the captures of other pages that announce it, rows and bytes.
    Raises NoSuchStory, and RecordUnreadable when a file is missing; nothing is changed then.
    """
    with archive.write() as connection:
        require_sqlite(connection, "a withdrawal")
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")  # stories name captures, and captures stories
        withdrawal = plan(connection, reader, address, mentions=mentions)
        story, addresses = withdrawal.story, withdrawal.addresses
        deleted = [*withdrawal.captures, *(withdrawal.mentions if mentions else ())]
        _list_records(connection, Evidence.open(archive.evidence), story, [*deleted, *withdrawal.losing_bytes])
        _delete_captures(connection, deleted)
        forget_bytes(connection, [row.id for row in withdrawal.losing_bytes])
        _delete_teasers(connection, reader, set(addresses))
        tombstone = {"story": story, "reason": reason, "withdrawn_on": on}
        keep_out(connection, [{"address": address, **tombstone} for address in addresses], "story", now)
        _forget_elsewhere(connection, addresses)
        runs.forget(connection, addresses)
        search_index.fill(connection)
    return withdrawal


def take_over(archive: Archive, reader: Reader, rows: Iterable[Mapping[str, Any]], now: datetime) -> None:
    """Withdraw here what another archive has withdrawn. rows: as `barred` returns them. Raises as `finish` does."""
    for row in (rows := list(rows)):
        address = row["address"]
        if address in archive.withdrawn():
            continue
        try:
            withdraw(archive, reader, address, reason=row["reason"], on=row["withdrawn_on"], now=now)
        except NoSuchStory:
            if archive.ledger.row(address) is None:  # else it is a list here
                with archive.write() as connection:
                    keep_out(connection, [dict(row)], "story", now)
    if rows:
        finish(archive)


def finish(archive: Archive) -> int:
    """Overwrite every record listed as waiting; returns their number. May be repeated.

    Raises RecordUnreadable when a file is missing, Damaged when one cannot be written, Locked while another
    program reads the database.
    """
    folder = archive.evidence
    with archive.connect() as connection:
        files = sorted({row.file for row in waiting(connection)})
    for file in files:
        if compact_format.is_compact(folder / file):
            plain_again(compact_format.file_of(folder / file))
    count = archive.overwrite_withdrawn()
    archive.shrink()
    with archive.connect() as connection:
        for row in waiting(connection):
            what = "a record of a withdrawn story; bring the file back from a copy and run the command again"
            raise RecordUnreadable(f"{folder / row.file} is not there, and holds {what}")
    return count


def _list_records(connection: Connection, evidence: Evidence, story: str, deleted: list[Row[Any]]) -> None:
    folder = evidence.folder
    for file in {row.evidence_file for row in deleted if is_ours(row.evidence_file)}:
        if not compact_format.file_of(folder / file).is_file():
            raise RecordUnreadable(f"{folder / file} is not there: bring the file back from a copy first")
    needed = _needed(connection, evidence, deleted)
    for row in deleted:
        state = "shared" if (row.evidence_file, row.evidence_offset) in needed else "waiting"
        if row.evidence_file is not None:
            values = dict(row._mapping)
            add_records(connection, records(folder, values), story, values, state)


def _needed(connection: Connection, evidence: Evidence, deleted: list[Row[Any]]) -> set[tuple[str, int]]:
    """The records to which revisit records of captures that stay refer."""
    ids = {row.id for row in deleted}
    needed: set[tuple[str, int]] = set()
    for row in captures_by(connection, Capture.__table__.c.digest, {row.digest for row in deleted}):
        if row.evidence_file is not None and row.id not in ids:
            location = RecordLocation.of(row)
            needed |= set(_originals(evidence, location))
    return needed


def _originals(evidence: Evidence, location: RecordLocation | None) -> Iterator[tuple[str, int]]:
    """The records to which a revisit record refers, up to the one with the body."""
    for _ in range(HOPS):
        record = None
        if location is not None:
            with suppress(RecordUnreadable):
                record = evidence.response(location)
        if record is None or not record.lacks_body or record.exchange.revisit_of is None:
            return
        location = record.exchange.revisit_of.location
        if location is not None:
            yield location.file, location.offset


def _delete_captures(connection: Connection, deleted: list[Row[Any]]) -> None:
    """Delete captures and all data derived from them alone; stories with other captures are derived again."""
    ids = [row.id for row in deleted]
    batch = Batch()
    load_stories(connection, batch, {row.story_id for row in deleted if row.story_id is not None})
    for row in deleted:
        if row.reading_id is not None:
            batch.dropped.add(row.reading_id)
        if row.story_id is not None:
            story = batch.by_story[row.story_id]
            story.timeline.remove(row.id)
            story.derive_all = True
            batch.touched[story.id] = story
    run_in(connection, delete(Sighting), Sighting.capture_id, ids)
    run_in(connection, delete(Capture), Capture.id, ids)
    write(connection, batch)
    _forget_visits(connection, {row.address for row in deleted}, set(ids))


def _forget_visits(connection: Connection, addresses: Collection[str], ids: Collection[int]) -> None:
    """Clear references to deleted captures in the ledger, and validators that no capture has any more."""
    table, capture = Address.__table__, Capture.__table__.c
    for row in list(select_in(connection, select(table), table.c.address, addresses)):
        cleared = ["capture_id"] if row.capture_id in ids else []
        for name in ("etag", "last_modified"):
            held = select(capture.id).where(capture.address == row.address, capture[name] == getattr(row, name))
            cleared += [name] if connection.execute(held).first() is None else []
        if cleared:
            of_row = update(Address).where(table.c.address == row.address)
            connection.execute(of_row.values(dict.fromkeys(cleared)))


def _delete_teasers(connection: Connection, reader: Reader, named: Collection[str]) -> None:
    """Delete the teasers of the story on pages that stay, and correct these pages' digests."""
    deleted = {row.id: row.capture_id for row in teasers(connection, reader, named)}
    for capture in captures_by(connection, Capture.__table__.c.id, set(deleted.values())):
        rows = sightings(connection, [capture])[capture.id]
        stored = zip(rows, stored_teasers(rows, capture.teasers_digest), strict=True)
        remaining = [teaser for row, teaser in stored if row.id not in deleted]
        of_capture = update(Capture).where(Capture.id == capture.id)
        connection.execute(of_capture.values(teasers_digest=digest_of(dumped(remaining))))
    run_in(connection, delete(Sighting), Sighting.id, deleted)


def _forget_elsewhere(connection: Connection, named: Collection[str]) -> None:
    """Mark the holdings of the addresses as passed over, and delete the payloads of deleted captures."""
    passed = update(Holding).values(state="passed over", why=WITHDRAWN, due_at=None)
    run_in(connection, passed, Holding.address, named)
    connection.execute(delete(Payload).where(Payload.digest.not_in(select(Capture.digest))))
