"""Pages without the teasers of withdrawn stories: nothing of these comes into an archive that keeps them out."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from postscraper.items import Item, Unread
from postscraper.urls import NO_ALIASES, Aliases, canonical


def without(item: Item, barred: Collection[str], aliases: Aliases = NO_ALIASES) -> Item:
    """The item, but for teasers that lead to one of the addresses."""
    if not barred or isinstance(item, Unread):
        return item
    teasers: tuple[Any, ...] = tuple(each for each in item.teasers if not is_barred(each.url, barred, aliases))
    return item if len(teasers) == len(item.teasers) else replace(item, teasers=teasers)


def is_barred(url: str, barred: Collection[str], aliases: Aliases = NO_ALIASES) -> bool:
    try:
        return canonical(url, aliases) in barred
    except ValueError:
        return False
