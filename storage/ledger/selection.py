"""The part of an archive's addresses or captures that a run works on. Plain data; each table has its conditions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from storage.ledger.states import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """A selection of addresses or captures; None: no limit of this kind.

    host: of the addresses in the ledger, as www.example.org.
    since, until: days, both included: of publication in the ledger, of the capture in UTC in another archive.
    addresses: only these. found_on: found first on a page of this host, in the ledger.
    """

    host: str | None = None
    kinds: Sequence[Kind] | None = None
    sections: Sequence[str] | None = None
    since: date | None = None
    until: date | None = None
    addresses: Sequence[str] | None = None
    found_on: str | None = None


def starts_with(column: Any, start: str) -> list[Any]:
    """Conditions for the texts of a column that begin with `start`: a range, which uses an index; LIKE does not."""
    return [column >= start, column < start[:-1] + chr(ord(start[-1]) + 1)]
