"""The ledger's rows of one batch: read once, heard of and left in memory, written once.

What pages announce is put together first (storage/hearsay.py).
"""

from collections.abc import Iterable

from sqlalchemy import Connection, select

from storage import budgets
from storage.frontier import Values, chunks
from storage.hearsay import Report
from storage.statements import add, change
from storage.tables import Address
from storage.tombstones import WITHDRAWN
from storage.turns import priority
from storage.visits import DROPPED


class Sheet:
    """Rows of the ledger, by address; on PostgreSQL nobody else leases them until the transaction ends."""

    def __init__(self, connection: Connection, addresses: Iterable[str]) -> None:
        self._connection = connection
        self._rows: dict[str, Values] = {}
        self._new: dict[str, None] = {}
        self._changed: dict[str, None] = {}
        table = Address.__table__
        for some in chunks(sorted(set(addresses))):
            found = select(table).where(table.c.address.in_(some)).with_for_update()
            self._rows.update((row["address"], dict(row)) for row in connection.execute(found).mappings())

    def row(self, address: str) -> Values | None:
        """None for an address never heard of."""
        return self._rows.get(address)

    def hear(self, reports: Iterable[Report]) -> int:
        """How many addresses were new. reports: one of each address, see `together`."""
        before = len(self._new)
        told = list(reports)
        beyond = budgets.over(
            self._connection, (report.heard for report in told if report.heard.address not in self._rows)
        )
        for report in told:
            row = self._rows.get(report.heard.address)
            if row is None:
                self._rows[report.heard.address] = _row(report, excluded_by=beyond.get(report.heard.address))
                self._new[report.heard.address] = None
            elif learnt := _learnt(row, report):
                self.change(report.heard.address, learnt)
        return len(self._new) - before

    def change(self, address: str, values: Values) -> None:
        """Give the row of an address other values. Raises KeyError."""
        self._rows[address] |= values
        if address not in self._new:
            self._changed[address] = None

    def write(self) -> None:
        add(self._connection, Address, [self._rows[address] for address in self._new])
        change(self._connection, Address, "address", [self._rows[address] for address in self._changed])


def _row(report: Report, excluded_by: str | None) -> Values:
    """excluded_by: the budget that has no room for the address, or None."""
    heard, now = report.heard, report.now
    why = report.heard.excluded_by or excluded_by
    empty: Values = dict.fromkeys(_COLUMNS)
    return empty | {
        "address": heard.address,
        "url": heard.url,
        "kind": heard.kind,
        "section": heard.section,
        "dated_on": heard.dated_on,
        "depth": heard.depth,
        "how": heard.how,
        "heard_from": report.heard_from,
        "heard_at": now,
        "state": "excluded" if why else "known",
        "why": why,
        "priority": priority(heard.address, heard.kind, heard.dated_on, now, visited=False),
        "due_at": None if why else report.allowed_at or now,
        "tries": 0,
        "visits": 0,
        "changes": 0,
    }


_COLUMNS = tuple(column.name for column in Address.__table__.columns)


def _learnt(row: Values, report: Report) -> Values:
    """What hearing of a known address again changes; empty when nothing."""
    heard = report.heard
    values: Values = {}
    if row["section"] is None and heard.section is not None:
        values["section"] = heard.section
    if row["dated_on"] is None and heard.dated_on is not None:
        values["dated_on"] = heard.dated_on
    if heard.depth < row["depth"]:
        values["depth"] = heard.depth
    if row["kind"] == "page" and heard.kind != "page":
        values["kind"] = heard.kind
    values |= _allowed(row, report)
    if values:
        now_is = row | values
        visited = row["visits"] > 0
        values["priority"] = priority(
            row["address"], now_is["kind"], now_is["dated_on"], row["heard_at"], visited=visited
        )
    return values


def _allowed(row: Values, report: Report) -> Values:
    """The rules of the crawl may change; who asks for an address by name wants it now."""
    state, heard, flipped = row["state"], report.heard, report.allowed_at is not None
    if row["why"] == WITHDRAWN or (state == "excluded" and row["why"] == DROPPED and heard.how != "asked"):
        return {}
    at = report.allowed_at or report.now
    if heard.excluded_by:
        excluded = state == "known" or (state == "excluded" and flipped)
        return {"state": "excluded", "why": heard.excluded_by, "due_at": None} if excluded else {}
    beyond = heard.budget is not None and row["why"] == heard.budget.name
    if (state == "excluded" and not beyond) or (state == "known" and flipped):
        return {"state": "known", "why": None, "due_at": at}
    if heard.how == "asked" and state != "leased" and (row["due_at"] is None or row["due_at"] > at):
        return {"due_at": at, "tries": 0}
    return {}
