"""The rows of what other archives have: how a capture is listed, leased and left.

Each function works in a transaction of its caller.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select, union_all, update

from storage.database.bulk import chunks
from storage.database.schema import Capture, Holding, IndexQuery, Payload, Refusal, Withdrawn
from storage.holdings.models import Candidate as Candidate
from storage.holdings.models import CdxEntry as CdxEntry
from storage.holdings.models import State
from storage.ingest.prepare import PreparedItem
from storage.ledger.selection import Selection, starts_with
from storage.ledger.states import WITHDRAWN
from storage.warc.exchange import IMPORTED

SAME_BYTES = "the same bytes are held"
_NO_ARCHIVE = frozenset({"live", "folder", "samples", IMPORTED})  # sources without an index


def conditions(selection: Selection) -> list[Any]:
    table = Holding.__table__.c
    found: list[Any] = []
    if selection.host is not None:
        found += starts_with(table.address, f"https://{selection.host}/")
    if selection.sections is not None:
        found.append(table.section.in_(selection.sections))
    if selection.since is not None:
        found.append(table.captured_at >= _midnight(selection.since))
    if selection.until is not None:
        found.append(table.captured_at < _midnight(selection.until + timedelta(days=1)))
    if selection.addresses is not None:
        found.append(table.address.in_(selection.addresses))
    return found


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def mark_held(connection: Connection, entries: Sequence[PreparedItem]) -> None:
    """Captures that came in are held, whether a run asked for them or found them kept by one that was killed."""
    table = Holding.__table__.c
    keys = [entry.key for entry in entries if entry.captured_at is not None]
    sources = {key[3] for key in keys} - _NO_ARCHIVE
    if not sources:
        return
    archives = set(connection.execute(select(IndexQuery.archive).where(IndexQuery.archive.in_(sources))).scalars())
    rows: list[dict[str, Any]] = [
        {"b_archive": key[3], "b_url": key[0], "b_at": key[1]} for key in keys if key[3] in archives
    ]
    if rows:
        one = (table.archive == bindparam("b_archive"), table.url == bindparam("b_url"))
        held = {"state": "held", "why": None, "due_at": None}
        connection.execute(update(Holding).where(*one, table.captured_at == bindparam("b_at")).values(held), rows)


def queue(archive: str, selection: Selection, now: datetime) -> Any:
    table = Holding.__table__
    due = (table.c.archive == archive, table.c.due_at <= now, *conditions(selection))
    return select(table).where(*due).order_by(table.c.turn, table.c.captured_at, table.c.url)


def placed(row: Row[Any]) -> Candidate:
    listed = CdxEntry(**{name: getattr(row, name) for name in CdxEntry.__slots__})
    return Candidate(entry=listed, address=row.address, section=row.section)


def rewrite(connection: Connection, archive: str, rows: Sequence[Any], **values: Any) -> None:
    if rows:
        table = Holding.__table__.c
        one = (table.archive == archive, table.url == bindparam("b_url"), table.captured_at == bindparam("b_at"))
        keys = [{"b_url": row.url, "b_at": row.captured_at} for row in rows]
        connection.execute(update(Holding).where(*one).values(values), keys)


def find_held(connection: Connection, wanted: Sequence[tuple[str, str | None]]) -> set[tuple[str, str]]:
    """Address and digest of those bytes that are held of the same address."""
    found: set[tuple[str, str]] = set()
    for some in chunks(sorted({digest for _, digest in wanted if digest})):
        ours = select(Capture.address, Payload.sha1).join(Capture, Capture.digest == Payload.digest)
        theirs = select(Holding.address, Holding.digest).where(Holding.state == "held", Holding.digest.in_(some))
        both: Any = union_all(ours.where(Payload.sha1.in_(some)), theirs)
        found |= {(row[0], row[1]) for row in connection.execute(both)}
    return found & {(address, digest) for address, digest in wanted if digest}


def add_listing(connection: Connection, archive: str, page: Sequence[Candidate], now: datetime) -> int:
    """Write down captures, one page of an index; how many were new."""
    known = _known(connection, archive, page)
    turns = _turns(connection, archive, page)
    held = find_held(connection, [(each.address, each.entry.digest) for each in page])
    new: dict[tuple[str, datetime], dict[str, Any]] = {}
    for each in page:
        key = (each.entry.url, each.entry.captured_at)
        if key not in known and key not in new:
            turns[each.address] = turns.get(each.address, 0) + 1
            same = (each.address, each.entry.digest) in held
            new[key] = _new(archive, each, turns[each.address], same, now)
    if new:
        connection.execute(insert(Holding), list(new.values()))
    # The rules may change, and who asks for an address by name is above them.
    allowed = [each.entry for each in page if each.passed_over is None]
    again = [each for each in allowed if known.get((each.url, each.captured_at)) == "passed over"]
    rewrite(connection, archive, again, state="known", why=None, due_at=now)
    waiting = (Holding.address.in_(select(Withdrawn.address)), Holding.state.in_(("known", "failed")))
    connection.execute(update(Holding).where(*waiting).values(state="passed over", why=WITHDRAWN, due_at=None))
    return len(new)


def _known(connection: Connection, archive: str, page: Sequence[Candidate]) -> dict[tuple[str, datetime], str]:
    """The states of captures that were listed before."""
    table = Holding.__table__.c
    found: dict[tuple[str, datetime], str] = {}
    for some in chunks(sorted({each.entry.url for each in page})):
        old = select(table.url, table.captured_at, table.state).where(table.archive == archive, table.url.in_(some))
        found |= {(row.url, row.captured_at): row.state for row in connection.execute(old)}
    return found


def _turns(connection: Connection, archive: str, page: Sequence[Candidate]) -> dict[str, int]:
    """How many captures of each address were listed before."""
    table = Holding.__table__.c
    found: dict[str, int] = {}
    for some in chunks(sorted({each.address for each in page})):
        listed = select(table.address, func.count()).where(table.archive == archive, table.address.in_(some))
        found |= dict(connection.execute(listed.group_by(table.address)).all())
    return found


def _new(archive: str, placed: Candidate, turn: int, same: bool, now: datetime) -> dict[str, Any]:
    state: State = "passed over" if placed.passed_over else "held" if same else "known"
    listed = placed.entry
    return {
        "archive": archive,
        **{name: getattr(listed, name) for name in CdxEntry.__slots__},
        "address": placed.address,
        "section": placed.section,
        "state": state,
        "why": placed.passed_over or (SAME_BYTES if same else None),
        "turn": turn,
        "tries": 0,
        "due_at": now if state == "known" else None,
        "listed_at": now,
    }


def note(connection: Connection, archive: str, query: str, listed: int, resume_key: str | None, now: datetime) -> None:
    """One more page of the answer to a question was read; the first after its end begins it anew."""
    table = IndexQuery.__table__.c
    one = (table.archive == archive, table.query == query)
    old = connection.execute(select(IndexQuery.__table__).where(*one)).first()
    going_on = old is not None and old.finished_at is None
    values = {
        "resume_key": resume_key,
        "pages": 1 + (old.pages if old is not None and going_on else 0),
        "listed": listed + (old.listed if old is not None and going_on else 0),
        "asked_at": now,
        "finished_at": now if resume_key is None else None,
    }
    if old is None:
        connection.execute(insert(IndexQuery).values(archive=archive, query=query, **values))
    else:
        connection.execute(update(IndexQuery).where(*one).values(values))


def refusals(connection: Connection, archive: str, day: date) -> int:
    table = Refusal.__table__.c
    found = select(table.times).where(table.archive == archive, table.day == day)
    return connection.execute(found).scalar() or 0
