"""Kinds of a difference between two texts: figure, name, quotation, typing error, other wording.

Rules without a dictionary. English names are capitalised words inside a sentence; Khmer, which has no capitals, shows
a name only behind a title or the word for a place (`_KHMER_TITLE`), so a Khmer name elsewhere is other wording. A
misspelling is a word that stands nowhere else in the old text and differs by a letter or two from the new one; in Khmer
by the signs of a cluster whose letter stays.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice, takewhile
from typing import Literal

from storage.query.history.numbers import (
    arabic,
    are_same,
    figures,
    has_other_measure,
    is_day,
    khmer_numbers,
    with_numbers,
    written,
)
from storage.query.history.tokens import Hunk, Token, spread

HunkKind = Literal["figure", "name", "quotation", "typing_error", "wording"]

_FEW_WORDS = 3  # words, besides a figure or a name, that may come with it
_FEW_CLUSTERS = 8  # the same in Khmer letter clusters
_LONG_WORD = 10  # letters; in longer words two letters may be wrong
_SHORT_WORD = 4  # letters; in shorter words only two letters in the wrong order are a typing error
_LONGEST_LINE = 60  # words and signs of a headline
_OF_TITLE = 0.6  # share of capitalised words from which a line is in Title Case

_TITLES = frozenset(
    ("mr", "mrs", "ms", "miss", "dr", "sir", "lord", "king", "queen", "prince", "princess", "general", "president")
)
_KHMER_TITLE = re.compile(
    "(?:(?<!ពិភព)លោក(?:ស្រី|ជំទាវ|ឧកញ៉ា)?|អ្នកស្រី|អ្នកឧកញ៉ា|អ្នកនាង|ឧកញ៉ា|កញ្ញា|សម្តេច|សម្ដេច|ឯកឧត្តម|ព្រះអង្គម្ចាស់"
    "|ឈ្មោះ|ខេត្ត|ស្រុក|ឃុំ|ភូមិ(?!សាស្ត្រ)|ទីក្រុង|ក្រុង|ខណ្ឌ|សង្កាត់|រាជធានី|វត្ត|កោះ|ស្ទឹង|ប្រទេស)"
)
# Words that end a Khmer name.
_KHMER_STOPS = re.compile('[0-9]|អាយុ|បាន|ថា|ដែល|នៅ|និង|ក្នុង|កំពុង|នឹង|ជា|ដោយ|ពី|មាន|ត្រូវ|[។៕,«»"“”()]')


@dataclass(slots=True)
class Vocabulary:
    """Words of two texts.

    names: capitalised inside a sentence somewhere. common: in small letters somewhere. counts: by word of the old text.
    """

    names: set[str] = field(default_factory=set)
    common: set[str] = field(default_factory=set)
    counts: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, old: Sequence[Token], new: Sequence[Token]) -> "Vocabulary":
        known = cls()
        for text in (old, new):
            for at, token in enumerate(text):
                if token.text[0].islower():
                    known.common.add(token.key)
                elif token.text[0].isupper() and not _begins_sentence(text, at):
                    known.names.add(token.key.casefold())
        for token in old:
            known.counts[token.key.casefold()] = known.counts.get(token.key.casefold(), 0) + 1
        return known


def kinds_of(differences: Sequence[Hunk], known: Vocabulary) -> list[tuple[Hunk, set[HunkKind]]]:
    """Each difference of one paragraph with its kinds; a figure or name that only changed its place has not changed."""
    numbers: tuple[list[str], list[str]] = ([], [])
    names: tuple[set[str], set[str]] = (set(), set())
    for hunk in differences:
        for side, found in zip(numbers, _figures(with_numbers(hunk)), strict=True):
            side.extend(found)
        names[0].update(_names(hunk.old, hunk.start, hunk.end, known))
        names[1].update(_names(hunk.new, hunk.new_start, hunk.new_end, known))
    stays: set[HunkKind] = set()
    if are_same(*numbers) and not any(map(_is_certain_figure, differences)):
        stays.add("figure")
    if names[0] == names[1] and not any(map(_is_khmer_name, differences)):
        stays.add("name")
    return [(hunk, kinds(hunk, known) - stays or {"wording"}) for hunk in differences]


def kinds(hunk: Hunk, known: Vocabulary) -> set[HunkKind]:
    """The kinds of one difference: a figure within a quotation is both; "wording" stands alone."""
    if not _letters(hunk.removed) and not _letters(hunk.added):
        return {_kind_of_signs(hunk)}
    if _is_other_form(hunk) or _is_doubled(hunk):
        return {"typing_error"}
    named: set[HunkKind] = set()
    if _is_figure(hunk):
        named.add("figure")
    if _is_name(hunk, known):
        if _is_misspelt(hunk, known, names=True):
            return {"typing_error"}
        named.add("name")
    if not named and _is_misspelt(hunk, known):
        return {"typing_error"}
    if any(token.quoted and token.is_word for token in (*hunk.removed, *hunk.added)):
        named.add("quotation")
    return named or {"wording"}


def _kind_of_signs(hunk: Hunk) -> HunkKind:
    """Of signs that changed, `%` and `$` belong to a number; a question is another sentence."""
    if not are_same(*_figures(with_numbers(hunk))):
        return "figure"
    asked = [sum(token.key == "?" for token in side) for side in (hunk.removed, hunk.added)]
    return "typing_error" if asked[0] == asked[1] else "wording"


def _letters(words: Iterable[Token]) -> bool:
    return any(token.is_word or token.is_khmer for token in words)


def _is_other_form(hunk: Hunk) -> bool:
    """Whether both sides are the same words and numbers, written otherwise."""
    whole = with_numbers(hunk)
    if written(whole.old, whole.start, whole.end) == written(whole.new, whole.new_start, whole.new_end):
        return True
    forms = khmer_numbers(hunk)
    return forms is not None and forms[0] == forms[1]


def _is_doubled(hunk: Hunk) -> bool:
    """Whether words that stood twice stand once now."""
    removed = [token.key.casefold() for token in hunk.removed]
    count = len(removed)
    if hunk.added or not removed:
        return False
    before = [token.key.casefold() for token in hunk.old[max(hunk.start - count, 0) : hunk.start]]
    after = [token.key.casefold() for token in hunk.old[hunk.end : hunk.end + count]]
    return removed in (before, after)


# --- Figures ---------------------------------------------------------------------------------


def _is_figure(hunk: Hunk) -> bool:
    """Whether a number, an amount or a day changed, or came with few other words."""
    if _is_certain_figure(hunk):
        return True
    if are_same(*_figures(with_numbers(hunk))):
        return False
    if all(_figures(hunk)):
        return True
    others = [token for token in (*hunk.removed, *hunk.added) if not figures([token], 0, 1)]
    return _are_few(others)


def _is_certain_figure(hunk: Hunk) -> bool:
    """Whether the hunk shows by itself that a number changed: the numbers of a Khmer one are known from its context."""
    return khmer_numbers(hunk) is not None or has_other_measure(hunk)


def _figures(hunk: Hunk) -> tuple[list[str], list[str]]:
    return figures(hunk.old, hunk.start, hunk.end), figures(hunk.new, hunk.new_start, hunk.new_end)


def _are_few(others: Sequence[Token]) -> bool:
    khmer = sum(token.is_khmer for token in others)
    words = sum(token.is_word and not token.is_khmer for token in others)
    return words <= _FEW_WORDS and khmer <= _FEW_CLUSTERS


# --- Names -----------------------------------------------------------------------------------


def _is_name(hunk: Hunk, known: Vocabulary) -> bool:
    """Whether a name changed, or came or went with few other words."""
    if _is_khmer_name(hunk):
        return True
    old = _names(hunk.old, hunk.start, hunk.end, known)
    new = _names(hunk.new, hunk.new_start, hunk.new_end, known)
    if old == new:
        return False
    others = [
        token
        for token in (*hunk.removed, *hunk.added)
        if token.is_word and not token.is_khmer and token.key.casefold() not in old | new
    ]
    return bool(old and new) or len(others) < _FEW_WORDS


def _names(text: Sequence[Token], start: int, end: int, known: Vocabulary) -> set[str]:
    shouted = _is_in_title_case(text)
    result = set()
    for at in range(start, end):
        token = text[at]
        word = token.key.casefold()
        if not token.text[0].isupper() or len(word) == 1 or word in _TITLES or is_day(token):
            continue
        if _begins_sentence(text, at) or shouted:
            follows_title = at > 0 and text[at - 1].key.casefold() in _TITLES
            is_short_form = token.text.isupper() and not shouted
            is_name = word in known.names and word not in known.common
            if not (is_name or follows_title or is_short_form):
                continue
        result.add(word)
    return result


def _is_in_title_case(text: Sequence[Token]) -> bool:
    """Whether a line has most of its words capitalised, as a headline in Title Case has."""
    if len(text) > _LONGEST_LINE:
        return False
    words = [
        token for token in text if token.text[0].isalpha() and not token.is_khmer and len(token.text) >= _SHORT_WORD
    ]
    return sum(token.text[0].isupper() for token in words) > _OF_TITLE * len(words) and len(words) > _FEW_WORDS


def _begins_sentence(text: Sequence[Token], at: int) -> bool:
    return at == 0 or text[at - 1].block != text[at].block or text[at - 1].key in '.?!:"([–—«'


def _is_khmer_name(hunk: Hunk) -> bool:
    """Whether the clusters that changed stand behind a title or the word for a place, and hold no other word."""
    changed = [spread(side) for side in (hunk.removed, hunk.added)]
    khmer = [token for token in (*hunk.removed, *hunk.added) if token.is_khmer]
    if not khmer or any(_KHMER_STOPS.search(arabic(side)) for side in changed):
        return False
    if max(len(hunk.removed), len(hunk.added)) > _FEW_CLUSTERS:
        return False
    before = takewhile(lambda token: token.block == hunk.block, reversed(hunk.new[: hunk.new_start]))
    text = "".join(reversed([token.key for token in islice(before, 2 * _FEW_CLUSTERS)]))
    titles = list(_KHMER_TITLE.finditer(text))
    if not titles:
        return False
    between = text[titles[-1].end() :]
    return len(between) <= 2 * _FEW_CLUSTERS and not _KHMER_STOPS.search(between)


# --- Typing errors ---------------------------------------------------------------------------


def _is_misspelt(hunk: Hunk, known: Vocabulary, *, names: bool = False) -> bool:
    """Whether every word is the same one in another spelling.

    names: only if the new spelling of each stands in the old text already, for else nobody knows which is right.
    """
    old, new = ([token for token in side if token.is_word] for side in (hunk.removed, hunk.added))
    if not old or len(old) != len(new):
        return False
    if any(token.is_khmer for token in (*old, *new)):
        return (
            not names and len(old) < _SHORT_WORD and all(a.text[0] == b.text[0] for a, b in zip(old, new, strict=True))
        )
    for before, after in zip(old, new, strict=True):
        a, b = before.key.casefold(), after.key.casefold()
        if a == b:
            continue
        if not _is_slip(a, b) or known.counts.get(a, 0) > 1 or (names and b not in known.counts):
            return False
    return True


def _is_slip(old: str, new: str) -> bool:
    """Whether one word may be a misspelling of the other: not a digit, not an ending, a letter or two."""
    short, long = sorted((old, new), key=len)
    if not (old + new).replace("'", "").replace("-", "").isalpha() or old[0] != new[0]:
        return False
    if long.startswith(short) and long[len(short) :] in _ENDINGS:
        return False
    if any(old.removesuffix(ending) == new.removesuffix(other) for ending, other in _OTHER_PERSONS):
        return False
    if len(short) < _SHORT_WORD:
        return len(old) == len(new) == _SHORT_WORD - 1 and sorted(old) == sorted(new)
    return distance(old, new) <= (1 if len(long) < _LONG_WORD else 2)


# Endings of words for two persons: chairman and chairwoman, employer and employee.
_OTHER_PERSONS = (("man", "woman"), ("woman", "man"), ("men", "women"), ("women", "men"), ("er", "ee"), ("ee", "er"))
_ENDINGS = frozenset(("s", "es", "d", "ed", "r", "er", "n", "ly", "y", "ing"))


def distance(one: str, other: str) -> int:
    """Letters to insert, delete, replace or exchange with their neighbour, to make one word of the other."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for at, letter in enumerate(one):
        row = [at + 1]
        for to, another in enumerate(other):
            cost = min(last[to + 1] + 1, row[to] + 1, last[to] + (letter != another))
            if at and to and letter == other[to - 1] and one[at - 1] == another:
                cost = min(cost, before[to - 1] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]
