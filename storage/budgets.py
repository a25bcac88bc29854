"""How many addresses that begin alike the ledger takes: what goes on for ever in one place ends there, by name."""

from collections.abc import Iterable

from sqlalchemy import Connection, func, select

from storage.tables import Address
from storage.visits import Budget, Heard


def over(connection: Connection, heards: Iterable[Heard]) -> dict[str, str]:
    """The addresses for which there is no room, of some that the ledger does not hold, and the budget's name for each.

    Each budget's new addresses are taken in their order, as far as it goes; in the caller's transaction.
    """
    spent: dict[Budget, list[str]] = {}
    for heard in heards:
        if heard.budget is not None:
            spent.setdefault(heard.budget, []).append(heard.address)
    return {address: budget.name for budget, new in spent.items() for address in new[room(connection, budget) :]}


def room(connection: Connection, budget: Budget) -> int:
    """How many more addresses a budget has room for; the range is of the primary key, which is read alone."""
    address = Address.__table__.c.address
    start = budget.start
    beyond = start[:-1] + chr(ord(start[-1]) + 1)
    held = select(func.count()).select_from(Address).where(address >= start, address < beyond)
    return max(0, budget.most - connection.execute(held).scalar_one())
