"""Convert items to JSON data, and values to the form that the tables hold.

Items are read through itemadapter: a dataclass, an attrs class or a dict with the contract's field names will do.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from functools import cache
from importlib import import_module
from operator import attrgetter
from typing import Any

Values = dict[str, Any]


def storable(item: Any) -> dict[str, Any]:
    """An item as the JSON data that the archive stores of it."""
    whole: dict[str, Any] = plain(item)
    return whole if is_storable(dumped(whole)) else cleaned(whole)


def raw(value: Any) -> Any:
    """A value as the tables hold it. Raises ValueError for a moment without a zone."""
    if isinstance(value, datetime):
        return utc(value).isoformat()
    return value.isoformat() if isinstance(value, date) else value


def utc(value: datetime) -> datetime:
    """Raises ValueError for a moment without a zone."""
    if value.utcoffset() is None:
        raise ValueError(f"a moment without a zone: {value}")
    return value.astimezone(UTC)


def plain(value: Any) -> Any:
    """`value` as JSON data: items as objects, moments as `…Z`, days as ISO dates."""
    return _converter(value.__class__)(value)


@cache
def _converter(kind: type[Any]) -> Callable[[Any], Any]:
    if issubclass(kind, (str, int, float, type(None))):
        return lambda value: value
    if issubclass(kind, date):
        return _utc_text if issubclass(kind, datetime) else date.isoformat
    if issubclass(kind, Mapping):
        return _object
    if issubclass(kind, (tuple, list)):
        return lambda values: [plain(inner) for inner in values]
    return _fields_of(kind) if is_dataclass(kind) else _adapted


def _object(value: Mapping[str, Any]) -> dict[str, Any]:
    return {name: plain(inner) for name, inner in value.items()}


def _fields_of(kind: type[Any]) -> Callable[[Any], dict[str, Any]]:
    """A converter of one dataclass: several times faster than the adapter, and most of the work."""
    names = tuple(field.name for field in fields(kind))
    values_of: Callable[[Any], Iterable[Any]] = attrgetter(*names)

    def as_object(value: Any) -> dict[str, Any]:
        values = values_of(value)
        if not _PLAIN.issuperset(map(type, values)):  # else a block or a teaser, of which an item has dozens
            values = map(plain, values)
        return dict(zip(names, values, strict=True))

    return as_object


_PLAIN = frozenset({str, int, float, bool, type(None)})


def _adapted(value: Any) -> dict[str, Any]:
    # Imported only for items that are no dataclasses: itemadapter imports Scrapy, which worker processes do without.
    return _object(import_module("itemadapter").ItemAdapter(value))


def moment(text: str | None) -> datetime | None:
    """An ISO moment as aware UTC; None for None. Raises ValueError when it has no zone."""
    return None if text is None else utc(datetime.fromisoformat(text))


def day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def dumped(value: Any) -> str:
    """Compact JSON in the order of the contract's fields, readable in every script."""
    return _ENCODER.encode(value)


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False)


def _utc_text(value: datetime) -> str:
    """A moment as `2018-06-20T01:10:00Z`. Raises ValueError when it has no zone."""
    return utc(value).isoformat().replace("+00:00", "Z")


_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")  # behind an odd backslash the six characters are the page's own words


def is_storable(text: str) -> bool:
    """Whether JSON text holds no NUL, at which C tools end a text, and no lone surrogate, which is no character."""
    if "\\u0000" in text and _NUL.search(text):
        return False
    if text.isascii():
        return True
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def cleaned(value: Any) -> Any:
    """JSON data without what `is_storable` refuses: NUL goes, a lone surrogate becomes `?`."""
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {name: cleaned(inner) for name, inner in value.items()}
    return [cleaned(inner) for inner in value] if isinstance(value, list) else value
