"""Twins: one story in the English and in the Khmer edition, by pictures, figures and names that both have.

Both are published within three days. Names are compared by their consonants: Khmer script has no spaces between words
and its romanisation no fixed vowels, so `Hun Sen` and ហ៊ុន សែន are both `hnsn`.
"""

import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from storage.maintenance.families.links import Link, rounded
from storage.maintenance.families.texts import figures

DAYS_APART = 3
LIKELIEST = 10  # stories of the other language, by facts in common, that are compared
FEWEST_FACTS = 3  # that both must have, of two kinds at least
ENOUGH = 0.5
SHORTEST_NAME = 4  # consonants; three are in any Khmer text

_NAME = re.compile(r"\b[A-Z][a-z]+(?:[ -][A-Z][a-z]+)+")
_LATIN = re.compile(r"[A-Za-z]{3,}")
_SIZE = re.compile(r"[-_](?:\d+x\d+|scaled|thumb(?:nail)?|small|large)$", re.I)  # WordPress's and Drupal's sizes

# Consonants that romanisation does not tell apart, by one letter.
_KHMER = {
    letter: sound
    for letters, sound in (
        *(("កខគឃ", "k"), ("ង", "n"), ("ចឆជឈ", "c"), ("ញណន", "n"), ("ដឋឌឍតថទធ", "t"), ("បផពភ", "p"), ("មំ", "m")),
        *(("យ", "y"), ("រ", "r"), ("លឡ", "l"), ("វ", "v"), ("សឝឞ", "s"), ("ហ", "h")),
    )
    for letter in letters
}
_ROMAN = re.compile(r"ch|ng|n[yh]|ph|th|kh|[bcdfgjklmnpqrstvwxyz]|(?:^|(?<= ))h")
_SOUNDS = {"ch": "c", "ng": "n", "ny": "n", "nh": "n", "ph": "p", "th": "t", "kh": "k"}
_SOUNDS |= dict(zip("bdfgjqwxz", "ptpkckvss", strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One story as it is compared with those of the other language. day: proleptic ordinal of publication."""

    number: int
    day: int
    language: str
    pictures: frozenset[str]
    figures: frozenset[str]
    names: dict[str, str] = field(default_factory=dict)  # of an English text: consonants by name
    latin: frozenset[str] = frozenset()
    consonants: str = ""  # of a Khmer text

    @classmethod
    def of(cls, number: int, day: int, language: str, text: str, pictures: Iterable[str]) -> "Edition":
        """pictures: their addresses."""
        is_khmer = language == "km"
        return cls(
            number=number,
            day=day,
            language=language,
            pictures=frozenset(filter(None, map(picture_name, pictures))),
            figures=frozenset(figure for figure in figures(text) if len(figure) > 1),
            names={} if is_khmer else _names(text),
            latin=frozenset(word.casefold() for word in _LATIN.findall(text)) if is_khmer else frozenset(),
            consonants="".join(map(_KHMER.__getitem__, filter(_KHMER.__contains__, text))) if is_khmer else "",
        )

    @property
    def keys(self) -> frozenset[str]:
        """The facts by which a twin is looked up."""
        return self.pictures | self.figures


def picture_name(url: str) -> str | None:
    """The file's name without its size and ending, by which both sites have a picture; None for a short one."""
    name = unquote(urlsplit(url).path).rsplit("/", 1)[-1].rpartition(".")[0].casefold()
    name = _SIZE.sub("", name)
    return name if len(name) > 3 else None


def _names(text: str) -> dict[str, str]:
    names = {name: consonants_of(name) for name in _NAME.findall(text)}
    return {name: consonants for name, consonants in names.items() if len(consonants) >= SHORTEST_NAME}


def consonants_of(name: str) -> str:
    """The consonants of a romanised name, as those of Khmer script."""
    return "".join(_SOUNDS.get(sound, sound) for sound in _ROMAN.findall(name.casefold().replace("-", " ")))


def twin(one: Edition, other: Edition) -> Link | None:
    """The link of two stories in two languages; None if too few facts are in both."""
    khmer, english = (one, other) if one.language == "km" else (other, one)
    pictures = khmer.pictures & english.pictures
    numbers = khmer.figures & english.figures
    names = {name for name, consonants in english.names.items() if _has(khmer, name, consonants)}
    facts = (pictures, numbers, names)
    if sum(map(len, facts)) < FEWEST_FACTS or sum(map(bool, facts)) < 2:
        return None
    shares = [1.0] if pictures else []
    if fewer := min(len(khmer.figures), len(english.figures)):
        shares.append(len(numbers) / fewer)
    if english.names:
        shares.append(len(names) / len(english.names))
    similarity = rounded(sum(shares) / len(shares))
    if similarity < ENOUGH:
        return None
    older, younger = sorted((one.number, other.number))
    evidence = "; ".join(
        f"{kind}: {', '.join(sorted(shared))}"
        for kind, shared in zip(("pictures", "figures", "names"), facts, strict=True)
        if shared
    )
    own_shares = (rounded(1 - similarity),) * 2
    return Link(
        older=older, younger=younger, reason="twin", similarity=similarity, own_shares=own_shares, evidence=evidence
    )


def _has(khmer: Edition, name: str, consonants: str) -> bool:
    return consonants in khmer.consonants or all(word in khmer.latin for word in name.casefold().split())


def twin_links(editions: Iterable[Edition]) -> Iterator[Link]:
    """Links of twins; a story may be in several.

    editions: in the order of their days; each is compared with those of the other language in the days before it.
    """
    recent: deque[Edition] = deque()
    by_key: dict[str, dict[int, Edition]] = {}
    for edition in editions:
        while recent and recent[0].day < edition.day - DAYS_APART:
            old = recent.popleft()
            for key in old.keys:
                del by_key[key][old.number]
                if not by_key[key]:
                    del by_key[key]
        others: dict[int, Edition] = {}
        counts = Counter[int]()
        for key in edition.keys:
            with_key = by_key.setdefault(key, {})
            others |= with_key
            counts.update(number for number, other in with_key.items() if other.language != edition.language)
        for number, _ in counts.most_common(LIKELIEST):
            if link := twin(others[number], edition):
                yield link
        recent.append(edition)
        for key in edition.keys:
            by_key[key][edition.number] = edition
