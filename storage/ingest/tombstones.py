"""Tombstones of withdrawn stories: addresses that the archive rejects, and records that were overwritten.

A record is overwritten in place, by one of the same length (storage/warc/tombstones.py). The transaction that deletes
its row lists it as `waiting`; once it is overwritten durably it is `overwritten`. A run that is killed in between can
be repeated.
"""

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, insert, select, update

from storage.database.bulk import run_in
from storage.database.schema import Address, Capture, Withdrawn, WithdrawnDigest, WithdrawnRecord
from storage.database.values import plain
from storage.errors import RecordUnreadable
from storage.evidence import compact_format
from storage.ingest.prepare import RECORD, PreparedItem, visited_at
from storage.ledger.rows import new_row, row_priority
from storage.ledger.states import WITHDRAWN, Kind
from storage.query.fixity import record_digest, record_line
from storage.warc.files import file_info
from storage.warc.parser import BadRecord, RequestRecord, ResponseRecord, parse_record
from storage.warc.tombstones import tombstone


def addresses(connection: Connection) -> frozenset[str]:
    """The addresses that the archive rejects."""
    return frozenset(connection.execute(select(Withdrawn.address)).scalars())


def of(connection: Connection, address: str) -> Row[Any] | None:
    """The tombstone of an address, or None."""
    return connection.execute(select(Withdrawn.__table__).where(Withdrawn.address == address)).first()


def count(connection: Connection) -> int:
    """The number of withdrawn stories."""
    return int(connection.execute(select(func.count(Withdrawn.story.distinct()))).scalar_one())


def keep_out(connection: Connection, rows: Sequence[dict[str, Any]], kind: Kind, now: datetime) -> None:
    """Reject addresses from now on: a tombstone for each, and a row of the ledger that stays excluded.

    rows: of `withdrawn`. kind: of an address that is not in the ledger.
    """
    table = Address.__table__.c
    held = addresses(connection)
    new = [row for row in rows if row["address"] not in held]
    if new:
        connection.execute(insert(Withdrawn), new)
    for row in rows:
        known = connection.execute(select(Address.__table__).where(table.address == row["address"])).mappings().first()
        values = dict(known) if known is not None else new_row(row["address"], kind, "asked", now)
        values |= _EXCLUDED
        values["priority"] = row_priority(values, visited=values["visits"] > 0)
        if known is None:
            connection.execute(insert(Address), [values])
        else:
            connection.execute(update(Address).where(table.address == row["address"]).values(values))


_EXCLUDED = {
    "state": "excluded",
    "why": WITHDRAWN,
    "tries": 0,
    **dict.fromkeys(("was", "due_at", "leased_until", "dated_on", "capture_id", "etag", "last_modified")),
}


def is_barred(item: PreparedItem, barred: Collection[str]) -> bool:
    """Whether an item is a capture of a withdrawn story, or the part of a response that contains it."""
    return item.address in barred or item.canonical_url in barred or item.capture["part"] in barred


def reject(connection: Connection, items: Iterable[PreparedItem], folder: Path) -> None:
    """Reject captures stored after their story was withdrawn, and list their records to be overwritten.

    Their addresses are rejected from now on. Other stories of the same response keep their readings and lose its bytes.
    folder: of the evidence.
    """
    for item in items:
        capture, part = item.capture, item.capture["part"]
        names = [each for each in (item.canonical_url, item.address, part) if each]
        known = connection.execute(select(Withdrawn.__table__).where(Withdrawn.address.in_(names))).mappings().first()
        if known is None:
            raise KeyError(item.address)
        add_records(connection, records(folder, capture), known["story"], capture)
        if not part:
            row = dict(known) | {"address": item.address}
            keep_out(connection, [row], item.visit.kind if item.visit else "story", visited_at(item))
            continue
        same = select(Capture.__table__).where(Capture.digest == capture["digest"], Capture.evidence_file.is_not(None))
        others = [dict(row) for row in connection.execute(same).mappings()]
        for other in others:
            add_records(connection, records(folder, other), known["story"], other)
        forget_bytes(connection, [other["id"] for other in others])


def forget_bytes(connection: Connection, ids: Sequence[int]) -> None:
    """Remove the record locations of captures; their readings stay."""
    run_in(connection, update(Capture).values(dict.fromkeys(RECORD)), Capture.id, ids)


def add_records(
    connection: Connection,
    places: Iterable[tuple[int, int, bool]],
    story: str,
    capture: Mapping[str, Any],
    state: str = "waiting",
) -> None:
    """List the records of a capture (values of its row). A record that is listed already is not changed."""
    file, table = capture["evidence_file"], WithdrawnRecord.__table__.c
    own = {"story": story, "captured_at": capture["captured_at"], "file": file}
    if not is_ours(file):
        places, state = [(capture["evidence_offset"], capture["evidence_length"], True)], "elsewhere"
    for offset, length, is_answer in places:
        listed = select(table.id).where(table.file == file, table.offset == offset)
        if connection.execute(listed).first() is None:
            digest = capture["digest"] if is_answer else None
            values = {**own, "offset": offset, "length": length, "digest": digest, "state": state}
            connection.execute(insert(WithdrawnRecord), [values])
        if is_answer:
            keep_digest(connection, capture)


def keep_digest(connection: Connection, capture: Mapping[str, Any]) -> None:
    digest, table = record_digest(record_line(capture)), WithdrawnDigest.__table__.c
    if connection.execute(select(table.digest).where(table.digest == digest)).first() is None:
        place = {"file": capture["evidence_file"], "offset": capture["evidence_offset"]}
        values = {"digest": digest, "captured_at": capture["captured_at"], **place}
        connection.execute(insert(WithdrawnDigest), [values])


def records(folder: Path, capture: Mapping[str, Any]) -> list[tuple[int, int, bool]]:
    """Offset and length of a capture's response (values of its row), and of the request record after it.

    The third value: whether the record is the response. [] for a capture whose bytes are not in the
    archive's own files. Raises OSError.
    """
    file, offset, length = map(capture.__getitem__, RECORD)
    if not is_ours(file):
        return []
    places, answer = [(offset, length, True)], None
    with suppress(BadRecord, RecordUnreadable):
        answer = parse_record(compact_format.record_at(folder / file, offset).raw)
    with suppress(BadRecord, RecordUnreadable):
        following = compact_format.record_at(folder / file, offset + length)
        request = parse_record(following.raw)
        # A damaged response has no ID to match; in our own files its request follows it.
        if isinstance(request, RequestRecord) and (not isinstance(answer, ResponseRecord) or answer.goes_with(request)):
            places.append((following.offset, following.length, False))
    return places


def is_ours(file: str | None) -> bool:
    """Whether a file is one of the archive's own evidence."""
    return file is not None and not Path(file).is_absolute()


def waiting(connection: Connection) -> list[Row[Any]]:
    """The records that are not yet overwritten."""
    table = WithdrawnRecord.__table__
    rows = select(table).where(table.c.state == "waiting").order_by(table.c.file, table.c.offset)
    return list(connection.execute(rows))


def overwrite(folder: Path, engine: Engine, writer: Engine) -> int:
    """Overwrite the waiting records durably; returns their number. Those in compact files keep waiting.

    folder: of the evidence. Raises OSError.
    """
    with engine.connect() as connection:
        rows = [row for row in waiting(connection) if (folder / row.file).is_file()]
        stories: dict[str, list[Row[Any]]] = {}
        for row in connection.execute(select(Withdrawn.__table__).order_by(Withdrawn.address)):
            stories.setdefault(row.story, []).append(row)
    for row in rows:
        _overwrite(folder / row.file, row, stories[row.story])
    with writer.begin() as connection:
        done = update(WithdrawnRecord).values(state="overwritten")
        run_in(connection, done, WithdrawnRecord.id, [row.id for row in rows])
    return len(rows)


def _overwrite(path: Path, record: Row[Any], barred: Sequence[Row[Any]]) -> None:
    """barred: the rows of its story."""
    first = barred[0]
    about = {"withdrawn": first.story, "reason": first.reason, "on": plain(first.withdrawn_on)}
    about |= {"addresses": [row.address for row in barred]}
    about |= {"digest": record.digest, "captured_at": plain(record.captured_at)}
    name = f"{path.name}:{record.offset}"
    member = tombstone(record.length, name=name, info_id=file_info(path).record_id, on=first.withdrawn_on, about=about)
    with path.open("r+b") as stream:
        stream.seek(record.offset)
        stream.write(member)
        stream.flush()
        os.fsync(stream.fileno())
