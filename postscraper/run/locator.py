"""Find the characters of a page that a field is read from.

The field's words are looked for in the source (postscraper/reading/alignment.py), and of every place that has them one
letter is changed and the page read again. Where the field changes with it, there it is read.
"""

import re
from collections.abc import Callable
from itertools import islice
from typing import Any, Literal
from urllib.parse import unquote

from postscraper.reading.alignment import Place, Source, canonical

Span = tuple[int, int]
FieldPath = tuple[Any, ...]  # names and indexes, as ("images", 0, "caption")

MOST_PLACES = 200  # of one field's words that are tried
WITHOUT_WORDS = frozenset({"layout", "language", "url", "first_page", "not_printed"})  # fields
_DATES = ("published_at", "published_on", "modified_at")
_MACHINE_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?)?|\b\d{10}\b")
_WHOLE_ADDRESS = r"[^\s\"'<>(),]*"


class Locator:
    """Places of the fields of one story, in its part of a page or answer."""

    def __init__(
        self, before: str, part: str, after: str, item: Any, read: Callable[[str], dict[str, Any] | None]
    ) -> None:
        """before, after: that make the part a document. item: that is read of it. read: another such document."""
        self._before, self._part, self._after, self._item, self._read = before, part, after, item, read
        self._source = Source(part)

    def spans(self, path: FieldPath, value: Any) -> list[Span]:
        """Start and end of the words in the part, in order; several when they stand in pieces, [] when not located."""
        return sorted(self._spans(path, value))

    def _spans(self, path: FieldPath, value: Any) -> tuple[Span, ...]:
        if path[0] in WITHOUT_WORDS:
            return ()
        if path[0] in _DATES:
            return self._of_date(path)
        if path[0] == "canonical_url" or path[-1] == "url":
            return self._of_address(path, str(value))
        if (place := self._best(path, str(value))) is not None:
            return (place.span,)
        pieces = self._source.pieces(str(value), lambda place: self._changes(path, place) is not None)
        return tuple(piece.span for piece in pieces)

    def _best(self, path: FieldPath, words: str) -> Place | None:
        """The first place that the field repeats letter by letter; else the first with which it changes at all."""
        changing = None
        for place in islice(self._source.places(words), MOST_PLACES):
            change = self._changes(path, place)
            if change == "repeated":
                return place
            if change is not None and changing is None:
                changing = place
        return changing

    def _of_address(self, path: FieldPath, url: str) -> tuple[Span, ...]:
        """The address as it stands in the source, absolute or not, found by its last part."""
        last = url.rstrip("/").rsplit("/", 1)[-1]
        for words in dict.fromkeys((last, unquote(last))):
            if (place := self._best(path, words)) is not None:
                start, end = place.span
                before = re.search(_WHOLE_ADDRESS + r"\Z", self._part[:start])
                behind = re.compile(_WHOLE_ADDRESS).match(self._part, end)
                start, end = before.start() if before else start, behind.end() if behind else end
                return ((start, end),)
        return ()

    def _of_date(self, path: FieldPath) -> tuple[Span, ...]:
        """The printed date, or the date for machines, with which a moment or a day changes."""
        printed = self._item.get("published_text")
        places = list(islice(self._source.places(printed), MOST_PLACES)) if printed else []
        for start, end in [place.span for place in places] + [m.span() for m in _MACHINE_DATE.finditer(self._part)]:
            digits = [at for at in range(start, end) if self._part[at].isdigit()]
            if any(self._with(at, at + 1, path) != value_at(self._item, path) for at in digits[:4]):
                return ((start, end),)
        return ()

    def _changes(self, path: FieldPath, place: Place) -> Literal["repeated", "changed"] | None:
        """What a changed letter in a place does to the field; None: nothing, so it is not read there."""
        letters = [at for at in range(place.at, place.end) if place.reading.text[at].isalnum()]
        if not letters:
            return None
        at = letters[len(letters) // 2]
        other = _other(place.reading.text[at])
        now = self._with(place.reading.starts[at], place.reading.ends[at], path, other)
        before = value_at(self._item, path)
        if now == before:
            return None
        words, index = place.text, at - place.at
        expected = canonical(str(before)).replace(words, words[:index] + other + words[index + 1 :])
        return "repeated" if now is not None and canonical(str(now)) == canonical(expected) else "changed"

    def _with(self, start: int, end: int, path: FieldPath, other: str | None = None) -> Any:
        """The field, when a character of the source is another; None when the page is no story then."""
        other = other or _other(self._part[start])
        item = self._read(self._before + self._part[:start] + other + self._part[end:] + self._after)
        return value_at(item, path) if item is not None else None


def value_at(item: Any, path: tuple[Any, ...]) -> Any:
    """The value at a path; None where there is none."""
    for step in path:
        try:
            item = item[step]
        except (LookupError, TypeError):
            return None
    return item


def _other(character: str) -> str:
    """Another character of the same kind."""
    if character.isdigit() and character.isascii():
        return str((int(character) + 1) % 10)
    if "\u1780" <= character <= "\u17a2":
        return chr(0x1780 + (ord(character) - 0x1780 + 1) % 35)
    if character.isascii() and character.isalpha():
        return {"z": "a", "Z": "A"}.get(character, chr(ord(character) + 1))
    return "x" if character != "x" else "y"
