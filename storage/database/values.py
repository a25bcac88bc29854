"""Items as JSON data, and values as the tables hold them.

Items are read through itemadapter, so that a dataclass, an attrs class or a dict with the contract's
field names will do.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from functools import cache
from importlib import import_module
from operator import attrgetter
from typing import Any

Values = dict[str, Any]


def storable(item: Any) -> dict[str, Any]:
    """An item as the JSON data that is stored of it."""
    whole: dict[str, Any] = plain(item)
    return whole if is_storable(dumped(whole)) else cleaned(whole)


def raw(value: Any) -> Any:
    """A value as the tables hold it. Raises ValueError for a moment without a zone."""
    if isinstance(value, datetime):
        if value.utcoffset() is None:
            raise ValueError(f"a moment without a zone: {value}")
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else value


def plain(value: Any) -> Any:
    """`value` as JSON data: items as objects, moments as `…Z`, days as ISO dates."""
    return _way(value.__class__)(value)


@cache
def _way(kind: type[Any]) -> Callable[[Any], Any]:
    """How values of a class become JSON data."""
    if issubclass(kind, (str, int, float, type(None))):
        return _same
    if issubclass(kind, date):
        return _moment_text if issubclass(kind, datetime) else date.isoformat
    if issubclass(kind, Mapping):
        return _object
    if issubclass(kind, (tuple, list)):
        return _array
    return _fields_of(kind) if is_dataclass(kind) else _adapted


def _same(value: Any) -> Any:
    return value


def _array(values: Iterable[Any]) -> list[Any]:
    return [plain(inner) for inner in values]


def _object(value: Mapping[str, Any]) -> dict[str, Any]:
    return {name: plain(inner) for name, inner in value.items()}


def _fields_of(kind: type[Any]) -> Callable[[Any], dict[str, Any]]:
    """Several times faster than the adapter, and most of the work."""
    names = tuple(each.name for each in fields(kind))
    values_of: Callable[[Any], Iterable[Any]] = attrgetter(*names)

    def as_object(value: Any) -> dict[str, Any]:
        pairs = zip(names, values_of(value), strict=True)
        return {name: inner if inner.__class__ in _PLAIN else plain(inner) for name, inner in pairs}

    return as_object


_PLAIN = frozenset({str, int, float, bool, type(None)})


def _adapted(value: Any) -> dict[str, Any]:
    # Loaded for items of other kinds than dataclasses alone: it loads Scrapy, which worker processes need not.
    return _object(import_module("itemadapter").ItemAdapter(value))


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


def is_storable(text: str) -> bool:
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


def cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {name: cleaned(inner) for name, inner in value.items()}
    return [cleaned(inner) for inner in value] if isinstance(value, list) else value
