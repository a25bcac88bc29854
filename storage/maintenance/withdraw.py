"""Withdrawal of a story: it is deleted from the archive permanently, and a tombstone keeps it out.

    done = withdraw(archive, reader, address, reason="…", on=date.today(), now=now)
    finish(archive)                     # also completes an earlier run that was killed

One transaction deletes the rows, writes the tombstone and lists the records of the evidence; then each record is
overwritten (storage/ingest/tombstones.py) and the database is vacuumed. Every step may be repeated. Under the caller's
run lock. SQLite only.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, or_, select, update

from storage.archive import Archive
from storage.database.bulk import run_in, select_in
from storage.database.engine import require_sqlite
from storage.database.schema import (
    Address,
    Capture,
    Holding,
    Image,
    Payload,
    Revision,
    Sighting,
    Story,
    Withdrawn,
    WithdrawnRecord,
)
from storage.database.values import dumped
from storage.errors import Damaged, NoSuchStory, NotAnArchive, RecordUnreadable
from storage.evidence import compact_format
from storage.ingest import runs, search_index
from storage.ingest.batch import Batch, load_stories
from storage.ingest.reprocess import Reader, stored_teasers
from storage.ingest.tombstones import EVIDENCE, add_records, forget_bytes, is_ours, keep_out, records, waiting
from storage.ingest.write import write
from storage.ledger.states import DROPPED, WITHDRAWN
from storage.maintenance.compact import plain_again
from storage.query import captures
from storage.query.search.text import digest_of
from storage.warc.parser import BadRecord, ResponseRecord, parse_record
from storage.warc.tombstones import withdrawn

_LISTS = ("front", "listing", "feed", "sitemap", "rest")
_HOPS = 5  # revisits of revisits to follow, as in storage/evidence/store.py

_ById = dict[int, Row[Any]]


@dataclass(slots=True)
class Withdrawal:
    """The rows and bytes that a withdrawal deletes.

    story: the address of the tombstone. addresses: all addresses that are kept out. captures: those of the addresses;
    their rows and bytes are deleted. mentions: captures of other pages with teasers of the story; they are deleted, or
    only their teasers. losing_bytes: captures of feeds and REST responses that contain the story, and of the other
    stories in them: their readings stay, their bytes are deleted. without_bytes: addresses of the stories among these
    that have no other bytes. same_words: addresses of other stories with the same text, which stay.
    """

    story: str
    addresses: tuple[str, ...]
    captures: list[Row[Any]] = field(default_factory=list)
    mentions: list[Row[Any]] = field(default_factory=list)
    losing_bytes: list[Row[Any]] = field(default_factory=list)
    without_bytes: tuple[str, ...] = ()
    same_words: tuple[str, ...] = ()


def plan(archive: Archive, reader: Reader, address: str, *, mentions: bool = False) -> Withdrawal:
    """Plan the withdrawal of an address; changes nothing. Raises NoSuchStory for a list or an unknown address."""
    with archive.connect() as connection:
        return _plan(connection, reader, address, mentions=mentions)


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
        withdrawal = _plan(connection, reader, address, mentions=mentions)
        story, addresses = withdrawal.story, withdrawal.addresses
        deleted = [*withdrawal.captures, *(withdrawal.mentions if mentions else ())]
        _list_records(connection, archive.evidence, story, [*deleted, *withdrawal.losing_bytes])
        _delete_captures(connection, deleted)
        forget_bytes(connection, [row.id for row in withdrawal.losing_bytes])
        _delete_teasers(connection, reader, set(addresses))
        tombstone = {"story": story, "reason": reason, "withdrawn_on": on}
        keep_out(connection, [{"address": each, **tombstone} for each in addresses], "story", now)
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


def _plan(connection: Connection, reader: Reader, address: str, *, mentions: bool) -> Withdrawal:
    story, capture = Story.__table__, Capture.__table__
    row = connection.execute(select(story).where(story.c.canonical_url == address)).first()
    if row is None:
        of_address = select(capture.c.story_id).where(capture.c.address == address)
        row = connection.execute(select(story).where(story.c.id.in_(of_address)).order_by(story.c.id)).first()
    known = connection.execute(select(Address.__table__).where(Address.address == address)).first()
    if row is None and (known is None or known.kind in _LISTS):
        what = "is a list, and no story" if known is not None else "is no story of this archive, nor heard of by it"
        raise NoSuchStory(f"{address} {what}")
    named = {address} | (set() if row is None else {row.canonical_url, *_aliases(connection, row.id)})
    pictures = set() if row is None else set(_own_pictures(connection, reader, row.id))
    shows = or_(capture.c.address.in_(named | pictures), capture.c.part.in_(named))
    if row is not None:
        shows = or_(shows, capture.c.story_id == row.id)
    own = connection.execute(select(capture).where(shows)).all()
    # Not redirects and error pages of its address, because other addresses return the same bytes.
    with_words = [each for each in own if each.part or (row is not None and each.story_id == row.id)]
    captures, other_parts = _with_same_bytes(connection, with_words)
    captures |= {each.id: each for each in own}
    teaser_captures = sorted({each.capture_id for each in _teasers(connection, reader, named)})
    mentioning, other_parts_of_mentions = _with_same_bytes(
        connection, _captures(connection, capture.c.id, teaser_captures)
    )
    other_parts |= other_parts_of_mentions if mentions else {}
    deleted = captures | (mentioning if mentions else {})
    losing = {
        each: other_parts[each]
        for each in sorted(other_parts.keys() - deleted)
        if other_parts[each].evidence_file is not None
    }
    same = select(story.c.canonical_url).where(story.c.words_digest == row.words_digest) if row is not None else None
    return Withdrawal(
        story=row.canonical_url if row is not None else address,
        addresses=tuple(sorted(named | pictures)),
        captures=[captures[each] for each in sorted(captures)],
        mentions=[mentioning[each] for each in sorted(mentioning.keys() - captures.keys() - losing.keys())],
        losing_bytes=list(losing.values()),
        without_bytes=tuple(_without_other_bytes(connection, losing, deleted.keys() | losing.keys())),
        same_words=tuple(sorted(set(connection.execute(same).scalars()) - named)) if same is not None else (),
    )


def _with_same_bytes(connection: Connection, rows: Iterable[Row[Any]]) -> tuple[_ById, _ById]:
    """All captures with the same bytes, because a site may serve a page at several addresses.

    Returns the captures of the same part of the response, and those of other parts.
    """
    parts = {(row.digest, row.part) for row in rows}
    same_bytes = _captures(connection, Capture.__table__.c.digest, sorted({digest for digest, _ in parts}))
    same_part = {row.id: row for row in same_bytes if (row.digest, row.part) in parts}
    return same_part, {row.id: row for row in same_bytes if row.id not in same_part}


def _captures(connection: Connection, column: Any, values: Collection[Any]) -> list[Row[Any]]:
    return list(select_in(connection, select(Capture.__table__), column, values))


def _without_other_bytes(connection: Connection, losing: _ById, lost: Collection[int]) -> Iterator[str]:
    """Addresses of the captures' stories that no other capture with a record has."""
    stories = {row.story_id for row in losing.values()} - {None}
    rows = _captures(connection, Capture.__table__.c.story_id, stories)
    held = {row.story_id for row in rows if row.evidence_file is not None and row.id not in lost}
    without = stories - held
    yield from sorted(url for (url,) in select_in(connection, select(Story.canonical_url), Story.id, without))


def _aliases(connection: Connection, story_id: int) -> Iterator[str]:
    """The addresses at which this story was captured, and no other story."""
    capture = Capture.__table__.c
    for alias in connection.execute(select(capture.address).where(capture.story_id == story_id).distinct()).scalars():
        others = select(capture.id).where(capture.address == alias, capture.story_id != story_id)
        if connection.execute(others.limit(1)).first() is None:
            yield alias


def _own_pictures(connection: Connection, reader: Reader, story_id: int) -> Iterator[str]:
    """The addresses of pictures that are known, and that this story prints and no other."""
    of_stories = select(Image.url).join(Revision, Revision.id == Image.revision_id).distinct()
    for url in connection.execute(of_stories.where(Revision.story_id == story_id)).scalars():
        address = _key(reader, url)
        known = select(Address.address).where(Address.address == address, Address.kind == "picture")
        if address is None or connection.execute(known).first() is None:
            continue
        name = url.partition("?")[0].rsplit("/", 1)[-1]
        others = of_stories.where(Revision.story_id != story_id, Image.url.contains(name, autoescape=True))
        if all(_key(reader, other) != address for other in connection.execute(others).scalars()):
            yield address


def _teasers(connection: Connection, reader: Reader, named: Collection[str]) -> Iterator[Row[Any]]:
    """Sightings of links to one of the addresses, in any form."""
    sighting = Sighting.__table__
    for address in sorted(named):
        last = address.rstrip("/").rsplit("/", 1)[-1]
        # A Khmer slug may be escaped in the url: then only the ledger's address finds it.
        may_lead = or_(sighting.c.address == address, sighting.c.url.contains(last, autoescape=True))
        for row in connection.execute(select(sighting).where(may_lead)):
            if row.address in named or _key(reader, row.url) in named:
                yield row


def _key(reader: Reader, url: str) -> str | None:
    with suppress(ValueError):
        return reader.address(url)
    return None


def _list_records(connection: Connection, folder: Path, story: str, deleted: list[Row[Any]]) -> None:
    for file in {row.evidence_file for row in deleted if is_ours(row.evidence_file)}:
        if not compact_format.file_of(folder / file).is_file():
            raise RecordUnreadable(f"{folder / file} is not there: bring the file back from a copy first")
    needed = _needed(connection, folder, deleted)
    for row in deleted:
        state = "shared" if (row.evidence_file, row.evidence_offset) in needed else "waiting"
        if row.evidence_file is not None:
            values = dict(row._mapping)
            add_records(connection, records(folder, values), story, values, state)


def _needed(connection: Connection, folder: Path, deleted: list[Row[Any]]) -> set[tuple[str, int]]:
    """The records to which revisit records of captures that stay refer."""
    ids = {row.id for row in deleted}
    needed: set[tuple[str, int]] = set()
    for row in _captures(connection, Capture.__table__.c.digest, sorted({row.digest for row in deleted})):
        if row.evidence_file is not None and row.id not in ids:
            needed |= set(_originals(folder, row.evidence_file, row.evidence_offset))
    return needed


def _originals(folder: Path, file: str, offset: int) -> Iterator[tuple[str, int]]:
    """The records to which a revisit record refers, up to the one with the body."""
    for _ in range(_HOPS):
        record = None
        with suppress(BadRecord, OSError, RecordUnreadable):
            record = parse_record(compact_format.record_at(folder / file, offset).raw)
        if not isinstance(record, ResponseRecord) or not record.lacks_body or record.exchange.revisit_of is None:
            return
        location = record.exchange.revisit_of.location
        if location is None:
            return
        file, offset = location.file, location.offset
        yield file, offset


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
    deleted = {row.id: row.capture_id for row in _teasers(connection, reader, named)}
    sighting, capture = Sighting.__table__, Capture.__table__
    for capture_id in sorted(set(deleted.values())):
        rows = connection.execute(
            select(sighting).where(sighting.c.capture_id == capture_id).order_by(sighting.c.id)
        ).all()
        digest = connection.execute(select(capture.c.teasers_digest).where(capture.c.id == capture_id)).scalar_one()
        teasers = stored_teasers(rows, digest)
        remaining = [teaser for row, teaser in zip(rows, teasers, strict=True) if row.id not in deleted]
        of_capture = update(Capture).where(capture.c.id == capture_id)
        connection.execute(of_capture.values(teasers_digest=digest_of(dumped(remaining))))
    run_in(connection, delete(Sighting), Sighting.id, deleted)


def _forget_elsewhere(connection: Connection, named: Collection[str]) -> None:
    """Mark the holdings of the addresses as passed over, and delete the payloads of deleted captures."""
    passed = update(Holding).values(state="passed over", why=WITHDRAWN, due_at=None)
    run_in(connection, passed, Holding.address, named)
    connection.execute(delete(Payload).where(Payload.digest.not_in(select(Capture.digest))))


# Tombstones of an archive, for a new database and for readers of the evidence.

Tombstones = tuple[list[dict[str, Any]], list[dict[str, Any]]]


def barred(archive: Path) -> list[dict[str, Any]]:
    """Rows of `withdrawn`, by story, the story's own address first."""
    return sorted(
        _tombstones(archive)[0], key=lambda row: (row["story"], row["address"] != row["story"], row["address"])
    )


def kept_out(archive: Path) -> frozenset[str]:
    """The addresses that an archive keeps out; from its evidence if its database cannot be read."""
    return frozenset(row["address"] for row in _tombstones(archive)[0])


def dropped_from(archive: Path) -> dict[tuple[str, int, str], str]:
    """Captures that pipelines dropped: the reason by file, offset and part of the record.

    {} when the database cannot be read; the evidence does not contain the reasons.
    """
    try:
        with Archive.open(archive, readonly=True) as old:
            return old.ask(captures.dropped, DROPPED)
    except (Damaged, NotAnArchive):
        return {}


def carry(archive: Path, new: Archive, now: datetime) -> None:
    """Copy the tombstones into a rebuilt database, before any page is added."""
    rows, listed = _tombstones(archive)
    if rows:
        with new.write() as connection:
            keep_out(connection, rows, "story", now)
            if listed:
                connection.execute(insert(WithdrawnRecord), listed)


def _tombstones(archive: Path) -> Tombstones:
    """Rows of `withdrawn` and of `withdrawn_record`."""
    try:
        with Archive.open(archive, readonly=True) as old, old.connect() as connection:
            tables = (select(table.__table__) for table in (Withdrawn, WithdrawnRecord))
            rows, listed = ([dict(row) for row in connection.execute(table).mappings()] for table in tables)
            return rows, listed
    except (Damaged, NotAnArchive):
        return list(_of_evidence(archive / EVIDENCE).values()), []


def _of_evidence(folder: Path) -> dict[str, dict[str, Any]]:
    """The addresses that the tombstone records name; reads all files, without reporting damage."""
    tombstones: dict[str, dict[str, Any]] = {}
    for name in compact_format.evidence_files(folder) if folder.is_dir() else ():
        for record in compact_format.raw_records(folder / name, lambda _: None):
            fields: Mapping[str, Any] = withdrawn(record.raw) or {}
            for address in fields.get("addresses", ()):
                tombstones[address] = {
                    "address": address,
                    "story": fields["withdrawn"],
                    "reason": fields["reason"],
                    "withdrawn_on": date.fromisoformat(fields["on"]),
                }
    return tombstones
