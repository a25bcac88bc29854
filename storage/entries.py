"""From an item to what the tables want: plain JSON data and the digests that tell same from new.

Items are read through itemadapter, so that a dataclass, an attrs class or a dict with the contract's
field names will do.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, date, datetime
from functools import cache
from importlib import import_module
from operator import attrgetter
from typing import Any

from storage.visits import Visit
from storage.words import digest_of, words_digest

# What names one capture: url, time, digest of the body, source.
Key = tuple[str, datetime | None, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One item, ready to be stored; `item` is the whole of it as JSON data."""

    item: dict[str, Any]
    outcome: str
    captured_at: datetime | None
    reading: str | None
    reading_digest: str | None
    teasers_digest: str | None
    words: str | None
    visit: Visit | None

    @property
    def key(self) -> Key:
        capture = self.item["capture"]
        return capture["url"], self.captured_at, capture["digest"], capture["source"]

    @property
    def address(self) -> str:
        """The address in the ledger: the visited one, or what the page calls itself."""
        return self.visit.address if self.visit else self.item.get("canonical_url") or self.item["url"]


def entry(item: Any, visit: Visit | None = None) -> Entry:
    """An entry stays what it is, for it may be made in another process.

    Raises ValueError for an item of no known type, or a capture time without a zone.
    """
    if isinstance(item, Entry):
        return item
    whole = plain(item)
    kind = whole.get("type")
    if kind not in ("article", "listing", "unread"):
        raise ValueError(f"an item of type {kind!r}: article, listing or unread is wanted")
    kept = {name: value for name, value in whole.items() if name not in ("capture", "teasers")}
    reading, teasers = dumped(kept), dumped(whole.get("teasers", ()))
    if not (_storable(reading) and _storable(teasers)):
        return entry(_cleaned(whole), visit)
    unread = kind == "unread"
    return Entry(
        item=whole,
        outcome=kind,
        captured_at=moment(whole["capture"]["captured_at"]),
        reading=None if unread else reading,
        reading_digest=None if unread else digest_of(reading),
        teasers_digest=None if unread else digest_of(teasers),
        words=words_digest(whole) if kind == "article" else None,
        visit=visit,
    )


def plain(value: Any) -> Any:
    """`value` as JSON data: items as objects, moments as `…Z`, days as ISO dates."""
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, datetime):
        return _moment_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(inner) for inner in value]
    if is_dataclass(value):  # several times faster than the adapter, and most of the work
        names, values_of = _fields(value.__class__)
        return {
            name: inner if inner.__class__ in _PLAIN else plain(inner)
            for name, inner in zip(names, values_of(value), strict=True)
        }
    # Loaded for items of other kinds than dataclasses alone: it loads Scrapy, which worker processes need not.
    return {name: plain(inner) for name, inner in import_module("itemadapter").ItemAdapter(value).items()}


_PLAIN = frozenset({str, int, float, bool, type(None)})


@cache
def _fields(kind: type[Any]) -> tuple[tuple[str, ...], Callable[[Any], Iterable[Any]]]:
    names = tuple(each.name for each in fields(kind))
    return names, attrgetter(*names)


def moment(text: str | None) -> datetime | None:
    """An ISO moment as aware UTC; None for None. Raises ValueError when it has no zone."""
    if text is None:
        return None
    found = datetime.fromisoformat(text)
    if found.utcoffset() is None:
        raise ValueError(f"a moment without a zone: {text}")
    return found.astimezone(UTC)


def day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def dumped(value: Any) -> str:
    """Compact JSON in the order of the contract's fields, readable in every script."""
    return _ENCODER.encode(value)


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False)


def _moment_text(value: datetime) -> str:
    if value.utcoffset() is None:
        raise ValueError(f"a moment without a zone: {value}")
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _storable(text: str) -> bool:
    """No NUL, at which C tools end a text, and no half of a surrogate pair, which is no character."""
    if "\\u0000" in text:
        return False
    if text.isascii():
        return True
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {name: _cleaned(inner) for name, inner in value.items()}
    return [_cleaned(inner) for inner in value] if isinstance(value, list) else value
