"""Captures, and the records of the evidence that they name."""

from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, cast

from sqlalchemy import Connection, Engine, Row, and_, bindparam, func, not_, select

from storage.database.schema import Capture

_TABLE = Capture.__table__.c

# Captures in the order of time, those of unknown time first. Those of one moment have the same order in every archive,
# in whatever order they came, and in that of `storage/ingest/timeline.py`.
IN_TIME = (
    *(_TABLE.captured_at.is_not(None), _TABLE.captured_at),
    *(_TABLE.digest, _TABLE.url, _TABLE.source, _TABLE.part),
)
LAST_FIRST = tuple(column.desc() for column in IN_TIME)

# Built once: `find` runs for every page of a crawl.
_STORED = (
    select(
        *(_TABLE.url, _TABLE.captured_at, _TABLE.status),
        *(_TABLE.evidence_file, _TABLE.evidence_offset, _TABLE.evidence_length),
    )
    .where(_TABLE.digest == bindparam("digest"), _TABLE.evidence_file.is_not(None))
    .limit(1)
)
_IS_SAME = and_(
    *(_TABLE.url == bindparam("url"), _TABLE.status == bindparam("status")),
    *(_TABLE.captured_at >= bindparam("second"), _TABLE.captured_at < bindparam("next")),
)
_SAME_CAPTURE = _STORED.where(_IS_SAME).order_by(_TABLE.id)
_SAME_BODY = _STORED.order_by(not_(_IS_SAME), _TABLE.url != bindparam("url"), _TABLE.id)

ENDS = """
SELECT evidence_file, max(evidence_offset + evidence_length) FROM capture
WHERE evidence_file IS NOT NULL GROUP BY evidence_file
"""


def find(
    connection: Connection, url: str, second: datetime | None, status: int, digest: str, *, same_body: bool
) -> Row[Any] | None:
    """The stored capture of this address, second, status and digest; None without one.

    same_body: else the first capture with the same body, of this address if there is one.
    """
    values = {"url": url, "second": second, "status": status, "digest": digest}
    values["next"] = None if second is None else second + timedelta(seconds=1)
    return cast("Row[Any] | None", connection.execute(_SAME_BODY if same_body else _SAME_CAPTURE, values).first())


def captures(engine: Engine, since: date | None, until: date | None) -> Iterator[Row[Any]]:
    """Rows of `capture` by id, as many as there are at the start; see Archive.captures.

    Read by the thousand: a program that writes meanwhile (rereading every page) keeps a short log.
    """
    query = select(Capture.__table__).order_by(_TABLE.id).limit(1000)
    if since is not None:
        query = query.where(_TABLE.captured_at >= datetime.combine(since, time.min, UTC))
    if until is not None:
        query = query.where(_TABLE.captured_at < datetime.combine(until + timedelta(days=1), time.min, UTC))
    with engine.connect() as connection:
        last = connection.execute(select(func.max(_TABLE.id))).scalar() or 0
    at = 0
    while at < last:
        with engine.connect() as connection:
            rows = connection.execute(query.where(_TABLE.id > at, _TABLE.id <= last)).all()
        yield from rows
        at = rows[-1].id if rows else last


def parts(connection: Connection, row: Row[Any]) -> set[str]:
    """The stored parts of the answer of a capture; '' is the whole answer."""
    answer = [
        _TABLE[name].is_not_distinct_from(getattr(row, name)) for name in ("url", "captured_at", "digest", "source")
    ]
    return set(connection.execute(select(_TABLE.part).where(*answer)).scalars())


def dropped(connection: Connection, reason: str) -> dict[tuple[str, int, str], str]:
    """The detail of each capture of this reason, by file, offset and part of its record."""
    query = select(_TABLE.evidence_file, _TABLE.evidence_offset, _TABLE.part, _TABLE.detail)
    rows = connection.execute(query.where(_TABLE.reason == reason, _TABLE.evidence_file.is_not(None)))
    return {(file, offset, part): detail for file, offset, part, detail in rows}


def count_stored(connection: Connection) -> int:
    """The number of answers whose bytes are in the evidence."""
    query = select(func.count()).where(_TABLE.evidence_file.is_not(None), _TABLE.part == "")
    return int(connection.execute(query).scalar_one())


def evidence_ends(connection: Connection) -> dict[str, int]:
    """For each evidence file the end of the last record that a capture names, in bytes; damaged rows are left out."""
    rows = connection.exec_driver_sql(ENDS)
    return {file: end for file, end in rows if isinstance(file, str) and isinstance(end, int)}


def capture(connection: Connection, number: int) -> Row[Any] | None:
    """The row of a capture by its number."""
    return connection.execute(select(Capture.__table__).where(_TABLE.id == number)).first()


def unread(connection: Connection, reason: str | None, limit: int, offset: int = 0) -> list[Row[Any]]:
    """Captures that are neither stories nor lists, the last captured first; reason: None for any."""
    query = select(Capture.__table__).where(_TABLE.outcome == "unread")
    if reason is not None:
        query = query.where(_TABLE.reason == reason)
    order = (_TABLE.captured_at.is_(None), _TABLE.captured_at.desc(), _TABLE.id.desc())
    return list(connection.execute(query.order_by(*order).limit(limit).offset(offset)))


def with_problems(connection: Connection, limit: int) -> list[Row[Any]]:
    """Captures of stories of which something could not be read with certainty, the last stored first."""
    query = select(Capture.__table__).where(_TABLE.outcome == "article", _TABLE.problems.is_not(None))
    return list(connection.execute(query.order_by(_TABLE.id.desc()).limit(limit)))


def pictures(connection: Connection, addresses: Collection[str]) -> dict[str, int]:
    """The number of a capture with the stored bytes of each picture, by its address, the key in the ledger."""
    return dict(connection.execute(_PICTURES, {"addresses": list(addresses)}).all())


_PICTURES = (
    select(_TABLE.address, func.max(_TABLE.id))
    .where(_TABLE.address.in_(bindparam("addresses", expanding=True)))
    .where(_TABLE.reason == "picture", _TABLE.evidence_file.is_not(None))
    .group_by(_TABLE.address)
)
