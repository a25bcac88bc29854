"""Turn stored or fetched bytes into items and visits, for every source and for rereading evidence.

This module imports no database, so that the worker processes of a replay start fast.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

from postscraper.items import Article, Capture, Item, Unread
from postscraper.reading.read import OnSkeleton, read_all
from postscraper.run.discovery import Discoverer
from postscraper.sources.captures import capture_of, is_page
from postscraper.urls import canonical, maybe_canonical
from storage.ledger.states import Visit
from storage.warc.exchange import Exchange, RecordLocation

Reading = tuple[Item, Visit | None]


class PageReader:
    """Reader of the pages of one newspaper, as served by one set of aliases."""

    def __init__(
        self,
        discoverer: Discoverer,
        *,
        withdrawn: Collection[str] = frozenset(),
        read: Callable[[Capture], Sequence[Item]] | None = None,
        on_skeleton: OnSkeleton | None = None,
    ) -> None:
        """withdrawn: addresses that the archive keeps out.

        read: replaces reading by layouts.
        on_skeleton: called with each story that is a page, and the page's skeleton.
        """
        self.discoverer = discoverer
        self.aliases = discoverer.aliases
        self._withdrawn = withdrawn
        self._on_skeleton = on_skeleton
        note = self._note_skeleton if on_skeleton else None
        self._read = read or (lambda capture: read_all(capture, discoverer.paper, self.aliases, note))

    def is_page(self, exchange: Exchange) -> bool:
        """Whether an item is stored for the exchange; see postscraper/sources/captures.py."""
        return is_page(exchange, self.aliases)

    def read(self, exchange: Exchange, location: RecordLocation, *, depth: int = 0) -> list[Reading]:
        """The item of the response with its visit, then the complete stories in it, without visits.

        depth: links between the start of the crawl and the page.
        """
        return self.read_batch([(location, exchange)], depth=depth)[0]

    def read_batch(self, records: Sequence[tuple[RecordLocation, Exchange]], *, depth: int = 0) -> list[list[Reading]]:
        """As `read`, for many records; each step runs for all of them, to keep its code in the processor's cache."""
        captures = [capture_of(exchange, location) for location, exchange in records]
        answers = [[self._without_withdrawn(item) for item in self._read(capture)] for capture in captures]
        return [
            [(page, self.discoverer.visit(page, capture, stories, depth=depth)), *((story, None) for story in stories)]
            for (page, *stories), capture in zip(answers, captures, strict=True)
        ]

    def address(self, url: str) -> str:
        """The ledger's key of an address. Raises ValueError if `url` is not one."""
        return canonical(url, self.aliases)

    def is_withdrawn(self, url: str) -> bool:
        """Whether the archive keeps the address out."""
        return bool(self._withdrawn) and maybe_canonical(url, self.aliases) in self._withdrawn

    def _note_skeleton(self, story: Article, names: frozenset[str]) -> None:
        if self._on_skeleton is not None and not self.is_withdrawn(story.canonical_url):
            self._on_skeleton(story, names)

    def _without_withdrawn(self, item: Item) -> Item:
        """The item without teasers that lead to a withdrawn story.

        A complete withdrawn story in a response stays: the archive must find it, to overwrite the bytes of the response
        as well (storage/ingest/tombstones.py).
        """
        if not self._withdrawn or isinstance(item, Unread):
            return item
        teasers: tuple[Any, ...] = tuple(teaser for teaser in item.teasers if not self.is_withdrawn(teaser.url))
        return item if len(teasers) == len(item.teasers) else replace(item, teasers=teasers)


def dropped_item(item: Item, why: str) -> Unread:
    """The item that is stored for one dropped by a pipeline: its record, without its text.

    An unread item has no text and is stored unchanged.
    """
    if isinstance(item, Unread):
        return item
    return Unread(reason="dropped", detail=why, url=item.url, capture=item.capture)
