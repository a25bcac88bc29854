"""The passage of a text that answers a question, with the words found marked.

The index keeps tokens, not text; so the words are found again here, in the text as it was printed, with
the index's own idea of a letter: case and accents do not count, invisible signs stand in no word's way.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from unicodedata import normalize

from storage.query.syntax import Term
from storage.query.text import CLUSTER

BEFORE, LENGTH = 60, 220  # characters before the first word found, and in all

_INSIDE = "[\u0300-\u036f\u200b\u200c\u200d\u2060\ufeff\u00ad]*"
_MARKS = "\u0300-\u036f\u17b4-\u17d3\u17dd"
_BETWEEN = rf"(?:[^\w{_MARKS}]|_)"
_BORDER = re.compile(rf"(?<=\s)|(?<!\u17d2)(?={CLUSTER.pattern})")  # behind a coeng stands a subscript


def snippet(texts: Iterable[str | None], terms: Sequence[Term], marks: tuple[str, str]) -> str:
    """About 220 characters of the first text that holds a word asked for; else how the first text begins."""
    wanted = _pattern(tuple(terms))
    given = [text for text in texts if text]
    for text in given:
        found = list(wanted.finditer(_folded(text)))
        if found:
            return _passage(text, [match.span() for match in found], marks)
    return _passage(given[0], [], marks) if given else ""


def _passage(text: str, spans: list[tuple[int, int]], marks: tuple[str, str]) -> str:
    first, last = spans[0] if spans else (0, 0)
    start = _border(text, first - BEFORE, first) if first > BEFORE else 0
    end = max(start + LENGTH, last)
    if end < len(text):
        end = max(_last_border(text, end), last)
    pieces, at = [], start
    for begin, stop in spans:
        if stop <= end:
            pieces += [text[at:begin], marks[0], text[begin:stop], marks[1]]
            at = stop
    pieces.append(text[at:end])
    passage = " ".join("".join(pieces).split())
    return f"{'… ' if start else ''}{passage}{' …' if end < len(text) else ''}"


def _border(text: str, at: int, latest: int) -> int:
    found = _BORDER.search(text, at, latest)
    return found.start() if found else latest


def _last_border(text: str, at: int) -> int:
    return max((found.start() for found in _BORDER.finditer(text, at - 40, at)), default=at)


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
    """The token, and what may stand between it and the one before: Khmer clusters may touch, words not."""
    between = f"{_BETWEEN}{'*' if CLUSTER.match(before) or CLUSTER.match(token) else '+'}" if before else ""
    return between + _INSIDE.join(map(re.escape, token))


def _folded(text: str) -> str:
    """Letter by letter without case and accents, so that places in it are places in the text."""
    return text.lower() if text.isascii() else "".join(map(_letter, text))


@cache
def _letter(letter: str) -> str:
    return normalize("NFD", letter)[0].lower()[0]
