"""Places of words in the source of a page, where they stand in markup, entities and escapes.

The source is read in several ways, one after the other: with tags passed over and entities resolved, as the escaped
HTML of a feed, as it stands (for attributes), and as JSON strings. In each reading, and in the words, white space and
signs of format (Cf), which have no width, do not count, and characters are compared in their compatibility
decomposition (NFKD): 10³ is 103 in `10<sup>3</sup>`.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from html import unescape
from typing import NamedTuple
from unicodedata import category, normalize

_TAG = re.compile(
    r"<!\[CDATA\[|\]\]>|<!--.*?-->|<(script|style)\b[^>]*>.*?</\1\s*>|</?[A-Za-z!?](?:[^<>\"']|\"[^\"]*\"|'[^']*')*>",
    re.S | re.I,
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]\w{1,31});?")
_ESCAPE = re.compile(r"\\(?:u[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|[\"\\/bfnrt])")
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class Text(NamedTuple):
    """Characters, each with its span in the source."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]


class Place(NamedTuple):
    """Words in one reading of the source: the characters from `at` to `end`."""

    reading: Text
    at: int
    end: int

    @property
    def span(self) -> tuple[int, int]:
        """Start and end in the source, in characters."""
        return self.reading.starts[self.at], self.reading.ends[self.end - 1]

    @property
    def text(self) -> str:
        return self.reading.text[self.at : self.end]


def _replaced(pattern: re.Pattern[str], value: Callable[[re.Match[str]], str], source: Text) -> Text:
    text: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    done = 0
    for match in pattern.finditer(source.text):
        characters = value(match)
        if characters == match[0]:
            continue
        begin, end = match.span()
        text.append(source.text[done:begin] + characters)
        starts += source.starts[done:begin]
        ends += source.ends[done:begin]
        starts += [source.starts[begin]] * len(characters)
        ends += [source.ends[end - 1]] * len(characters)
        done = end
    return Text("".join((*text, source.text[done:])), [*starts, *source.starts[done:]], [*ends, *source.ends[done:]])


def _character(escape: re.Match[str]) -> str:
    if escape[0][1] != "u":
        return _ESCAPED.get(escape[0][1], escape[0][1])
    units = escape[0].replace("\\u", "")
    return bytes.fromhex(units).decode("utf-16-be", "replace")


_Step = tuple[re.Pattern[str], Callable[[re.Match[str]], str]]
_TAGS: _Step = (_TAG, lambda _: "")
_ENTITIES: _Step = (_ENTITY, lambda match: unescape(match[0]))
_JSON: _Step = (_ESCAPE, _character)
_READINGS: tuple[tuple[_Step, ...], ...]
_READINGS = (
    (_TAGS, _ENTITIES),
    (_ENTITIES, _TAGS, _ENTITIES),
    (_ENTITIES,),
    (_JSON, _TAGS, _ENTITIES),
    (_JSON, _ENTITIES),
)


def canonical(text: str) -> str:
    """The form in which words are compared."""
    return _canonical(_as_it_stands(text)).text


def _as_it_stands(text: str) -> Text:
    return Text(text, range(len(text)), range(1, len(text) + 1))


def _canonical(source: Text) -> Text:
    text: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for character, start, end in zip(*source, strict=True):
        if character.isspace() or (not character.isascii() and category(character) == "Cf"):
            continue
        for each in character if character.isascii() else normalize("NFKD", character):
            if not each.isspace():
                text.append(each)
                starts.append(start)
                ends.append(end)
    return Text("".join(text), starts, ends)


class Source:
    """The source of a page, or of the part of a document that is one story."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _readings(self) -> list[Text]:
        readings = [_as_it_stands(self._text)] * len(_READINGS)
        for at, steps in enumerate(_READINGS):
            for pattern, value in steps:
                readings[at] = _replaced(pattern, value, readings[at])
        return list(map(_canonical, readings))

    def places(self, words: str) -> Iterator[Place]:
        """Every place of the words, each span once."""
        needle = canonical(words)
        spans = set()
        for reading in self._readings if needle else ():
            for place in _occurrences(reading, needle):
                if place.span not in spans:
                    spans.add(place.span)
                    yield place

    def pieces(self, words: str, is_read: Callable[[Place], bool]) -> tuple[Place, ...]:
        """The places of words that stand in several pieces, in their order; () when any of the words has no place.

        is_read: whether the words are read from a place. Punctuation may be the reader's own: it writes the marks that
        a browser draws.
        """
        needle = canonical(words)
        for reading in self._readings:
            if found := _pieces(reading, needle, is_read):
                return found
        return ()


def _pieces(reading: Text, needle: str, is_read: Callable[[Place], bool]) -> tuple[Place, ...]:
    places: list[Place] = []
    done = behind = 0
    while done < len(needle):
        words = needle[done : done + _longest(reading.text, needle[done:], behind)]
        if any(map(str.isalnum, words)):
            place = next(filter(is_read, _occurrences(reading, words, behind)), None)
            if place is None:
                return ()
            places.append(place)
            done, behind = done + len(words), place.end
        elif needle[done].isalnum():
            return ()
        else:
            done += 1
    return tuple(places)


def _longest(text: str, needle: str, behind: int) -> int:
    """The length of the longest beginning of the needle that stands somewhere behind a place."""
    fits, fails = 0, len(needle) + 1
    while fails - fits > 1:
        middle = (fits + fails) // 2
        if text.find(needle[:middle], behind) >= 0:
            fits = middle
        else:
            fails = middle
    return fits


def _occurrences(reading: Text, words: str, behind: int = 0) -> Iterator[Place]:
    at = reading.text.find(words, behind)
    while at >= 0:
        yield Place(reading, at, at + len(words))
        at = reading.text.find(words, at + 1)
