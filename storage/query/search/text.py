"""Normal forms of text, for comparing and for searching.

Texts with equal `normal` forms count as the same words; `searchable` is the form in the index, and `tokens_of` are the
tokens of a query (storage/query/search/syntax.py).

Khmer is written without spaces between words. It is cut into character clusters (a base with its subscripts and signs),
and a word is a phrase of clusters: a substring search that ends at cluster borders and needs no dictionary.
One visible cluster can be typed in several ways, so the index has each in one form (`_ordered`), and Khmer digits as
Arabic ones.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple
from unicodedata import category, is_normalized, normalize

# Signs without width: zero-width space, non-joiner, joiner, word joiner, byte order mark, soft hyphen; and the
# variation selector, which feeds drop from emoji.
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\ufe0f"
_UNSEEN = INVISIBLE + "\0"

_BASE = "[\u1780-\u17b3]"
# A subscript: the sign coeng and a letter, between which composing (NFC) puts the sign atthacan (Unicode Technical
# Note 61).
_COENG = f"\u17d2\u17dd?{_BASE}"
_MARK = "[\u17b4-\u17d1\u17d3\u17dd]"
_LONE = "[\u17d7\u17dc]"  # the signs of repetition and of avakrahasanya

# One cluster: a consonant or independent vowel, its subscripts, its vowels and signs in any order.
CLUSTER = re.compile(f"{_BASE}{_MARK}*(?:{_COENG}{_MARK}*)*|{_LONE}")

_CLUSTERS = re.compile(f"({CLUSTER.pattern})")  # for split, a third faster than a substitution
_KHMER = re.compile("[\u1780-\u17e9]")
_DIGITS = tuple((chr(0x17E0 + digit), str(digit)) for digit in range(10))  # Khmer and Arabic

_SINGLE_QUOTES = "‘’‚‛‹›′´"
_DOUBLE_QUOTES = "“”„‟«»″"


def encodable(text: str) -> str:
    """The text without halves of surrogate pairs, which are no characters."""
    return text.encode("utf-8", "ignore").decode("utf-8")


def composed(text: str) -> str:
    """The text in Unicode's composed form (NFC), without NUL and without invisible signs."""
    if not is_normalized("NFC", text):
        text = normalize("NFC", text)
    for sign in _UNSEEN if not text.isascii() else "\0":
        if sign in text:  # ten times faster than one expression, and than to replace what is not there
            text = text.replace(sign, "")
    return text


def normal(text: str | None) -> str:
    """The text for comparing: no spaces, no invisible signs, one shape of quotes; "" for None."""
    if not text:
        return ""
    text = composed(text).replace(" ", "")  # the commonest first: to split at every space takes five times as long
    text = "".join(text.split()).replace("`", "'")
    if not text.isascii():
        for quote in _SINGLE_QUOTES:
            text = text.replace(quote, "'")
        for quote in _DOUBLE_QUOTES:
            text = text.replace(quote, '"')
    return text.replace("''", '"')


def digest_of(text: str) -> str:
    """Digest of the text, 32 hexadecimal digits."""
    return blake2b(text.encode("utf-8"), digest_size=16).hexdigest()


# Letters of one look: the deprecated A and AA, the second form of QOO; the inherent vowels have no shape (Unicode chart
# U1780). A vowel may be typed as its two halves.
_ONE_LOOK = str.maketrans(
    {"\u17a3": "\u17a2", "\u17a4": "\u17a2\u17b6", "\u17b2": "\u17b1", "\u17b4": "", "\u17b5": ""}
)
_HALVES = ((frozenset("\u17c1\u17b8"), "\u17be"), (frozenset("\u17c1\u17b6"), "\u17c4"))
_SUBSCRIPT = re.compile(_COENG)
_DA, _TA, _RO = "\u17d2\u178a", "\u17d2\u178f", "\u17d2\u179a"
_ROBAT, _SHIFTERS, _U = frozenset("\u17cc"), frozenset("\u17c9\u17ca"), frozenset("\u17bb")
_ABOVE = frozenset("\u17b7\u17b8\u17b9\u17ba\u17be")


def ordered(cluster: str) -> str:
    """The one form of all Khmer clusters that are printed alike.

    The order is that of Unicode Technical Note 61: base, robat, subscripts (RO at their end), register shifter, vowel,
    other signs. Subscripts DA and TA have one look, and so have, under a vowel above the base, both register shifters
    and the vowel U (Unicode 16.0, section 16.4): they become TA and U.
    """
    cluster = cluster.translate(_ONE_LOOK).replace("\u17d2\u17dd", "\u17dd\u17d2")
    if len(cluster) == 1:
        return cluster
    subscripts = [_TA if each == _DA else each for each in _SUBSCRIPT.findall(cluster)]
    subscripts.sort(key=_RO.__eq__)
    marks = frozenset(_SUBSCRIPT.sub("", cluster)[1:])
    for halves, whole in _HALVES:
        if halves <= marks:
            marks = marks - halves | {whole}
    if marks & _ABOVE and marks & _SHIFTERS:
        marks = marks - _SHIFTERS | _U
    return "".join((cluster[0], *(marks & _ROBAT), *subscripts, *sorted(marks - _ROBAT, key=_place)))


def _place(mark: str) -> tuple[bool, str]:
    return mark not in _SHIFTERS, mark  # vowels come before other signs in the code chart


def searchable(text: str | None) -> str:
    """The text as it is indexed: composed, Khmer clusters in one form with spaces between, Khmer digits as Arabic."""
    if not text:
        return ""
    text = composed(text)
    # Most texts that are not ASCII have a curly quote and no Khmer letter.
    if text.isascii() or not _KHMER.search(text):
        return text
    for khmer, arabic in _DIGITS:  # faster than one expression, for a text has few
        text = text.replace(khmer, arabic)
    pieces = _CLUSTERS.split(text)
    pieces[1::2] = map(_FORMS.__getitem__, pieces[1::2])
    return " ".join(pieces)


class _Forms(dict[str, str]):
    """The form of each cluster; bounded, because a page may have any number of wrong ones."""

    def __missing__(self, cluster: str) -> str:
        if len(self) >= _MOST_FORMS:
            self.clear()
        self[cluster] = ordered(cluster)
        return self[cluster]


_MOST_FORMS = 1 << 15  # the paper has a few thousand
_FORMS = _Forms()  # looked up in half the time of `lru_cache`


def index_words(article: Mapping[str, Any], body: str) -> tuple[str, str, str, str]:
    """The indexed columns of an article (a plain mapping): headline, body, captions, byline; body: its blocks."""
    captions = (image.get("caption_text") or image.get("caption") for image in article.get("images") or ())
    byline = (article.get("byline"), *(article.get("authors") or ()), article.get("agency"))
    whole = (article.get("kicker"), article.get("standfirst"), body)
    return (searchable(article["headline"]), _joined(whole), _joined(captions), _joined(byline))


def _joined(texts: Iterable[str | None]) -> str:
    return searchable("\n".join(filter(None, texts)))


class _Letters(dict[int, int]):
    """For `str.translate`: letters stay, invisible signs become one of them, all else a space."""

    def __missing__(self, code: int) -> int:
        letter = chr(code)
        self[code] = ord(INVISIBLE[0]) if letter in _UNSEEN else code if is_letter(letter) else ord(" ")
        return self[code]


_LETTERS = _Letters()
_HIDDEN = f"{INVISIBLE[0]}*"
_LETTER = f"(?!{_BASE}|{_LONE})[^ {INVISIBLE[0]}]"
_WORD = re.compile(
    f"{_BASE}(?:{_HIDDEN}(?:\u17d2{_HIDDEN}\u17dd?{_HIDDEN}{_BASE}|{_MARK}))*|{_LONE}|{_LETTER}(?:{_HIDDEN}{_LETTER})*"
)


class Token(NamedTuple):
    """A word or Khmer cluster in its form in the index, and where it stands in the text."""

    text: str
    start: int
    end: int


def tokens(text: str) -> Iterator[Token]:
    """The words, and the clusters of Khmer words, in order, without punctuation."""
    for word in _WORD.finditer(text.translate(_LETTERS)):
        yield Token(_form(word[0]), word.start(), word.end())


@lru_cache(maxsize=1 << 15)
def _form(word: str) -> str:
    return searchable(word).strip()


def tokens_of(text: str) -> list[str]:
    """The words, and the clusters of Khmer words, in order, without punctuation."""
    return [token.text for token in tokens(text)]


@lru_cache(maxsize=1 << 15)
def folded(text: str) -> str:
    """The text as the index compares it: without case and accents, as FTS5's tokenizer unicode61 has them."""
    return text.lower() if text.isascii() else "".join(map(_folded_letter, text))


@lru_cache(maxsize=1 << 12)
def _folded_letter(letter: str) -> str:
    return "" if "\u0300" <= letter <= "\u036f" else normalize("NFD", letter)[0].lower()[0]


def is_letter(letter: str) -> bool:
    """Whether the index counts a character as part of a word: letters, digits, combining marks."""
    kind = category(letter)
    return kind[0] in "LN" or kind in ("Mn", "Mc", "Co")
