"""Digests of an article's text, and comparison of two digests that may be of the same text."""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from storage.query.search.text import digest_of, normal

NOT_PRINTED = "?"


def words_digest(article: Mapping[str, Any]) -> str:
    """Return a digest of the text of an article (JSON data); equal texts have equal digests.

    Headline, standfirst, byline, body and captions count. Paragraph breaks and the order and repetition of captions
    do not, because redesigns change them.

    The digest has four parts, separated by full stops: headline and body, standfirst, byline, captions. A part that
    the page layout never prints (`not_printed`) is `?`, which matches any text: see `same_wording`. For a truncated
    page the first part is `?` followed by its own digest: its missing text is unknown, so it matches any wording.
    """
    not_printed = article.get("not_printed") or ()
    captions = {normal(image.get("caption")) for image in article.get("images") or ()} - {""}
    return ".".join(
        (
            NOT_PRINTED
            if "body" in not_printed
            else (NOT_PRINTED if _was_cut_off(article) else "") + _body_digest(article),
            *(
                _digest_or(normal(article.get(name)), NOT_PRINTED if name in not_printed else "")
                for name in _SHORT_FIELDS
            ),
            "".join(sorted(map(_short, captions))) + (NOT_PRINTED if "captions" in not_printed else ""),
        )
    )


def _was_cut_off(article: Mapping[str, Any]) -> bool:
    return {"cut", "broken_transfer"} <= {problem["kind"] for problem in article.get("problems") or ()}


def is_truncated(digest: str) -> bool:
    """Whether a digest is of a page that was truncated in transfer."""
    return digest.startswith(NOT_PRINTED) and not digest.startswith(NOT_PRINTED + ".")


def _body_digest(article: Mapping[str, Any]) -> str:
    """The digest of headline and body. For a story on several pages, followed by that of its first page, because some
    layouts print only that page.
    """
    texts = [block["text"] for block in article["body"]]
    parts = [texts, *([texts[: article["first_page"]]] if article.get("first_page") else [])]
    headline = normal(article.get("headline"))
    return _PAGE_SIGN.join(digest_of(f"{headline}\x1f{normal(''.join(part))}") for part in parts)


_PAGE_SIGN = "+"
_SHORT_FIELDS = ("standfirst", "byline")


_SHORT_DIGITS = 8  # enough, because digests are compared within one story only


def _digest_or(text: str, without: str) -> str:
    return _short(text) if text else without


def _short(text: str) -> str:
    return blake2b(text.encode("utf-8"), digest_size=_SHORT_DIGITS // 2).hexdigest()


def same_wording(one: str, other: str) -> bool:
    """Whether two digests can be of the same text: they agree in every field that both layouts print."""
    if one == other:
        return True
    if not (is_partial(one) or is_partial(other)):
        return False
    if is_truncated(one) or is_truncated(other):
        return True
    first, second = one.split("."), other.split(".")
    if not (_same_body(first[0], second[0]) and _same_captions(first[-1], second[-1])):
        return False
    return all(a == b or NOT_PRINTED in (a, b) for a, b in zip(first[1:-1], second[1:-1], strict=True))


def is_partial(digest: str) -> bool:
    """Whether a different digest can be of the same text: a field was not printed, or the story has several pages."""
    return NOT_PRINTED in digest or _PAGE_SIGN in digest


def _same_body(one: str, other: str) -> bool:
    """Equal, not printed, or one of the two is only the first page of the other."""
    return (
        one == other
        or NOT_PRINTED in (one, other)
        or one in other.split(_PAGE_SIGN)[1:]
        or other in one.split(_PAGE_SIGN)[1:]
    )


def _same_captions(one: str, other: str) -> bool:
    """Equal; or the captions of a layout that prints only some are among those of the other."""
    if one.endswith(NOT_PRINTED) == other.endswith(NOT_PRINTED):
        return one == other
    fewer, more = (one, other) if one.endswith(NOT_PRINTED) else (other, one)
    return _captions_in(fewer.removesuffix(NOT_PRINTED)) <= _captions_in(more)


def _captions_in(captions: str) -> set[str]:
    return {captions[at : at + _SHORT_DIGITS] for at in range(0, len(captions), _SHORT_DIGITS)}


def merge_digests(one: str, other: str) -> str:
    """Merge the digests of two captures of the same text, field by field from the one that prints the field.

    other: of the later capture, which wins if both are of truncated pages.
    """
    if is_truncated(one):
        return other
    if one == other or NOT_PRINTED not in one or is_truncated(other):
        return one
    pairs = zip(one.split("."), other.split("."), strict=True)
    return ".".join(b if NOT_PRINTED in a or a in b.split(_PAGE_SIGN)[1:] else a for a, b in pairs)


def missing_fields(digest: str) -> tuple[bool, ...]:
    """Whether body, byline, captions and standfirst are missing; the tuple of a more complete capture is smaller."""
    if NOT_PRINTED not in digest or is_truncated(digest):
        return (NOT_PRINTED in digest,) * 4
    body, standfirst, byline, captions = digest.split(".")
    return body == NOT_PRINTED, byline == NOT_PRINTED, captions.endswith(NOT_PRINTED), standfirst == NOT_PRINTED


def body_part(digest: str) -> str:
    """The part of a digest for headline and body."""
    return digest.partition(".")[0]


def has_standfirst(digest: str) -> bool:
    return digest.count(".") == 3 and digest.split(".")[1] not in ("", NOT_PRINTED)
