"""Snippet of a text around the matches of a query, which are marked.

The index stores no text, so the matches are found again in the text as it was printed, by the index's rules: case,
accents and invisible signs do not count.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from unicodedata import normalize

from storage.query.search.syntax import Term
from storage.query.search.text import CLUSTER

BEFORE, LENGTH = 60, 220  # characters before the first match, and in all

_INSIDE = "[\u0300-\u036f\u200b\u200c\u200d\u2060\ufeff\u00ad]*"
_MARKS = "\u0300-\u036f\u17b4-\u17d3\u17dd"
_BETWEEN = rf"(?:[^\w{_MARKS}]|_)"
_BORDER = re.compile(rf"(?<=\s)|(?<!\u17d2)(?={CLUSTER.pattern})")  # a coeng is followed by a subscript


def snippet(texts: Iterable[str | None], terms: Sequence[Term], marks: tuple[str, str]) -> str:
    """About 220 characters of the first text with a match; without one, the beginning of the first text."""
    pattern = _pattern(tuple(terms))
    present = [text for text in texts if text]
    for text in present:
        if spans := [match.span() for match in pattern.finditer(_folded(text))]:
            return _passage(text, spans, marks)
    return _passage(present[0], [], marks) if present else ""


def _passage(text: str, spans: list[tuple[int, int]], marks: tuple[str, str]) -> str:
    first, last = spans[0] if spans else (0, 0)
    start = 0
    if first > BEFORE:
        border = _BORDER.search(text, first - BEFORE, first)
        start = border.start() if border else first
    end = max(start + LENGTH, last)
    if end < len(text):
        end = max((border.start() for border in _BORDER.finditer(text, end - 40, end)), default=end)
        end = max(end, last)
    pieces, at = [], start
    for begin, stop in spans:
        if stop <= end:
            pieces += [text[at:begin], marks[0], text[begin:stop], marks[1]]
            at = stop
    pieces.append(text[at:end])
    passage = " ".join("".join(pieces).split())
    return f"{'… ' if start else ''}{passage}{' …' if end < len(text) else ''}"


@lru_cache(maxsize=64)
def _pattern(terms: tuple[Term, ...]) -> re.Pattern[str]:
    return re.compile("|".join(_term(term) for term in sorted(terms, key=lambda term: -len(term.tokens))))


def _term(term: Term) -> str:
    tokens = [_folded(token) for token in term.tokens]
    words = "".join(map(_next, ["", *tokens], tokens))
    before = "" if CLUSTER.match(tokens[0]) else rf"(?<![^\W_])(?<![{_MARKS}])"
    after = rf"(?![{_MARKS}])" if CLUSTER.match(tokens[-1]) else rf"(?![^\W_])(?![{_MARKS}])"
    if term.start_only:
        after = rf"[\w{_MARKS}]*"
    return f"{before}{words}{after}"


def _next(before: str, token: str) -> str:
    """The pattern of a token after the one before: Khmer clusters may touch, words may not."""
    between = f"{_BETWEEN}{'*' if CLUSTER.match(before) or CLUSTER.match(token) else '+'}" if before else ""
    return between + _INSIDE.join(map(re.escape, token))


def _folded(text: str) -> str:
    """The text without case and accents, letter by letter, so that offsets stay the same."""
    return text.lower() if text.isascii() else "".join(map(_letter, text))


@cache
def _letter(letter: str) -> str:
    return normalize("NFD", letter)[0].lower()[0]
