"""Damage of stories by later designs: whether a reading has the words of an older one, but for what damage does."""

import re
from collections.abc import Mapping
from typing import Any

from storage.query.search.text import composed, is_letter, normal

Item = Mapping[str, Any]

LOST = "\ufffd"
_PRINT_HYPHEN = re.compile(r"(?<=[^\W\d_])-(?=[^\W\d_])")  # not a minus, nor the span of two years
_ELLIPSIS = "….[]"
_LOST_LETTERS = 2  # of a word that lost its drop cap, with a quotation mark or without
_FIRST_WORDS = 40  # letters and signs of an opening in capitals
_LONGEST_LOSS = 4  # letters for one sign that was no text
# Markup that reaches the words: attributes, and ends of tags.
_LEAKED = re.compile(r"""(?<![\w:-])[\w:-]+=["'][^"']*["']|</?[a-z][^>]{0,500}>|["']?\s*/?>""", re.I)
_SENTENCE_ENDS = (".", "!", "?", "…", "។", "៕", ":")
_CLOSING = "”\"’'»)] "
_CUT = frozenset({"cut", "paywall"})


def letters_of(text: str | None) -> str:
    """Letters, digits and combining marks alone, in lower case."""
    return "".join(filter(is_letter, composed(text or "").casefold()))


def kinds_of(item: Item) -> set[str]:
    return {problem["kind"] for problem in item.get("problems") or ()}


def damage_of(item: Item) -> set[str]:
    """Kinds of the problems that concern the body: it is cut, or the words of a damage stand there or nowhere."""
    text = text_of(item)
    kinds = kinds_of(item) & _CUT
    for problem in item.get("problems") or ():
        words = problem.get("text")
        if problem["kind"] in ("damage", "undecodable_bytes") and (
            words is None or any(part in text for part in words.split(", "))
        ):
            kinds.add(problem["kind"])
    return kinds | ({"damage"} if LOST in text or _LEAKED.search(text) else set())


def text_of(item: Item) -> str:
    return "\n".join(block["text"] for block in item["body"])


def same_words_damaged(newest: Item, older: Item) -> tuple[str, str] | None:
    """The rule by which the body of an older capture counts, and what is damaged in the newest; None when it is edited.

    The older body must be without the damage, and its words must be those of the newest but for what damage does.
    """
    here, before = text_of(newest), text_of(older)
    damaged, clean = _without_breaks(here), _without_breaks(before)
    kinds = damage_of(newest) - damage_of(older)
    if not damaged or LOST in before:
        return None
    if "body" in (newest.get("not_printed") or ()) and damaged == _without_breaks(_first_page(older)) != clean:
        return "whole", "the first page alone"
    if newest["layout"] != older["layout"] and _without_breaks(_apart(newest, older)) == clean != damaged:
        return "undamaged", "other fields stand among the paragraphs"
    if kinds and damaged == clean:
        return "undamaged", "paragraphs, hyphens or markup are broken"
    if kinds and 0 < len(clean) - len(damaged) <= _LOST_LETTERS and _same_but_capitals(clean[-len(damaged) :], damaged):
        return "undamaged", "the first letter is lost"
    is_cut = kinds & _CUT or (newest["layout"] != older["layout"] and not _ends_sentence(newest))
    if is_cut and clean.startswith(damaged.rstrip(_ELLIPSIS)) and damaged != clean:
        return "undamaged", "the body is cut"
    if LOST in here and fits(here, before):
        return "undamaged", "letters are lost"
    return None


def _same_but_capitals(clean: str, damaged: str) -> bool:
    """Whether two texts are equal; their first words may be in capitals, which go with a drop cap."""
    same_opening = clean[:_FIRST_WORDS].casefold() == damaged[:_FIRST_WORDS].casefold()
    return same_opening and clean[_FIRST_WORDS:] == damaged[_FIRST_WORDS:]


def _without_breaks(text: str) -> str:
    """The text without what breaks in a move: spaces, hyphens of print columns, leaked markup."""
    return _PRINT_HYPHEN.sub("", normal(_LEAKED.sub(" ", text)))


def _first_page(item: Item) -> str:
    return "\n".join(block["text"] for block in item["body"][: item.get("first_page") or 0])


def _apart(item: Item, older: Item) -> str:
    """The body without the paragraphs that the older design prints as other fields."""
    images = older.get("images") or ()
    fields = [older.get(name) for name in ("kicker", "standfirst", "byline", "dateline")]
    fields += [image.get(name) for image in images for name in ("caption", "credit", "caption_text")]
    apart = {*map(letters_of, fields), "photoby"}
    return "\n".join(block["text"] for block in item["body"] if letters_of(block["text"]) not in apart)


def _ends_sentence(item: Item) -> bool:
    last = item["body"][-1] if item["body"] else None
    return last is None or last["kind"] == "credit" or last["text"].rstrip(_CLOSING).endswith(_SENTENCE_ENDS)


def fits(damaged: str, clean: str) -> bool:
    """Whether the damaged text is the clean one but for letters lost at signs that are no text."""
    text = _without_breaks(clean)
    first, *others = re.split(f"{LOST}+", _without_breaks(damaged))
    ends = {len(first)} if text.startswith(first) else set()
    for piece in others:
        starts = {end + lost for end in ends for lost in range(_LONGEST_LOSS + 1)}
        ends = {start + len(piece) for start in starts if text.startswith(piece, start)}
    return len(text) in ends
