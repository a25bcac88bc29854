"""Withdrawal of a story: it leaves the archive for good, and a tombstone keeps it out.

    done = withdraw(archive, reader, address, reason="…", on=date.today(), now=now)
    finish(archive)                     # also what an earlier run left when it was killed

One transaction takes the rows out, writes the tombstone and lists the records of the evidence; then each record is
overwritten (storage/ingest/tombstones.py) and the database is written anew without the pages that were freed. Every step
may be repeated. Under the run lock of the caller. SQLite alone.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import chain
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, or_, select, update

from storage.archive import Archive
from storage.database.bulk import chunks
from storage.database.engine import require_sqlite
from storage.database.schema import Address, Capture, Holding, Payload, Sighting, Story, Withdrawn, WithdrawnRecord
from storage.database.values import dumped
from storage.errors import Damaged, NoSuchStory, NotAnArchive
from storage.evidence import compact_format
from storage.ingest import search_index
from storage.ingest.batch import Batch, load_stories
from storage.ingest.reprocess import previous_item
from storage.ingest.tombstones import EVIDENCE, add_records, forget_bytes, is_ours, keep_out, records, waiting
from storage.ingest.write import write
from storage.ledger.states import WITHDRAWN
from storage.maintenance.checks.findings import Reader
from storage.maintenance.compact import plain_again
from storage.query.text import digest_of
from storage.warc.exchange import Damage, RecordUnreadable
from storage.warc.parser import BadRecord, ResponseRecord, parse_record
from storage.warc.tombstones import withdrawn

_LISTS = ("front", "listing", "feed", "sitemap", "rest")
_HOPS = 5  # revisits of revisits that are followed, as in storage/evidence/store.py

_ById = dict[int, Row[Any]]


@dataclass(slots=True)
class Withdrawal:
    """What a withdrawal takes, or took.

    story: the address of the tombstone. addresses: all that are kept out. captures: of these, whose rows and bytes go.
    mentions: captures of other pages that go with `mentions`, else those whose teasers of the story go.
    beside: captures of feeds and REST answers that carry the story among others, and of these others: what was read
    of them stays, and their bytes go. only_there: addresses of the stories among them that then have none.
    same_words: addresses of other stories with the same words, which stay.
    """

    story: str
    addresses: tuple[str, ...]
    captures: list[Row[Any]] = field(default_factory=list)
    mentions: list[Row[Any]] = field(default_factory=list)
    beside: list[Row[Any]] = field(default_factory=list)
    only_there: tuple[str, ...] = ()
    same_words: tuple[str, ...] = ()


def plan(archive: Archive, reader: Reader, address: str, *, mentions: bool = False) -> Withdrawal:
    """What a withdrawal of an address would take. Raises NoSuchStory for a list, and for what was never heard of."""
    with archive.connect() as connection:
        return _plan(connection, reader, address, mentions=mentions)


def withdraw(
    archive: Archive, reader: Reader, address: str, *, reason: str, on: date, now: datetime, mentions: bool = False
) -> Withdrawal:
    """Take a story out of the database and list its records, in one durable transaction.

    mentions: whether the captures of other pages that announce it go too, rows and bytes.
    Raises NoSuchStory, RecordUnreadable when a file is missing; nothing is changed then.
    """
    with archive.write() as connection:
        require_sqlite(connection, "a withdrawal")
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")  # stories name captures, and captures stories
        found = _plan(connection, reader, address, mentions=mentions)
        gone = [*found.captures, *(found.mentions if mentions else ())]
        _list_records(connection, archive.evidence, found.story, [*gone, *found.beside])
        _take_out(connection, gone)
        forget_bytes(connection, [row.id for row in found.beside])
        rows = [
            {"address": each, "story": found.story, "reason": reason, "withdrawn_on": on} for each in found.addresses
        ]
        _forget_teasers(connection, reader, set(found.addresses))
        keep_out(connection, rows, "story", now)
        _forget_elsewhere(connection, found.addresses)
        search_index.fill(connection)
    return found


def take_over(archive: Archive, reader: Reader, rows: Iterable[Mapping[str, Any]], now: datetime) -> None:
    """Keep out what another archive keeps out, and finish it. rows: as `barred` gives them. Raises as `finish` does."""
    rows = list(rows)
    for row in rows:
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
    """Overwrite every record that waits for it; how many there were.

    Raises RecordUnreadable when a file is missing, Damaged when one cannot be written, Locked while another
    program reads the database. What was done stays done.
    """
    folder = archive.evidence
    with archive.connect() as connection:
        files = {row.file for row in waiting(connection)}
    for file in sorted(files):
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
    shows = or_(capture.c.address.in_(named), capture.c.part.in_(named))
    if row is not None:
        shows = or_(shows, capture.c.story_id == row.id)
    own = connection.execute(select(capture).where(shows)).all()
    # What shows the story, not the redirects and error pages that its address gave, whose bytes others give as well.
    words = [each for each in own if each.part or (row is not None and each.story_id == row.id)]
    found, beside = _with_same_bytes(connection, words)
    found |= {each.id: each for each in own}
    teasing = sorted({each.capture_id for each in _teasers(connection, reader, named)})
    announcing, beside_them = _with_same_bytes(connection, _captures(connection, capture.c.id, teasing))
    beside |= beside_them if mentions else {}
    going = found | (announcing if mentions else {})
    losing = {each: beside[each] for each in sorted(beside.keys() - going) if beside[each].evidence_file is not None}
    same = select(story.c.canonical_url).where(story.c.words_digest == row.words_digest) if row is not None else None
    return Withdrawal(
        story=row.canonical_url if row is not None else address,
        addresses=tuple(sorted(named)),
        captures=[found[each] for each in sorted(found)],
        mentions=[announcing[each] for each in sorted(announcing.keys() - found.keys() - losing.keys())],
        beside=list(losing.values()),
        only_there=tuple(_without_other_bytes(connection, losing, going.keys() | losing.keys())),
        same_words=tuple(sorted(set(connection.execute(same).scalars()) - named)) if same is not None else (),
    )


def _with_same_bytes(connection: Connection, rows: Iterable[Row[Any]]) -> tuple[_ById, _ById]:
    """Captures with those of the same bytes, read as what it may be, which a site served at other addresses.

    The second value: captures of the other parts of these bytes.
    """
    shown = {(row.digest, row.part) for row in rows}
    found = _captures(connection, Capture.__table__.c.digest, sorted({digest for digest, _ in shown}))
    alike = {row.id: row for row in found if (row.digest, row.part) in shown}
    return alike, {row.id: row for row in found if row.id not in alike}


def _captures(connection: Connection, column: Any, values: Sequence[Any]) -> list[Row[Any]]:
    found = (connection.execute(select(Capture.__table__).where(column.in_(some))) for some in chunks(values))
    return list(chain.from_iterable(found))


def _without_other_bytes(connection: Connection, losing: _ById, lost: Collection[int]) -> Iterator[str]:
    """Addresses of the stories of captures, as far as no other capture of them names a record."""
    stories = sorted({row.story_id for row in losing.values()} - {None})
    rows = _captures(connection, Capture.__table__.c.story_id, stories)
    held = {row.story_id for row in rows if row.evidence_file is not None and row.id not in lost}
    for some in chunks([each for each in stories if each not in held]):
        urls = select(Story.canonical_url).where(Story.id.in_(some)).order_by(Story.canonical_url)
        yield from connection.execute(urls).scalars()


def _aliases(connection: Connection, story_id: int) -> Iterator[str]:
    """The addresses at which a story was captured, and no other."""
    capture = Capture.__table__.c
    for alias in connection.execute(select(capture.address).where(capture.story_id == story_id).distinct()).scalars():
        others = select(capture.id).where(capture.address == alias, capture.story_id != story_id)
        if connection.execute(others.limit(1)).first() is None:
            yield alias


def _teasers(connection: Connection, reader: Reader, named: Collection[str]) -> Iterator[Row[Any]]:
    """Sightings that lead to one of the addresses, by whatever form of it."""
    sighting = Sighting.__table__
    for address in sorted(named):
        last = address.rstrip("/").rsplit("/", 1)[-1]
        for row in connection.execute(select(sighting).where(_may_lead(sighting, address, last))):
            if row.address in named or _key(reader, row.url) in named:
                yield row


def _may_lead(sighting: Any, address: str, last: str) -> Any:
    """Slugs of Khmer stories stand escaped or not: these are looked for by the ledger's address alone."""
    return or_(sighting.c.address == address, sighting.c.url.contains(last, autoescape=True))


def _key(reader: Reader, url: str) -> str | None:
    with suppress(ValueError):
        return reader.address(url)
    return None


def _list_records(connection: Connection, folder: Path, story: str, gone: list[Row[Any]]) -> None:
    for file in {row.evidence_file for row in gone if is_ours(row.evidence_file)}:
        if not compact_format.file_of(folder / file).is_file():
            raise RecordUnreadable(f"{folder / file} is not there: bring the file back from a copy first")
    places = {(row.evidence_file, row.evidence_offset) for row in gone}
    needed = _needed(connection, folder, gone) & places
    for row in gone:
        state = "shared" if (row.evidence_file, row.evidence_offset) in needed else "waiting"
        if row.evidence_file is not None:
            values = dict(row._mapping)
            add_records(connection, records(folder, values), story, values, state)


def _needed(connection: Connection, folder: Path, gone: list[Row[Any]]) -> set[tuple[str, int]]:
    """The records whose body is also that of a capture that stays, by a revisit record."""
    ids = {row.id for row in gone}
    found: set[tuple[str, int]] = set()
    table = Capture.__table__
    for some in chunks(sorted({row.digest for row in gone})):
        for row in connection.execute(
            select(table).where(table.c.digest.in_(some), table.c.evidence_file.is_not(None))
        ):
            if row.id not in ids:
                found |= set(_referred(folder, row.evidence_file, row.evidence_offset))
    return found


def _referred(folder: Path, file: str, offset: int) -> Iterator[tuple[str, int]]:
    """The records behind a revisit record, to the one with the body."""
    for _ in range(_HOPS):
        record = None
        with suppress(BadRecord, OSError, RecordUnreadable):
            record = parse_record(compact_format.record_at(folder / file, offset).raw)
        if not isinstance(record, ResponseRecord) or not record.lacks_body or record.exchange.revisit_of is None:
            return
        place = record.exchange.revisit_of.location
        if place is None:
            return
        file, offset = place.file, place.offset
        yield file, offset


def _take_out(connection: Connection, gone: list[Row[Any]]) -> None:
    """Delete captures with all that they alone show; stories that others show too are told anew."""
    ids = [row.id for row in gone]
    intake = Batch()
    load_stories(connection, intake, {row.story_id for row in gone if row.story_id is not None})
    for row in gone:
        if row.reading_id is not None:
            intake.dropped.add(row.reading_id)
        if row.story_id is not None:
            known = intake.by_story[row.story_id]
            known.timeline.remove(row.id)
            known.anew = True
            intake.touched[known.id] = known
    for some in chunks(ids):
        connection.execute(delete(Sighting).where(Sighting.capture_id.in_(some)))
        connection.execute(delete(Capture).where(Capture.id.in_(some)))
    write(connection, intake)
    _forget_visits(connection, {row.address for row in gone}, set(ids))


def _forget_visits(connection: Connection, of: Collection[str], ids: Collection[int]) -> None:
    """Let no row of the ledger name a capture that is gone, nor validators that no capture has."""
    table, capture = Address.__table__, Capture.__table__.c
    for some in chunks(sorted(of)):
        for row in connection.execute(select(table).where(table.c.address.in_(some))).mappings().all():
            held = select(capture.etag, capture.last_modified).where(capture.address == row["address"])
            left = connection.execute(held).all()
            values: dict[str, Any] = {}
            if row["capture_id"] in ids:
                values["capture_id"] = None
            for at, name in enumerate(("etag", "last_modified")):
                if row[name] is not None and row[name] not in {each[at] for each in left}:
                    values[name] = None
            if values:
                connection.execute(update(Address).where(table.c.address == row["address"]).values(values))


def _forget_teasers(connection: Connection, reader: Reader, named: Collection[str]) -> None:
    """Delete the teasers of the story on pages that stay, and name the teasers that are left."""
    gone = {row.id: row.capture_id for row in _teasers(connection, reader, named)}
    sighting, capture = Sighting.__table__, Capture.__table__
    for capture_id in sorted(set(gone.values())):
        rows = connection.execute(
            select(sighting).where(sighting.c.capture_id == capture_id).order_by(sighting.c.id)
        ).all()
        digest = connection.execute(select(capture.c.teasers_digest).where(capture.c.id == capture_id)).scalar_one()
        teasers = previous_item(rows, digest)
        left = [teaser for row, teaser in zip(rows, teasers, strict=True) if row.id not in gone]
        of_capture = update(Capture).where(capture.c.id == capture_id)
        connection.execute(of_capture.values(teasers_digest=digest_of(dumped(left))))
    for some in chunks(sorted(gone)):
        connection.execute(delete(Sighting).where(Sighting.id.in_(some)))


def _forget_elsewhere(connection: Connection, named: Collection[str]) -> None:
    """What other archives have of the addresses is not fetched, and bytes that are gone have no other name."""
    passed = {"state": "passed over", "why": WITHDRAWN, "due_at": None}
    for some in chunks(sorted(named)):
        connection.execute(update(Holding).where(Holding.address.in_(some)).values(passed))
    connection.execute(delete(Payload).where(Payload.digest.not_in(select(Capture.digest))))


# What a new database, and whoever reads evidence, must know

Tombstones = tuple[list[dict[str, Any]], list[dict[str, Any]]]


def barred(archive: Path) -> list[dict[str, Any]]:
    """The addresses that an archive keeps out: rows of `withdrawn`, those of a story by its first address first."""
    return sorted(
        _tombstones(archive)[0], key=lambda row: (row["story"], row["address"] != row["story"], row["address"])
    )


def kept_out(archive: Path) -> frozenset[str]:
    """The addresses that an archive keeps out, as its database says; as its evidence says when that cannot be read."""
    return frozenset(row["address"] for row in _tombstones(archive)[0])


def dropped_from(archive: Path) -> dict[tuple[str, int, str], str]:
    """What pipelines kept out, as `Archive.dropped`; {} when its database, which alone knows, cannot be read."""
    try:
        with Archive.open(archive, readonly=True) as old:
            return old.dropped()
    except (Damaged, NotAnArchive):
        return {}


def carry(archive: Path, new: Archive, now: datetime) -> None:
    """Take the tombstones over into a database that is built anew, before any page."""
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
            rows, listed = (
                [dict(row) for row in connection.execute(select(table.__table__)).mappings()]
                for table in (Withdrawn, WithdrawnRecord)
            )
            return rows, listed
    except (Damaged, NotAnArchive):
        return list(_of_evidence(archive / EVIDENCE).values()), []


def _of_evidence(folder: Path) -> dict[str, dict[str, Any]]:
    """The addresses that the records in the place of others name: all files are read for it."""
    found: dict[str, dict[str, Any]] = {}
    for name in compact_format.evidence_files(folder) if folder.is_dir() else ():
        for piece in compact_format.pieces(folder / name, _passed_by):
            told: Mapping[str, Any] = withdrawn(piece.raw) or {}
            for address in told.get("addresses", ()):
                found[address] = {
                    "address": address,
                    "story": told["withdrawn"],
                    "reason": told["reason"],
                    "withdrawn_on": date.fromisoformat(told["on"]),
                }
    return found


def _passed_by(_: Damage) -> None:
    """Whoever reads the file for its pages tells of damage."""
