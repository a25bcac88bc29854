"""Read the stored evidence with the newspaper and mirror settings of the crawl that wrote it."""

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from postscraper.errors import BadRequest
from postscraper.items import Item, Unread
from postscraper.newspaper import Newspaper
from postscraper.newspapers import NEWSPAPERS, POST, aliases
from postscraper.run.discovery import Discoverer
from postscraper.run.page_reader import PageReader, Reading, dropped_item
from postscraper.run.scope import Scope
from postscraper.urls import Aliases, canonical
from storage.evidence.compact_format import evidence_files, file_of, prefix_of
from storage.evidence.store import FOLDER
from storage.maintenance.withdrawal.tombstones import dropped_from, kept_out
from storage.warc.exchange import Exchange, RecordLocation
from storage.warc.files import file_info

# Each caches up to 40,000 addresses. Files are read from start to end, those of two newspapers alternately.
FILES_AT_ONCE = 4


class EvidenceReader:
    """Reader of one archive's evidence: each file is read with the newspaper and mirror of the run that wrote it.

    discoverers: of each newspaper that is installed, by its host.
    """

    def __init__(self, archive: Path) -> None:
        self._folder = archive / FOLDER
        self._withdrawn = kept_out(archive)
        self._dropped = dropped_from(archive)
        self._of_file = lru_cache(maxsize=FILES_AT_ONCE)(self._reader_of_file)
        self._aliases: dict[str, str] = {}
        for name in evidence_files(self._folder):
            self._aliases |= self._aliases_of(name, newspaper_of(name))
        scope = Scope(source="archive")
        self.discoverers = {paper.host: Discoverer(paper, scope, self._aliases) for paper in NEWSPAPERS.values()}

    def read(self, exchange: Exchange, location: RecordLocation) -> list[Reading]:
        """As `PageReader.read`; items that a pipeline dropped have only their records."""
        readings = self._reader(exchange, location).read(exchange, location)
        return [(self._as_stored(item, location), visit) for item, visit in readings] if self._dropped else readings

    def is_page(self, exchange: Exchange, location: RecordLocation) -> bool:
        """Whether the exchange has a row in the archive."""
        reader = self._reader(exchange, location)
        return reader.is_page(exchange) and not reader.is_withdrawn(exchange.url)

    def without(self, item: Item, part: str) -> Unread:
        """The item of a story that the response no longer yields. item: of the whole response."""
        detail = "the answer holds no whole story of this address"
        return Unread(reason="no_such_part", detail=detail, url=item.url, capture=replace(item.capture, part=part))

    def address(self, url: str) -> str:
        """The ledger's key of an address. Raises ValueError if `url` is not one."""
        return canonical(url, self._aliases)

    def section(self, address: str) -> set[str]:
        """The short names of the section of an address, one for each newspaper that has a section at it."""
        names = (discoverer.section(address) for discoverer in self.discoverers.values())
        return {name for name in names if name is not None}

    def _reader(self, exchange: Exchange, location: RecordLocation) -> PageReader:
        return self._of_file(location.file, newspaper_of(location.file, _host(exchange.url)).name)

    def _reader_of_file(self, file: str, paper: str) -> PageReader:
        served_as = self._aliases_of(file, NEWSPAPERS[paper])
        discoverer = Discoverer(NEWSPAPERS[paper], Scope(source="archive"), served_as)
        return PageReader(discoverer, withdrawn=self._withdrawn)

    def _aliases_of(self, file: str, paper: Newspaper) -> Aliases:
        return aliases(paper, file_info(file_of(self._folder / file)).fields.get("paper-origin"))

    def _as_stored(self, item: Item, location: RecordLocation) -> Item:
        why = self._dropped.get((location.file, location.offset, item.capture.part or ""))
        return item if why is None else dropped_item(item, why)


@lru_cache(maxsize=1024)
def newspaper_of(file: str, host: str = "") -> Newspaper:
    """The newspaper of the run that wrote an evidence file, by the name of the file.

    host: of an address, which decides for files that other programs wrote; the Post for a host of no newspaper.
    Raises BadRequest for a newspaper that is not installed, because other layouts would read its pages wrongly.
    """
    name = prefix_of(Path(file).name)
    if name is not None and name in NEWSPAPERS:
        return NEWSPAPERS[name]
    if name is not None and not Path(file).is_absolute():
        raise BadRequest(f"{file} holds pages of the newspaper {name}; install the package that brings {name}")
    return next((paper for paper in NEWSPAPERS.values() if paper.host == host), POST)


@lru_cache(maxsize=256)
def _host(url: str) -> str:
    return canonical(url).split("/")[2]
