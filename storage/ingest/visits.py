"""Ledger updates of a batch: links of its pages, states of visited addresses, and progress in files."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from storage.database.schema import Replayed
from storage.database.values import Values
from storage.ingest.batch import Outcome
from storage.ingest.prepare import PreparedItem, discoveries_of, visited_at
from storage.ledger import rows
from storage.ledger.discoveries import MergedDiscovery, merge
from storage.ledger.states import CLOSED, CLOSED_AGAIN, DROPPED, GONE_AGAIN, UNREAD_AGAIN, FinalState, due_again

BatchResult = tuple[PreparedItem, Outcome, int]  # an item of a batch, its outcome, and the id of its capture


def apply_visits(
    connection: Connection, results: Sequence[BatchResult], discoveries: Iterable[MergedDiscovery] | None = None
) -> None:
    """Apply the results of a batch to the ledger, in batch order.

    Two visits of one address both count; a repeated capture counts once. Old captures may be stored after newer ones:
    an old visit does not undo a newer one.
    discoveries: the links of the pages; None: they are taken from the visits.
    """
    update_ledger(connection, results, discoveries, _after_visit)


def update_ledger(
    connection: Connection,
    results: Sequence[BatchResult],
    discoveries: Iterable[MergedDiscovery] | None,
    change: Callable[[Values, BatchResult], Values | None],
) -> None:
    """Add the links of pages to the ledger, then change the rows of visited addresses.

    discoveries: as for `apply_visits`. change: returns the new columns of a row; None: no change.
    """
    visited = [result for result in results if result[0].visit is not None]
    if discoveries is None:
        discoveries = (discovery for item, _, _ in visited for discovery in discoveries_of(item))
    merged = merge(discoveries)
    batch = rows.LedgerBatch(connection, merged)
    batch.discover(merged.values())
    for result in visited:
        row = batch.row(result[0].address)
        assert row is not None, "every visit is a discovery of its address"
        if values := change(row, result):
            batch.change(result[0].address, values)
    batch.write()


def _after_visit(row: Values, batch_result: BatchResult) -> Values | None:
    item, outcome, capture_id = batch_result
    visit, now = item.visit, visited_at(item)
    assert visit is not None
    is_newer = row["visited_at"] is None or row["visited_at"] < now
    if not is_newer and (row["visited_at"] != now or outcome is Outcome.KNOWN_CAPTURE):
        return None
    final = item.state_after(anything_new=outcome in (Outcome.NEW_STORY, Outcome.NEW_REVISION))
    dated_on = item.published_on or row["dated_on"]
    result = rows.VisitResult(
        address=visit.address,
        state=final.state,
        why=final.why,
        next_at=next_at(final, item, row | {"dated_on": dated_on}, now),
        again=final.again,
        changed=outcome is Outcome.NEW_REVISION,
        capture_id=capture_id,
        dated_on=dated_on,
        # A dropped page is requested whole, if ever again: there is nothing to compare it with.
        etag=None if final.why == DROPPED else visit.etag,
        last_modified=None if final.why == DROPPED else visit.last_modified,
        retry_after_seconds=visit.retry_after_seconds,
        url=visit.resume_url,
    )
    return rows.apply_visit(row, result, now)


def next_at(final: FinalState, item: PreparedItem, row: Values, now: datetime) -> datetime | None:
    """The time of the next visit to the address of a row; None for never."""
    if item.visit is None or final.state in ("moved", "excluded"):
        return None  # the address to which it moved is visited instead
    if final.again:
        return now
    if final.state == "gone":
        return now + GONE_AGAIN
    if final.state == "unread" and final.why != DROPPED:
        return now + (CLOSED_AGAIN if final.why in CLOSED else UNREAD_AGAIN)
    if item.visit.kind == "picture":
        return None  # another picture gets another address
    if item.visit.goes_on:
        return now
    return due_again(item.visit.kind, row["dated_on"], row["changes"], now, page=item.page, depth=row["depth"])


def replay_offsets(connection: Connection) -> dict[str, int]:
    """The table `replayed`: for each file the offset before which every record is in the archive or was skipped."""
    return {row.file: row.done for row in connection.execute(select(Replayed.__table__))}


def mark_replayed(connection: Connection, offsets: Mapping[str, int]) -> None:
    """Store the offset of each file, as `replay_offsets` returns it."""
    if offsets:
        connection.execute(delete(Replayed).where(Replayed.file.in_(sorted(offsets))))
        connection.execute(insert(Replayed), [{"file": file, "done": byte} for file, byte in offsets.items()])
