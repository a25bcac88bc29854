"""Paragraphs of two bodies: which are new, which are gone, which moved, and the differences of all others.

Paragraphs that were only split or joined make no difference: the words are compared as one text.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from storage.query.history.tokens import Hunk, Token, equal_parts, hunks, keys, turned_into_quotes

_SAME = 0.4  # share of its words by which a paragraph is still there
_MOVED = 0.6  # the same for a paragraph at another place
_PIECE = 0.8  # the same for a piece of one that was split or joined there
_MOST_PAIRS = 2_500  # of paragraphs that are compared with one another
_RUN, _RUN_KHMER = 3, 6  # fewer words, or Khmer clusters, in a row may be equal by chance
_SHORT, _SHORT_KHMER = 12, 24  # words and signs, or clusters; in a shorter paragraph every equal one counts


@dataclass(slots=True)
class Comparison:
    """added: blocks of the new body. removed: of the old one. moved: of both. hunks: differences of the others.

    quoted: words that came to stand within quotation marks, or lost them, as in both bodies.
    """

    added: list[int] = field(default_factory=list)
    removed: list[int] = field(default_factory=list)
    moved: list[tuple[int, int]] = field(default_factory=list)
    hunks: list[Hunk] = field(default_factory=list)
    quoted: list[tuple[Sequence[Token], Sequence[Token]]] = field(default_factory=list)


def compared(old: list[Token], new: list[Token], *, old_is_part: bool, new_is_part: bool) -> Comparison:
    """old, new: the tokens of both bodies. is_part: the body goes on beyond its end, so nothing is gone there."""
    parts = equal_parts(keys(old), keys(new))
    if (old_is_part or new_is_part) and parts:
        start, new_start, size = parts[-1]
        old, new = old[: start + size], new[: new_start + size]
    result = Comparison()
    gone, come = (
        _unmatched(old, [(at, size) for at, _, size in parts]),
        _unmatched(new, [(at, size) for _, at, size in parts]),
    )
    moves = _moves(gone, come)
    result.moved = [(block, new_block) for blocks, new_blocks in moves for block in blocks for new_block in new_blocks]
    result.removed = sorted(gone.keys() - {block for block, _ in result.moved})
    result.added = sorted(come.keys() - {block for _, block in result.moved})
    pairs = [(_without(old, gone), _without(new, come))]
    pairs += [(_joined(gone, blocks), _joined(come, new_blocks)) for blocks, new_blocks in moves]
    for before, after in pairs:
        result.hunks += hunks(before, after)
        result.quoted += turned_into_quotes(before, after)
    return result


def _unmatched(text: Sequence[Token], equal: Iterable[tuple[int, int]]) -> dict[int, list[Token]]:
    """The blocks of which too few words are in the other text, with their tokens."""
    blocks: dict[int, list[Token]] = {}
    for token in text:
        blocks.setdefault(token.block, []).append(token)
    matched = dict.fromkeys(blocks, 0)
    for start, size in equal:
        run = text[start : start + size]
        least, short = (_RUN_KHMER, _SHORT_KHMER) if run[0].is_khmer else (_RUN, _SHORT)
        for token in run:
            matched[token.block] += size >= least or len(blocks[token.block]) < short
    return {block: tokens for block, tokens in blocks.items() if matched[block] < _SAME * len(tokens)}


def _moves(gone: dict[int, list[Token]], come: dict[int, list[Token]]) -> list[tuple[list[int], list[int]]]:
    """Blocks that are gone at one place and came at another with most of their words; perhaps split or joined there."""
    if len(gone) * len(come) > _MOST_PAIRS:  # a body written anew
        return []
    moves: list[tuple[list[int], list[int]]] = []
    free, left = dict(come), dict(gone)
    for block, tokens in gone.items():
        best, share = None, _MOVED
        for new_block, other in free.items():
            common = 2 * _common(tokens, other) / (len(tokens) + len(other))
            if common >= share:
                best, share = new_block, common
        if best is not None:
            moves.append(([block], [best]))
            del free[best], left[block]
    for blocks, new_blocks in moves:
        whole, new_whole = gone[blocks[0]], come[new_blocks[0]]
        blocks += [block for block, tokens in left.items() if _common(tokens, new_whole) >= _PIECE * len(tokens)]
        new_blocks += [block for block, tokens in free.items() if _common(whole, tokens) >= _PIECE * len(tokens)]
        left = {block: tokens for block, tokens in left.items() if block not in blocks}
        free = {block: tokens for block, tokens in free.items() if block not in new_blocks}
    return moves


def _common(old: Sequence[Token], new: Sequence[Token]) -> int:
    return sum(size for *_, size in equal_parts(keys(old), keys(new)))


def _joined(blocks: dict[int, list[Token]], chosen: Iterable[int]) -> list[Token]:
    return [token for block in sorted(chosen) for token in blocks[block]]


def _without(text: Iterable[Token], blocks: Collection[int]) -> list[Token]:
    return [token for token in text if token.block not in blocks]
