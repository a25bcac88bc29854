"""Words of a text with their places, and the hunks in which two texts differ."""

import re
from bisect import bisect_left
from collections.abc import Hashable, Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import accumulate, groupby, pairwise
from typing import NamedTuple

from storage.query.search.text import CLUSTER, composed, normal

# A number of any script, a Khmer cluster, a word with its hyphens and apostrophes, any other sign.
_LETTER = "[^\\W\\d_\u1780-\u17ff]"
_TOKEN = re.compile(rf"\d+(?:[.,:]\d+)*|{CLUSTER.pattern}|{_LETTER}+(?:[-'’]{_LETTER}+)*|\S")
_SENTENCE_ENDS = frozenset(".?!។៕")
_QUOTES = re.compile(
    '“[^“”]*(?:”|$)|"[^"]*(?:"|$)|«[^«»]*(?:»|$)|(?<!\\w)‘.{,2000}?’(?!\\w)|(?<!\\w)\'.{1,2000}?\'(?!\\w)', re.DOTALL
)
_CLOSING = {"“": "”", "«": "»", '"': '"'}
_ANY_QUOTE = re.compile('[“”"«»]')
_OPEN = re.compile('[“«"][^“”«»"]*$')  # to the end of a block
_MOST_BLOCKS = 12  # of one quotation; lines that stand as paragraphs are short
_MOST_PAIRS = 2_000_000  # of words; a story of 1,400 words that was written anew
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

    @property
    def block(self) -> int:
        """The block of the new text in which the difference stands; of the old one if the new one has none."""
        if self.added:
            return self.added[0].block
        if not self.new:
            return self.removed[0].block
        ends_block = self.start > 0 and self.new_start > 0 and self.old[self.start - 1].block == self.removed[0].block
        return self.new[self.new_start - 1 if ends_block or self.new_start == len(self.new) else self.new_start].block


def tokens(texts: Iterable[tuple[int, str]]) -> list[Token]:
    """The tokens of blocks; texts: their indexes with their texts."""
    cut = []
    blocks = [(block, composed(text)) for block, text in texts]
    for (block, text), quoted in zip(blocks, _quoted([text for _, text in blocks]), strict=True):
        for match in _TOKEN.finditer(text):
            start, end = match.span()
            before = bisect_left(quoted, (start, 0))
            within = before > 0 and start < quoted[before - 1][1]
            cut.append(Token(match[0], normal(match[0]), block, start, end, within))
    return cut


def _quoted(texts: Sequence[str]) -> Iterator[list[tuple[int, int]]]:
    """The places of the quotations in each block. One that was cut by a new paragraph goes on in the next blocks."""
    goes_on = 0  # blocks
    for at, text in enumerate(texts):
        spans, start = [], 0
        if goes_on:
            goes_on -= 1
            mark = None if goes_on else _ANY_QUOTE.search(text)
            start = mark.end() if mark else len(text)
            spans.append((0, start))
        spans += [match.span() for match in _QUOTES.finditer(text, start)]
        if not goes_on and spans and spans[-1][1] == len(text) and _OPEN.search(text, max(start, spans[-1][0])):
            goes_on = _end_of_quotation(text[spans[-1][0]], texts[at + 1 : at + 1 + _MOST_BLOCKS])
        yield spans


def _end_of_quotation(opening: str, following: Sequence[str]) -> int:
    """How many blocks on an open quotation ends; 0 where another begins before, as at each new paragraph in print."""
    for number, text in enumerate(following, 1):
        mark = _ANY_QUOTE.search(text)
        if mark:
            is_end = mark[0] == _CLOSING[opening] and (mark.start() > 0 or opening != '"')
            return number if is_end else 0
    return 0


def spread(run: Sequence[Token]) -> str:
    """The text from the first token to the last, with the spaces between them; blocks are parted by a space."""
    text, before = "", None
    for token in run:
        if before is not None and (token.block != before.block or token.start > before.end):
            text += " "
        text += token.text
        before = token
    return text


def equal_parts(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int, int]]:
    """The parts that two texts have in common: their beginnings in both, and their lengths in keys of tokens.

    Equal sentences are found first, and words compared only between them: several times faster for a long text.
    """
    parts: list[tuple[int, int, int]] = []
    sentences, new_sentences = _sentences(old), _sentences(new)
    starts, new_starts = (list(accumulate(map(len, each), initial=0)) for each in (sentences, new_sentences))
    for operation, first, last, new_first, new_last in _matcher(sentences, new_sentences).get_opcodes():
        start, new_start = starts[first], new_starts[new_first]
        if operation == "equal":
            parts.append((start, new_start, starts[last] - start))
        else:
            pair = old[start : starts[last]], new[new_start : new_starts[new_last]]
            blocks = _matcher(*pair).get_matching_blocks()
            parts += [(start + at, new_start + new_at, size) for at, new_at, size in blocks if size]
    return list(_joined(parts))


def _matcher(old: Sequence[Hashable], new: Sequence[Hashable]) -> SequenceMatcher[Hashable]:
    """Between very long texts the commonest words match nothing: one word ten thousand times would take minutes."""
    return SequenceMatcher(None, old, new, autojunk=len(old) * len(new) > _MOST_PAIRS)


def _joined(parts: Iterable[tuple[int, int, int]]) -> Iterator[tuple[int, int, int]]:
    """Parts that follow one another in both texts as one."""
    before: tuple[int, int, int] | None = None
    for start, new_start, size in parts:
        if before and (before[0] + before[2], before[1] + before[2]) == (start, new_start):
            before = (*before[:2], before[2] + size)
            continue
        if before:
            yield before
        before = start, new_start, size
    if before:
        yield before


def keys(text: Iterable[Token]) -> list[str]:
    return [token.key for token in text]


def hunks(old: Sequence[Token], new: Sequence[Token]) -> list[Hunk]:
    """The differences in reading order; those with hardly a word between them are one."""
    result: list[Hunk] = []
    at = new_at = 0
    for start, new_start, size in [*equal_parts(keys(old), keys(new)), (len(old), len(new), 0)]:
        if start > at or new_start > new_at:
            hunk = Hunk(old, new, at, start, new_at, new_start)
            if result and _is_near(old[result[-1].end : at]):
                hunk = hunk._replace(start=result[-1].start, new_start=result.pop().new_start)
            result.append(hunk)
        at, new_at = start + size, new_start + size
    return result


def _is_near(between: Sequence[Token]) -> bool:
    words = [token for token in between if token.is_word]
    return len(words) < (_NEAR_KHMER if any(token.is_khmer for token in words) else _NEAR)


def _sentences(words: Sequence[str]) -> list[tuple[str, ...]]:
    """Paragraphs end no sentence, for redesigns move their ends."""
    ends = [at for at, word in enumerate(words, 1) if word in _SENTENCE_ENDS]
    return [tuple(words[start:end]) for start, end in pairwise([0, *ends, len(words)]) if start < end]


def turned_into_quotes(old: Sequence[Token], new: Sequence[Token]) -> Iterator[tuple[Sequence[Token], Sequence[Token]]]:
    """Equal words that stand within quotation marks on one side alone."""
    for start, new_start, size in equal_parts(keys(old), keys(new)):
        pairs = zip(old[start : start + size], new[new_start : new_start + size], strict=True)
        for differ, group in groupby(pairs, key=lambda pair: pair[0].quoted != pair[1].quoted):
            if differ:
                before, after = zip(*group, strict=True)
                yield before, after
