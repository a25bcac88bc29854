"""Words, made ready for comparing and for searching.

`normal` decides whether two texts say the same; `searchable` is what goes into the index, and `tokens_of`
what a query looks for there (storage/query.py).

Khmer is written without spaces between words. Cut into character clusters (a base with its
subscripts and signs), with a phrase query over clusters, a word is found wherever it stands: a
substring search that ends at cluster borders and needs no dictionary.
"""

import re
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any
from unicodedata import category, is_normalized, normalize

# Signs without width, which mark possible line ends or nothing at all: zero-width space, non-joiner,
# joiner, word joiner, byte order mark, soft hyphen; and the selector of a sign's form, which feeds drop from emoji.
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\ufe0f"

# One cluster: a consonant or independent vowel, its subscripts (coeng and a letter), its signs. A Khmer
# digit is a cluster of its own, so that a part of a number is found like a part of a word.
CLUSTER = re.compile(
    "[\u1780-\u17b3](?:\u17d2[\u1780-\u17b3]|[\u17b4-\u17d1\u17d3\u17dd])*|[\u17d7\u17dc\u17e0-\u17e9]"
)

_CLUSTERS = re.compile(f"({CLUSTER.pattern})")  # split keeps them; a third faster than a substitution
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
    for sign in INVISIBLE:  # faster than one expression, for most texts hold none
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


UNSAID = "?"


def words_digest(article: Mapping[str, Any]) -> str:
    """One short name for the words of an article (a plain mapping): equal words, equal name.

    Headline, standfirst, byline, body and captions count. How the body falls into paragraphs does not,
    nor in which order or how often captions stand: that is what redesigns move.

    Four digests with stops between: of headline and body, standfirst, byline, and each caption. What the form
    of the story has no place for (`not_printed`) is `?`, which goes with any words: see `same_wording`. Of a page
    that broke off on its way the first is `?` and its own: nobody knows what it lacks, so it goes with any wording.
    """
    unsaid = article.get("not_printed") or ()
    captions = {normal(image.get("caption")) for image in article.get("images") or ()} - {""}
    return ".".join(
        (
            UNSAID if "body" in unsaid else (UNSAID if _broke_off(article) else "") + _body_digest(article),
            *(_digest_or(normal(article.get(name)), UNSAID if name in unsaid else "") for name in _BESIDE_BODY),
            "".join(sorted(map(_short, captions))) + (UNSAID if "captions" in unsaid else ""),
        )
    )


def _broke_off(article: Mapping[str, Any]) -> bool:
    return {"cut", "broken_transfer"} <= {problem["kind"] for problem in article.get("problems") or ()}


def is_a_piece(words: str) -> bool:
    """Whether the page of a digest broke off on its way."""
    return words.startswith(UNSAID) and not words.startswith(UNSAID + ".")


def _body_digest(article: Mapping[str, Any]) -> str:
    """Of headline and body; for a story on several pages with that of its first page behind it, which is all that
    some forms have.
    """
    texts = [block["text"] for block in article["body"]]
    parts = [texts, *([texts[: article["first_page"]]] if article.get("first_page") else [])]
    headline = normal(article.get("headline"))
    return _PAGES.join(digest_of(f"{headline}\x1f{normal(''.join(part))}") for part in parts)


_PAGES = "+"
_BESIDE_BODY = ("standfirst", "byline")
_SHORT_DIGITS = 8  # they are compared within one story


def _digest_or(text: str, without: str) -> str:
    return _short(text) if text else without


def _short(text: str) -> str:
    return blake2b(text.encode("utf-8"), digest_size=_SHORT_DIGITS // 2).hexdigest()


def same_wording(one: str, other: str) -> bool:
    """Whether two digests of words (`words_digest`) can be of one wording: they agree in all that both forms print."""
    if one == other:
        return True
    if not (is_in_part(one) or is_in_part(other)):
        return False
    if is_a_piece(one) or is_a_piece(other):
        return True
    first, second = one.split("."), other.split(".")
    if not (_same_body(first[0], second[0]) and _same_captions(first[-1], second[-1])):
        return False
    return all(a == b or UNSAID in (a, b) for a, b in zip(first[1:-1], second[1:-1], strict=True))


def is_in_part(words: str) -> bool:
    """Whether another digest can be of the same wording as this one: a form lacks something, or has pages."""
    return UNSAID in words or _PAGES in words


def _same_body(one: str, other: str) -> bool:
    """A form with the first page alone goes with one that has them all."""
    return one == other or UNSAID in (one, other) or one in other.split(_PAGES)[1:] or other in one.split(_PAGES)[1:]


def _same_captions(one: str, other: str) -> bool:
    """A form that has no place for some captions lacks those, and has no others."""
    if one.endswith(UNSAID) == other.endswith(UNSAID):
        return one == other
    fewer, more = (one, other) if one.endswith(UNSAID) else (other, one)
    return _each(fewer.removesuffix(UNSAID)) <= _each(more)


def _each(captions: str) -> set[str]:
    return {captions[at : at + _SHORT_DIGITS] for at in range(0, len(captions), _SHORT_DIGITS)}


def both_wordings(one: str, other: str) -> str:
    """The digest of a wording of which two forms are known: of each field the one that prints it; `other` is the
    later, which of two pieces counts.
    """
    if is_a_piece(one):
        return other
    if one == other or UNSAID not in one or is_a_piece(other):
        return one
    pairs = zip(one.split("."), other.split("."), strict=True)
    return ".".join(b if UNSAID in a or a in b.split(_PAGES)[1:] else a for a, b in pairs)


def lacks(words: str) -> tuple[bool, ...]:
    """Whether the form of a digest has no place for body, byline, captions, standfirst: the smallest lacks least."""
    if UNSAID not in words or is_a_piece(words):
        return (UNSAID in words,) * 4
    body, standfirst, byline, captions = words.split(".")
    return body == UNSAID, byline == UNSAID, captions.endswith(UNSAID), standfirst == UNSAID


def body_of(words: str) -> str:
    """The digest of headline and body in one of words."""
    return words.partition(".")[0]


def has_standfirst(words: str) -> bool:
    return words.count(".") == 3 and words.split(".")[1] not in ("", UNSAID)


def digest_of(text: str) -> str:
    """32 hexadecimal digits that name the text."""
    return blake2b(text.encode("utf-8"), digest_size=16).hexdigest()


def searchable(text: str | None) -> str:
    """The text as the index wants it: composed, and Khmer cut into clusters by spaces."""
    if not text:
        return ""
    text = composed(text)
    # Looking for a Khmer letter first: most texts that are not ASCII hold no more than a curly quote.
    return text if text.isascii() or not _KHMER.search(text) else " ".join(_CLUSTERS.split(text))


def index_words(article: Mapping[str, Any], body: str) -> tuple[str, str, str, str]:
    """What the index holds of an article (a plain mapping): headline, body, captions, byline; body: its blocks."""
    captions = (image.get("caption_text") or image.get("caption") for image in article.get("images") or ())
    byline = (article.get("byline"), *(article.get("authors") or ()), article.get("agency"))
    whole = (article.get("kicker"), article.get("standfirst"), body)
    return (searchable(article["headline"]), _joined(whole), _joined(captions), _joined(byline))


def _joined(texts: Iterable[str | None]) -> str:
    return searchable("\n".join(filter(None, texts)))


def tokens_of(text: str) -> list[str]:
    """The words, and the clusters of Khmer words, in their order; punctuation is left out."""
    kept = (letter if is_letter(letter) else " " for letter in searchable(text))
    return "".join(kept).split()


def is_letter(letter: str) -> bool:
    """Whether the index counts it as part of a word: letters, digits, combining marks."""
    kind = category(letter)
    return kind[0] in "LN" or kind in ("Mn", "Mc", "Co")
