"""Limit on the size of an answer: its largest lists and texts lose their ends, and the answer counts what they lost."""

import json
from collections.abc import Iterator
from typing import Any

LARGEST = 100_000  # characters of JSON; a language model takes about a quarter as many tokens
_LONG = 1_000  # characters of a text that may be cut, where no list of rows is larger


class TooLarge(Exception):
    """An answer without a list or text that could be cut."""


def fitted(data: dict[str, Any], largest: int = LARGEST) -> dict[str, int]:
    """Cut JSON data to at most `largest` characters; the rows of lists and characters of texts cut, by their place.

    A list keeps one row at least. Raises TooLarge.
    """
    cut: dict[str, int] = {}
    while (excess := _size(data) - largest) > 0:
        parts = [(_size(holder[name]), place, holder, name) for place, holder, name in _parts(data, "")]
        if not parts:
            raise TooLarge
        size, place, holder, name = max(parts, key=lambda part: part[0])
        whole = holder[name]
        length = min(max(1, int(len(whole) * (1 - excess / size))), len(whole) - 1)
        holder[name] = whole[:length]
        cut[place] = cut.get(place, 0) + len(whole) - length
    return cut


def _parts(value: Any, place: str) -> Iterator[tuple[str, Any, Any]]:
    """What may be cut: place, and the object or list that holds it under a name or index."""
    for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
        path = f"{place}.{name}" if place else str(name)
        if isinstance(inner, (dict, list)):
            yield from _parts(inner, path)
        if isinstance(inner, list) and len(inner) > 1 and isinstance(inner[0], (dict, list)):
            yield path, value, name
        if isinstance(inner, str) and len(inner) > _LONG:
            yield path, value, name


def _size(data: Any) -> int:
    return len(json.dumps(data, ensure_ascii=False))
