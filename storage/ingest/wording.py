"""Digests of an article's words, and whether two can be of one wording."""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from storage.query.search.text import digest_of, normal

UNSAID = "?"


def words_digest(article: Mapping[str, Any]) -> str:
    """A digest of the words of an article (JSON data): equal words, equal digest.

    Headline, standfirst, byline, body and captions count; paragraphs, order and repetition of captions do not, for
    redesigns change them.

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
