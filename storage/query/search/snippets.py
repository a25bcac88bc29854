"""Snippet of a text around the matches of a query, which are marked.

The index stores no text, so the matches are found again in the text as it was printed, token by token.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from storage.query.search.syntax import Term
from storage.query.search.text import CLUSTER, Token, folded, tokens

BEFORE, LENGTH = 60, 220  # characters before the first match, and in all
# Most first matches stand at the beginning of a text, and to look there first takes half the time. REACH: characters
# that a term has for each of its tokens, at most.
BEGINNINGS, REACH = (600, 1_800), 50

_BORDER = re.compile(rf"(?<=\s)|(?<!\u17d2)(?={CLUSTER.pattern})")  # a coeng is followed by a subscript


def snippet(texts: Iterable[str | None], terms: Sequence[Term], marks: tuple[str, str]) -> str:
    """About 220 characters of the first text with a match; without one, the beginning of the first text."""
    present = [text for text in texts if text]
    for text in present:
        if spans := _first_matches(text, terms):
            return _passage(text, spans, marks)
    return _passage(present[0], [], marks) if present else ""


def _first_matches(text: str, terms: Sequence[Term]) -> list[tuple[int, int]]:
    """The matches in a text, at least all those that its passage shows."""
    reach = LENGTH + REACH * max((len(term.tokens) for term in terms), default=0)
    for end in (text.rfind(" ", 0, length) for length in BEGINNINGS if length * 1.5 < len(text)):
        spans = matches(list(tokens(text[:end])), terms)
        if spans and spans[0][0] + reach <= end:
            return spans
    return matches(list(tokens(text)), terms)


def matches(text: Sequence[Token], terms: Iterable[Term]) -> list[tuple[int, int]]:
    """Spans of the terms in a text, in order, none within another; in characters."""
    words = [folded(token.text) for token in text]
    places = sorted((start, -stop) for term in terms for start, stop in _places(words, term))
    spans: list[tuple[int, int]] = []
    end = 0
    for start, stop in places:
        if start >= end:
            end = -stop
            spans.append((text[start].start, text[end - 1].end))
    return spans


def _places(words: Sequence[str], term: Term) -> Iterator[tuple[int, int]]:
    """The places of a term among words in the form of the index: first word, and the one behind the last."""
    wanted = [folded(token) for token in term.tokens]
    size = len(wanted)
    if size == 1 and not term.start_only:
        yield from ((at, at + 1) for at, word in enumerate(words) if word == wanted[0])
        return
    *before, last = wanted
    for at in range(len(words) - size + 1):
        end = words[at + size - 1]
        if (end.startswith(last) if term.start_only else end == last) and words[at : at + size - 1] == before:
            yield at, at + size


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
