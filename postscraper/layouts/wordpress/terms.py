"""The section and the tags of a WordPress story, from the names of its categories and tags."""

import re
from collections.abc import Iterable

from postscraper.extraction.text import NO_WORDS
from postscraper.urls import path_of

_NO_SECTION = "uncategorized"  # of a story that nobody gave a category
_BETWEEN_WORDS = re.compile(r"[^\w\u1780-\u17ff]+")


def section_and_tags(
    address: str, categories: Iterable[str], tags: Iterable[str], others: Iterable[str] = ()
) -> tuple[str | None, tuple[str, ...]]:
    """The name of the story's section, None without one; and its other categories and tags, each once.

    address: canonical; its first part names the category under which WordPress files the story, where the newspaper's
    addresses are so formed. Where it names none of them, the section is the first of the categories. others: categories
    in no order.
    """
    ranked = [each for each in dict.fromkeys(categories) if each.casefold() != _NO_SECTION]
    named = [*ranked, *(each for each in others if each.casefold() != _NO_SECTION)]
    first = path_of(address).split("/")[1].casefold()
    section = next((each for each in named if slug(each) == first), ranked[0] if ranked else None)
    rest = {each.casefold(): each for each in reversed([*named, *tags]) if each}
    rest.pop((section or "").casefold(), None)
    return section, tuple(reversed(rest.values()))


def slug(name: str) -> str:
    """The form that WordPress gives a name in addresses."""
    shown = name.casefold().translate(dict.fromkeys(map(ord, NO_WORDS.strip()))).replace("’", "").replace("'", "")
    return _BETWEEN_WORDS.sub("-", shown).strip("-")
