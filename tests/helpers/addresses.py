"""Addresses for the tests of the ledger, and what the ledger says of them."""

from datetime import timedelta
from typing import Any

from storage.ledger.ledger import Ledger
from storage.ledger.states import Discovery
from tests.helpers.items import SITE, at

CANAL = f"{SITE}/national/canal"


def heard(slug: str = "canal", **changes: Any) -> Discovery:
    url = f"{SITE}/national/{slug}"
    return Discovery(**({"url": url, "address": url, "kind": "story"} | changes))


def state(ledger: Ledger, address: str = CANAL) -> tuple[str, str | None]:
    row = ledger.row(address)
    assert row is not None
    return row.state, row.why


def hours_until_due(ledger: Ledger, since: float, address: str = CANAL) -> float | None:
    row = ledger.row(address)
    assert row is not None
    return None if row.due_at is None else (row.due_at - at(since)) / timedelta(hours=1)
