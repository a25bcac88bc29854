"""Pages without the teasers of withdrawn stories: nothing of these comes into an archive that keeps them out."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from postscraper.items import Item, Unread
from postscraper.urls import NO_ALIASES, Aliases, canonical


def without(items: Sequence[Item], barred: Collection[str], aliases: Aliases = NO_ALIASES) -> tuple[Item, ...]:
    """The items of one answer, but for teasers that lead to one of the addresses.

    A withdrawn story that the answer carries whole stays among them: the archive, which keeps it out, must not keep
    the bytes of the answer either (storage/ingest/tombstones.py).
    """
    return tuple(_without(item, barred, aliases) for item in items) if barred else tuple(items)


def _without(item: Item, barred: Collection[str], aliases: Aliases) -> Item:
    if isinstance(item, Unread):
        return item
    teasers: tuple[Any, ...] = tuple(each for each in item.teasers if not is_barred(each.url, barred, aliases))
    return item if len(teasers) == len(item.teasers) else replace(item, teasers=teasers)


def is_barred(url: str, barred: Collection[str], aliases: Aliases = NO_ALIASES) -> bool:
    try:
        return canonical(url, aliases) in barred
    except ValueError:
        return False
