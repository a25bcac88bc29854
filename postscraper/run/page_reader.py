"""Turn stored or fetched bytes into items and visits: the one place for every source, and for evidence read again."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from postscraper.items import Capture, Item, Unread
from postscraper.newspapers import NEWSPAPERS, POST, Newspaper, aliases
from postscraper.reading.read import Layouts, read_all
from postscraper.run.discovery import Discoverer
from postscraper.run.scope import Scope
from postscraper.sources.captures import capture_of, is_page
from postscraper.urls import Aliases, canonical
from storage.evidence.compact_format import evidence_files, file_of
from storage.evidence.store import FOLDER
from storage.ledger.states import Visit
from storage.maintenance.withdraw import dropped_from, kept_out
from storage.warc.exchange import Exchange, RecordLocation
from storage.warc.files import file_fields

# Each caches up to 40,000 addresses. A file is read from its beginning to its end, those of two papers by turns.
FILES_AT_ONCE = 4

Reading = tuple[Item, Visit | None]


class PageReader:
    """Reader of the pages of one newspaper, as served by one set of aliases."""

    def __init__(
        self,
        discoverer: Discoverer,
        *,
        withdrawn: Collection[str] = frozenset(),
        layouts: Layouts | None = None,
        read: Callable[[Capture], Sequence[Item]] | None = None,
    ) -> None:
        """withdrawn: addresses that the archive keeps out.

        layouts: None for the newspaper's own.
        read: another reading than the layouts'.
        """
        self.discoverer = discoverer
        self.aliases = discoverer.aliases
        self._withdrawn = withdrawn
        paper = replace(discoverer.paper, layouts=layouts) if layouts else discoverer.paper
        self._read = read or (lambda capture: read_all(capture, paper, self.aliases))

    def is_page(self, exchange: Exchange) -> bool:
        """Whether an item is stored for the exchange; see postscraper/sources/captures.py."""
        return is_page(exchange, self.aliases)

    def read(self, exchange: Exchange, location: RecordLocation, *, depth: int = 0) -> list[Reading]:
        """The item of the answer with its visit, then the stories that the answer carries whole, without one.

        depth: links between the start of the crawl and the page.
        """
        return self.read_batch([(location, exchange)], depth=depth)[0]

    def read_batch(self, records: Sequence[tuple[RecordLocation, Exchange]], *, depth: int = 0) -> list[list[Reading]]:
        """As `read`, for many records: each step for all of them, so that its code stays in the processor's cache."""
        captures = [capture_of(exchange, location) for location, exchange in records]
        answers = [[self._without_withdrawn(item) for item in self._read(capture)] for capture in captures]
        return [
            [(page, self.discoverer.visit(page, capture, stories, depth=depth)), *((story, None) for story in stories)]
            for (page, *stories), capture in zip(answers, captures, strict=True)
        ]

    def address(self, url: str) -> str:
        """The ledger's key of an address. Raises ValueError if it is none."""
        return canonical(url, self.aliases)

    def is_withdrawn(self, url: str) -> bool:
        """Whether the archive keeps the address out."""
        try:
            return bool(self._withdrawn) and self.address(url) in self._withdrawn
        except ValueError:
            return False

    def _without_withdrawn(self, item: Item) -> Item:
        """The item without teasers that lead to a withdrawn story.

        A withdrawn story that an answer carries whole stays: the archive must find it, to overwrite the bytes of the
        answer, too (storage/ingest/tombstones.py).
        """
        if not self._withdrawn or isinstance(item, Unread):
            return item
        teasers: tuple[Any, ...] = tuple(teaser for teaser in item.teasers if not self.is_withdrawn(teaser.url))
        return item if len(teasers) == len(item.teasers) else replace(item, teasers=teasers)


class EvidenceReader:
    """Reader of one archive's evidence: each file is read with the newspaper and mirror of the run that wrote it."""

    def __init__(self, archive: Path, layouts: Layouts | None = None) -> None:
        """layouts: None for each newspaper's own."""
        self._layouts = layouts
        self._folder = archive / FOLDER
        self._by_host = {paper.host: paper for paper in NEWSPAPERS.values()}
        self._withdrawn = kept_out(archive)
        self._dropped = dropped_from(archive)
        self._of_file = lru_cache(maxsize=FILES_AT_ONCE)(self._reader_of_file)
        self._aliases: dict[str, str] = {}
        for name in evidence_files(self._folder):
            self._aliases |= self._aliases_of(name, self._paper(name, ""))
        self._discoverers = [Discoverer(paper, Scope(source="archive"), self._aliases) for paper in NEWSPAPERS.values()]

    def read(self, exchange: Exchange, location: RecordLocation) -> list[Reading]:
        """As `PageReader.read`; of items that a pipeline dropped, their records alone."""
        readings = self._reader(exchange, location).read(exchange, location)
        return [(self._as_stored(item, location), visit) for item, visit in readings] if self._dropped else readings

    def is_page(self, exchange: Exchange, location: RecordLocation) -> bool:
        """Whether the exchange has a row in the archive."""
        reader = self._reader(exchange, location)
        return reader.is_page(exchange) and not reader.is_withdrawn(exchange.url)

    def without(self, item: Item, part: str) -> Unread:
        """The item of a story that is not found any more in the answer; item: of the whole answer."""
        detail = "the answer holds no whole story of this address"
        return Unread(reason="no_such_part", detail=detail, url=item.url, capture=replace(item.capture, part=part))

    def address(self, url: str) -> str:
        """The ledger's key of an address. Raises ValueError if it is none."""
        return canonical(url, self._aliases)

    def section(self, address: str) -> set[str]:
        """The short names of the section in which an address lies, one for each newspaper that has one there."""
        names = (discoverer.section(address) for discoverer in self._discoverers)
        return {name for name in names if name is not None}

    def _reader(self, exchange: Exchange, location: RecordLocation) -> PageReader:
        return self._of_file(location.file, self._paper(location.file, _host(exchange.url)).name)

    def _reader_of_file(self, file: str, paper: str) -> PageReader:
        served_as = self._aliases_of(file, NEWSPAPERS[paper])
        discoverer = Discoverer(NEWSPAPERS[paper], Scope(source="archive"), served_as)
        return PageReader(discoverer, withdrawn=self._withdrawn, layouts=self._layouts)

    def _paper(self, file: str, host: str) -> Newspaper:
        """host: of the address, which decides for files that other programs wrote."""
        return NEWSPAPERS.get(file.rsplit("-", 2)[0]) or self._by_host.get(host, POST)

    def _aliases_of(self, file: str, paper: Newspaper) -> Aliases:
        return aliases(paper, file_fields(file_of(self._folder / file)).get("paper-origin"))

    def _as_stored(self, item: Item, location: RecordLocation) -> Item:
        why = self._dropped.get((location.file, location.offset, item.capture.part or ""))
        return item if why is None else dropped(item, why)


def dropped(item: Item, why: str) -> Unread:
    """The item stored of a page, or of a story in it, that a pipeline keeps out: its record, and none of its words.

    An unread item has no words, and is stored as it is.
    """
    if isinstance(item, Unread):
        return item
    return Unread(reason="dropped", detail=why, url=item.url, capture=item.capture)


@lru_cache(maxsize=256)
def _host(url: str) -> str:
    return canonical(url).split("/")[2]
