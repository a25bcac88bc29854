"""Other spellings of a searched word: forms of an English word, variants of a romanised Khmer name.

Both are rules, not dictionaries. They only add spellings to a query, joined by OR; the index holds words as printed.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product

MOST_CHANGES = 2  # letter groups of one name that may be spelled in another way at once
_SHORTEST = 3  # letters of a word that has forms or variants

_VOWELS = "aeiou"
_WORD = re.compile(r"[a-z]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """Which other spellings a search takes for its words. forms: of English words; variants: of romanised names."""

    forms: bool = False
    variants: bool = False

    def of(self, tokens: Sequence[str]) -> Iterator[tuple[str, ...]]:
        """The spellings of words that follow each other, the one given first; one may come twice."""
        yield tuple(tokens)
        if self.forms:
            yield from product(*map(forms, tokens))
        if self.variants:
            yield from variants(tokens)


EXACT = Spelling()


def forms(word: str) -> list[str]:
    """A word with the endings -s, -es, -ies, -ed, -ied, -ing of its possible base forms, the word itself first.

    Irregular forms are not known, and some of the words are none: `rising` gives `rise`, `rises`, `rised`, `rising`.
    """
    word = word.lower()
    if len(word) < _SHORTEST or not _WORD.fullmatch(word):
        return [word]
    return list(dict.fromkeys([word, *(form for base in _bases(word) for form in _inflected(base))]))


_ENDINGS = (
    ("ies", "y"), ("es", ""), ("es", "e"), ("s", ""),
    ("ied", "y"), ("ed", ""), ("ed", "e"), ("ing", ""), ("ing", "e"),
)  # fmt: skip


def _bases(word: str) -> Iterator[str]:
    """The words of which a word can be a form, itself among them."""
    if not word.endswith(("s", "ed", "ing")) or word.endswith(("ss", "us", "is")):
        yield word
    for ending, instead in _ENDINGS:
        stem = word.removesuffix(ending)
        if stem == word or len(stem + instead) < _SHORTEST or not re.search("[aeiouy]", stem + instead):
            continue
        if ending == "s" and stem.endswith(("s", "u", "i")):
            continue
        if ending == "es" and not instead and not stem.endswith(("s", "x", "z", "ch", "sh", "o")):
            continue
        yield stem + instead
        if ending in ("ed", "ing") and not instead and len(stem) > _SHORTEST and stem[-1] == stem[-2]:
            yield stem[:-1]


def _inflected(base: str) -> Iterator[str]:
    yield base
    if base[-1] == "y" and base[-2] not in _VOWELS:
        yield from (base[:-1] + "ies", base[:-1] + "ied", base + "ing")
    elif base[-1] == "e":
        yield from (base + "s", base + "d", (base if base[-2] == "e" else base[:-1]) + "ing")
    else:
        yield base + ("es" if base.endswith(("s", "x", "z", "ch", "sh")) else "s")
        yield from (base + "ed", base + "ing")
        if re.fullmatch(r".*[^aeiou][aeiou][bdgklmnprtv]|[aeiou][bdgklmnprtv]", base):
            yield from (base + base[-1] + "ed", base + base[-1] + "ing")


# Groups of letters that are written for one Khmer sound in names of people and places: aspirates with or without h,
# long vowels one way or the other, V and W, I and Y. There is no official romanisation that names follow.
_SOUNDS = (
    ("ph", "p"), ("th", "t"), ("kh", "k"), ("chh", "ch"),
    ("ou", "u", "oo"), ("ea", "ia", "ie"), ("ei", "ey", "ay"), ("ae", "e"), ("oeu", "eu", "oe"), ("ao", "av", "aw"),
    ("v", "w"), ("i", "y", "ee"), ("o", "or"), ("au", "ov"), ("n", "nh"), ("amp", "omp"),
)  # fmt: skip
_OTHERS = {each: [other for other in sound if other != each] for sound in _SOUNDS for each in sound}
_DOUBLED = "lmnprst"
_LONG = sorted((group for group in _OTHERS if len(group) > 1), key=len, reverse=True)
_GROUP = re.compile("|".join([*_LONG, r"([a-z])\1?", "."]))


def variants(tokens: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Other spellings of a romanised name, those with fewest changes first.

    At most MOST_CHANGES groups of letters of the whole name are changed at once, by the table of sounds or by a doubled
    letter for a single one and back. A spelling that this does not give is not found, and an English word may have
    variants that are others: `pen` gives `phen`.
    """
    groups = [(number, group[0]) for number, token in enumerate(tokens) for group in _GROUP.finditer(token.lower())]
    words = {
        number for number, token in enumerate(tokens) if len(token) >= _SHORTEST and _WORD.fullmatch(token.lower())
    }
    others = {at: list(_other(groups, at)) for at, (number, _) in enumerate(groups) if number in words}
    places = [at for at, spellings in others.items() if spellings]
    for changes in range(1, MOST_CHANGES + 1):
        for changed in combinations(places, changes):
            for spellings in product(*(others[at] for at in changed)):
                new = dict(zip(changed, spellings, strict=True))
                spelled = [""] * len(tokens)
                for at, (number, group) in enumerate(groups):
                    spelled[number] += new.get(at, group)
                yield tuple(spelled)


def _other(groups: Sequence[tuple[int, str]], at: int) -> Iterator[str]:
    number, group = groups[at]
    yield from _OTHERS.get(group, ())
    if len(group) == 2 and group[0] == group[1] and group not in _OTHERS:
        yield group[0]
    inside = 0 < at < len(groups) - 1 and groups[at - 1][0] == number == groups[at + 1][0]
    if len(group) == 1 and group in _DOUBLED and inside:
        yield group * 2
