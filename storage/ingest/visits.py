"""The ledger's part of a batch: what the pages announce, and how the visited addresses are left."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from storage.database.schema import Replayed
from storage.database.values import Values
from storage.ingest.batch import Outcome
from storage.ingest.prepare import PreparedItem, discoveries_of, visited_at
from storage.ledger import rows
from storage.ledger.discoveries import MergedDiscovery, merge
from storage.ledger.rows import LedgerBatch, VisitResult
from storage.ledger.states import CLOSED, CLOSED_AGAIN, DROPPED, GONE_AGAIN, UNREAD_AGAIN, FinalState, due_again

Taken = tuple[PreparedItem, Outcome, int]  # the id is that of the capture


def apply_visits(
    connection: Connection, taken: Sequence[Taken], heard: Iterable[MergedDiscovery] | None = None
) -> None:
    """In the order of the batch; an address visited twice is settled twice, a capture brought twice once.

    Captures of long ago come later than those of today: an old visit does not undo a newer one.
    heard: what the visits announce; None: they say it themselves.
    """
    visited = [each for each in taken if each[0].visit is not None]
    announced = merge(heard or ())
    if heard is None:
        merge((report for entry, _, _ in visited for report in discoveries_of(entry)), announced)
    sheet = LedgerBatch(connection, announced)
    sheet.discover(announced.values())
    for each in visited:
        row = sheet.row(each[0].address)
        assert row is not None, "every visit is reported"
        if _is_new(row, each):
            sheet.change(each[0].address, _settled(row, *each))
    sheet.write()


def _is_new(row: Values, taken: Taken) -> bool:
    entry, outcome, _ = taken
    if row["visited_at"] is None or row["visited_at"] < visited_at(entry):
        return True
    return row["visited_at"] == visited_at(entry) and outcome is not Outcome.KNOWN_CAPTURE


def _settled(row: Values, entry: PreparedItem, outcome: Outcome, capture_id: int) -> Values:
    visit, now = entry.visit, visited_at(entry)
    if visit is None:
        raise ValueError(f"no visit: {entry.address}")
    new = outcome in (Outcome.NEW_STORY, Outcome.NEW_REVISION)
    dated_on = entry.published_on or row["dated_on"]
    how = entry.state_after(anything_new=new)
    settled = VisitResult(
        address=visit.address,
        state=how.state,
        why=how.why,
        next_at=next_at(how, entry, row | {"dated_on": dated_on}, now),
        again=how.again,
        changed=outcome is Outcome.NEW_REVISION,
        capture_id=capture_id,
        dated_on=dated_on,
        # What was dropped is asked for whole, if ever again: there is nothing that could be unchanged.
        etag=None if how.why == DROPPED else visit.etag,
        last_modified=None if how.why == DROPPED else visit.last_modified,
        retry_after_seconds=visit.retry_after_seconds,
        url=visit.resume_url,
    )
    return rows.apply_visit(row, settled, now)


def next_at(how: FinalState, entry: PreparedItem, row: Values, now: datetime) -> datetime | None:
    """When to look again at the address of a row; None for never."""
    if entry.visit is None or how.state in ("moved", "excluded"):
        return None  # the address it moved to is looked at instead
    if how.again:
        return now
    if how.state == "gone":
        return now + GONE_AGAIN
    if how.state == "unread" and how.why != DROPPED:
        return now + (CLOSED_AGAIN if how.why in CLOSED else UNREAD_AGAIN)
    if entry.visit.goes_on:
        return now
    return due_again(entry.visit.kind, row["dated_on"], row["changes"], now, page=entry.page, depth=row["depth"])


def done(connection: Connection) -> dict[str, int]:
    """By file, as `tables.Replayed` names it, the byte up to which it is dealt with."""
    return {row.file: row.done for row in connection.execute(select(Replayed.__table__))}


def mark(connection: Connection, far: Mapping[str, int]) -> None:
    if far:
        connection.execute(delete(Replayed).where(Replayed.file.in_(sorted(far))))
        connection.execute(insert(Replayed), [{"file": file, "done": byte} for file, byte in far.items()])
