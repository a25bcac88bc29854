"""Normal forms of text, for comparing and for searching.

Texts with equal `normal` forms count as the same words; `searchable` is the form in the index, and `tokens_of` are the
tokens of a query (storage/query/syntax.py).

Khmer is written without spaces between words. It is cut into character clusters (a base with its subscripts and signs),
and a word is a phrase of clusters: a substring search that ends at cluster borders and needs no dictionary.
"""

import re
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any
from unicodedata import category, is_normalized, normalize

# Signs without width: zero-width space, non-joiner, joiner, word joiner, byte order mark, soft hyphen; and the
# variation selector, which feeds drop from emoji.
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\ufe0f"

# One cluster: a consonant or independent vowel, its subscripts (coeng and a letter), its signs. Every Khmer digit is a
# cluster, so that a part of a number is found like a part of a word.
CLUSTER = re.compile(
    "[\u1780-\u17b3](?:\u17d2[\u1780-\u17b3]|[\u17b4-\u17d1\u17d3\u17dd])*|[\u17d7\u17dc\u17e0-\u17e9]"
)

_CLUSTERS = re.compile(f"({CLUSTER.pattern})")  # for split, a third faster than a substitution
_KHMER = re.compile("[\u1780-\u17e9]")

_SINGLE_QUOTES = "‘’‚‛‹›′´"
_DOUBLE_QUOTES = "“”„‟«»″"


def encodable(text: str) -> str:
    """The text without halves of surrogate pairs, which are no characters."""
    return text.encode("utf-8", "ignore").decode("utf-8")


def composed(text: str) -> str:
    """The text in Unicode's composed form (NFC), without NUL and without invisible signs."""
    if text.isascii():
        return text.replace("\0", "")
    if not is_normalized("NFC", text):
        text = normalize("NFC", text)
    for sign in INVISIBLE:  # faster than one expression, for most texts have none
        text = text.replace(sign, "")
    return text.replace("\0", "")


def normal(text: str | None) -> str:
    """The text for comparing: no spaces, no invisible signs, one shape of quotes; "" for None."""
    if not text:
        return ""
    text = "".join(composed(text).split()).replace("`", "'")
    if not text.isascii():
        for quote in _SINGLE_QUOTES:
            text = text.replace(quote, "'")
        for quote in _DOUBLE_QUOTES:
            text = text.replace(quote, '"')
    return text.replace("''", '"')


def digest_of(text: str) -> str:
    """Digest of the text, 32 hexadecimal digits."""
    return blake2b(text.encode("utf-8"), digest_size=16).hexdigest()


def searchable(text: str | None) -> str:
    """The text as it is indexed: composed, with spaces between Khmer clusters."""
    if not text:
        return ""
    text = composed(text)
    # Most texts that are not ASCII have a curly quote and no Khmer letter.
    return text if text.isascii() or not _KHMER.search(text) else " ".join(_CLUSTERS.split(text))


def index_words(article: Mapping[str, Any], body: str) -> tuple[str, str, str, str]:
    """The indexed columns of an article (a plain mapping): headline, body, captions, byline; body: its blocks."""
    captions = (image.get("caption_text") or image.get("caption") for image in article.get("images") or ())
    byline = (article.get("byline"), *(article.get("authors") or ()), article.get("agency"))
    whole = (article.get("kicker"), article.get("standfirst"), body)
    return (searchable(article["headline"]), _joined(whole), _joined(captions), _joined(byline))


def _joined(texts: Iterable[str | None]) -> str:
    return searchable("\n".join(filter(None, texts)))


def tokens_of(text: str) -> list[str]:
    """The words, and the clusters of Khmer words, in order, without punctuation."""
    kept = (letter if is_letter(letter) else " " for letter in searchable(text))
    return "".join(kept).split()


def is_letter(letter: str) -> bool:
    """Whether the index counts a character as part of a word: letters, digits, combining marks."""
    kind = category(letter)
    return kind[0] in "LN" or kind in ("Mn", "Mc", "Co")
