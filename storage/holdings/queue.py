"""Queue of captures to fetch from other archives. Each function works in the transaction of its caller."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from storage.database.bulk import select_in
from storage.database.other_archives import Holding, IndexQuery, Payload
from storage.database.schema import Capture, Withdrawn
from storage.holdings.models import Candidate, CdxEntry, State
from storage.ingest.prepare import PreparedItem
from storage.ledger.selection import Selection, starts_with
from storage.ledger.states import WITHDRAWN

SAME_BYTES = "the same bytes are held"
_HOLDING = Holding.__table__.c


def conditions(selection: Selection) -> list[Any]:
    """SQL conditions of a selection."""
    clauses: list[Any] = []
    if selection.host is not None:
        clauses += starts_with(_HOLDING.address, f"https://{selection.host}/")
    if selection.sections is not None:
        clauses.append(_HOLDING.section.in_(selection.sections))
    if selection.since is not None:
        clauses.append(_HOLDING.captured_at >= _midnight(selection.since))
    if selection.until is not None:
        clauses.append(_HOLDING.captured_at < _midnight(selection.until + timedelta(days=1)))
    if selection.addresses is not None:
        clauses.append(_HOLDING.address.in_(selection.addresses))
    return clauses


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def queue(archive: str, selection: Selection, now: datetime) -> Any:
    """The query for due captures: the oldest of every address first, then a second of each."""
    due = (_HOLDING.archive == archive, _HOLDING.due_at <= now, *conditions(selection))
    return select(Holding.__table__).where(*due).order_by(_HOLDING.turn, _HOLDING.captured_at, _HOLDING.url)


def rewrite(connection: Connection, archive: str, entries: Sequence[Any], **values: Any) -> None:
    """Set columns of captures. entries: CdxEntry or rows of the table."""
    if entries:
        named = (_HOLDING.url == bindparam("b_url"), _HOLDING.captured_at == bindparam("b_at"))
        keys = [{"b_url": entry.url, "b_at": entry.captured_at} for entry in entries]
        connection.execute(update(Holding).where(_HOLDING.archive == archive, *named).values(values), keys)


def mark_held(connection: Connection, items: Sequence[PreparedItem]) -> None:
    """Mark listed captures as held once they are stored, including those recovered after a crash."""
    keys = [item.key for item in items]
    with_index = select(IndexQuery.archive).where(IndexQuery.archive.in_({key[3] for key in keys})).distinct()
    for archive in connection.execute(with_index).scalars().all():
        stored = [CdxEntry(url=key[0], captured_at=key[1]) for key in keys if key[3] == archive and key[1] is not None]
        rewrite(connection, archive, stored, state="held", why=None, due_at=None)


def find_held(connection: Connection, bodies: Sequence[tuple[str, str | None]]) -> set[tuple[str, str]]:
    """Those of the bodies (address and digest) that are already held for the same address."""
    digests = {digest for _, digest in bodies if digest}
    ours = select(Capture.address, Payload.sha1).join(Capture, Capture.digest == Payload.digest)
    theirs = select(Holding.address, Holding.digest).where(Holding.state == "held")
    held = {
        *map(tuple, select_in(connection, ours, Payload.sha1, digests)),
        *map(tuple, select_in(connection, theirs, Holding.digest, digests)),
    }
    return held.intersection(bodies)


def add_listing(connection: Connection, archive: str, page: Sequence[Candidate], now: datetime) -> int:
    """Add the captures on one page of an index; returns the number of new ones."""
    states: dict[tuple[str, datetime], str] = {}  # of captures that were listed before
    listed = select(_HOLDING.url, _HOLDING.captured_at, _HOLDING.state).where(_HOLDING.archive == archive)
    for url, captured_at, state in select_in(
        connection, listed, _HOLDING.url, {candidate.entry.url for candidate in page}
    ):
        states[url, captured_at] = state
    counted = select(_HOLDING.address, func.count()).where(_HOLDING.archive == archive).group_by(_HOLDING.address)
    counts = select_in(connection, counted, _HOLDING.address, {candidate.address for candidate in page})
    turns: dict[str, int] = dict(counts)  # captures of each address
    held = find_held(connection, [(candidate.address, candidate.entry.digest) for candidate in page])
    new: dict[tuple[str, datetime], dict[str, Any]] = {}
    for candidate in page:
        key = (candidate.entry.url, candidate.entry.captured_at)
        if key not in states and key not in new:
            turn = turns[candidate.address] = turns.get(candidate.address, 0) + 1
            is_held = (candidate.address, candidate.entry.digest) in held
            new[key] = {"archive": archive, "turn": turn, **_new_row(candidate, now, is_held=is_held)}
    if new:
        connection.execute(insert(Holding), list(new.values()))
    # The rules may have changed, and do not apply to addresses given by a person.
    allowed = [candidate.entry for candidate in page if candidate.passed_over is None]
    again = [entry for entry in allowed if states.get((entry.url, entry.captured_at)) == "passed over"]
    rewrite(connection, archive, again, state="known", why=None, due_at=now)
    withdrawn = (_HOLDING.address.in_(select(Withdrawn.address)), _HOLDING.state.in_(("known", "failed")))
    connection.execute(update(Holding).where(*withdrawn).values(state="passed over", why=WITHDRAWN, due_at=None))
    return len(new)


def _new_row(candidate: Candidate, now: datetime, *, is_held: bool) -> dict[str, Any]:
    state: State = "passed over" if candidate.passed_over else "held" if is_held else "known"
    return {
        **{name: getattr(candidate.entry, name) for name in CdxEntry.__slots__},
        "address": candidate.address,
        "section": candidate.section,
        "state": state,
        "why": candidate.passed_over or (SAME_BYTES if is_held else None),
        "tries": 0,
        "due_at": now if state == "known" else None,
        "listed_at": now,
    }
