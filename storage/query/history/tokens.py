"""Words of a text with their places, and the hunks in which two texts differ."""

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import accumulate, groupby
from typing import NamedTuple

from storage.query.search.text import CLUSTER, composed, normal

# A number of any script, a Khmer cluster, a word with its hyphens and apostrophes, any other sign.
_LETTER = "[^\\W\\d_\u1780-\u17ff]"
_TOKEN = re.compile(rf"\d+(?:[.,:]\d+)*|{CLUSTER.pattern}|{_LETTER}+(?:[-'’]{_LETTER}+)*|\S")
_SENTENCE_ENDS = frozenset(".?!។៕")
_QUOTES = re.compile(
    '“[^“”]*(?:”|$)|"[^"]*(?:"|$)|«[^«»]*(?:»|$)|(?<!\\w)‘.*?’(?!\\w)|(?<!\\w)\'.+?\'(?!\\w)', re.DOTALL
)
_NEAR = 2  # words between two hunks that are one
_NEAR_KHMER = 3  # clusters


class Token(NamedTuple):
    """A word, number, Khmer cluster or sign. key: the form that is compared. block, start, end: its place.

    quoted: whether it stands within quotation marks.
    """

    text: str
    key: str
    block: int
    start: int
    end: int
    quoted: bool

    @property
    def is_word(self) -> bool:
        return self.text[0].isalnum()

    @property
    def is_khmer(self) -> bool:
        return "\u1780" <= self.text[0] <= "\u17d7"


class Hunk(NamedTuple):
    """A difference: `old[start:end]` became `new[new_start:new_end]`; old, new: all tokens of the two texts."""

    old: Sequence[Token]
    new: Sequence[Token]
    start: int
    end: int
    new_start: int
    new_end: int

    @property
    def removed(self) -> Sequence[Token]:
        return self.old[self.start : self.end]

    @property
    def added(self) -> Sequence[Token]:
        return self.new[self.new_start : self.new_end]


def tokens(texts: Iterable[tuple[int, str]]) -> list[Token]:
    """The tokens of blocks; texts: their indexes with their texts."""
    found = []
    for block, text in texts:
        text = composed(text)
        quoted = [match.span() for match in _QUOTES.finditer(text)]
        for match in _TOKEN.finditer(text):
            start, end = match.span()
            within = any(first < start < last for first, last in quoted)
            found.append(Token(match[0], normal(match[0]), block, start, end, within))
    return found


def spread(found: Sequence[Token]) -> str:
    """The text from the first token to the last, with the spaces between them; blocks are parted by a space."""
    text, before = "", None
    for token in found:
        if before is not None and (token.block != before.block or token.start > before.end):
            text += " "
        text += token.text
        before = token
    return text


def equal_parts(old: Sequence[Token], new: Sequence[Token]) -> list[tuple[int, int, int]]:
    """The parts that two texts have in common: their beginnings in both, and their lengths in tokens.

    Equal sentences are found first: paragraphs are compared word by word only where they differ.
    """
    parts: list[tuple[int, int, int]] = []
    olds, news = _sentences(old), _sentences(new)
    starts, new_starts = _starts(olds), _starts(news)
    matcher = SequenceMatcher(None, [key for key, _ in olds], [key for key, _ in news], autojunk=False)
    for operation, first, last, new_first, new_last in matcher.get_opcodes():
        start, new_start = starts[first], new_starts[new_first]
        if operation == "equal":
            parts.append((start, new_start, starts[last] - start))
        else:
            inner = [token.key for token in old[start : starts[last]]]
            new_inner = [token.key for token in new[new_start : new_starts[new_last]]]
            blocks = SequenceMatcher(None, inner, new_inner, autojunk=False).get_matching_blocks()
            parts += [(start + at, new_start + new_at, size) for at, new_at, size in blocks if size]
    return parts


def hunks(old: Sequence[Token], new: Sequence[Token]) -> list[Hunk]:
    """The differences in reading order; those with hardly a word between them are one."""
    found: list[Hunk] = []
    at = new_at = 0
    for start, new_start, size in [*equal_parts(old, new), (len(old), len(new), 0)]:
        if start > at or new_start > new_at:
            hunk = Hunk(old, new, at, start, new_at, new_start)
            if found and _is_near(old[found[-1].end : at]):
                hunk = hunk._replace(start=found[-1].start, new_start=found.pop().new_start)
            found.append(hunk)
        at, new_at = start + size, new_start + size
    return found


def _is_near(between: Sequence[Token]) -> bool:
    words = [token for token in between if token.is_word]
    return len(words) < (_NEAR_KHMER if any(token.is_khmer for token in words) else _NEAR)


def _sentences(found: Sequence[Token]) -> list[tuple[str, int]]:
    """Each sentence as one text, with its number of tokens; paragraphs end none, for redesigns move their ends."""
    ends = accumulate((token.key in _SENTENCE_ENDS for token in found), lambda count, is_end: count + is_end, initial=0)
    sentences = []
    for _, group in groupby(zip(found, ends, strict=False), key=lambda pair: pair[1]):
        keys = [token.key for token, _ in group]
        sentences.append((" ".join(keys), len(keys)))
    return sentences


def _starts(sentences: Sequence[tuple[str, int]]) -> list[int]:
    return list(accumulate((count for _, count in sentences), initial=0))


def turned_into_quotes(old: Sequence[Token], new: Sequence[Token]) -> Iterator[tuple[Sequence[Token], Sequence[Token]]]:
    """Equal words that stand within quotation marks on one side alone."""
    for start, new_start, size in equal_parts(old, new):
        pairs = zip(old[start : start + size], new[new_start : new_start + size], strict=True)
        for differ, group in groupby(pairs, key=lambda pair: pair[0].quoted != pair[1].quoted):
            if differ:
                before, after = zip(*group, strict=True)
                yield before, after
