"""What the evidence says, read as the run that kept it read it: the way back from bytes to items."""

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from postscraper.items import Item, Unread
from postscraper.newspapers import NEWSPAPERS, POST, Newspaper, aliases
from postscraper.reading.read import Layouts, read_all
from postscraper.run.discovery import Discoverer
from postscraper.run.run import dropped
from postscraper.run.scope import Scope
from postscraper.run.withdrawn import is_barred, without
from postscraper.sources.captures import capture_of, is_page
from postscraper.urls import Aliases, canonical
from storage.evidence.compact_format import evidence_files, file_of
from storage.evidence.store import FOLDER
from storage.ledger.states import Visit
from storage.maintenance.withdraw import dropped_from, kept_out
from storage.warc.exchange import Exchange, RecordLocation
from storage.warc.files import file_fields

# Each remembers up to 40,000 addresses. A file is read from its beginning to its end, those of two papers by turns.
FILES_AT_ONCE = 4


class Witness:
    """Reads the records of one archive's evidence; each file says of which newspaper and mirror it is."""

    def __init__(self, archive: Path, layouts: Layouts | None = None) -> None:
        """layouts: to read by; None for each newspaper's own."""
        self._layouts = layouts
        self._folder = archive / FOLDER
        self._by_host = {paper.host: paper for paper in NEWSPAPERS.values()}
        self._ear = lru_cache(maxsize=FILES_AT_ONCE)(self._ear_of)
        self._barred = kept_out(archive)
        self._dropped = dropped_from(archive)
        self._aliases: dict[str, str] = {}
        for name in evidence_files(self._folder):
            self._aliases |= self._served(name, self._paper(name, ""))
        self._ears = [Discoverer(paper, Scope(source="archive"), self._aliases) for paper in NEWSPAPERS.values()]

    def _paper(self, file: str, host: str) -> Newspaper:
        """host: by which the newspaper is known in files that other programs wrote."""
        return NEWSPAPERS.get(file.rsplit("-", 2)[0]) or self._by_host.get(host, POST)

    def _served(self, file: str, paper: Newspaper) -> Aliases:
        return aliases(paper, file_fields(file_of(self._folder / file)).get("paper-origin"))

    def _ear_of(self, file: str, paper: str) -> tuple[Aliases, Discoverer]:
        served = self._served(file, NEWSPAPERS[paper])
        return served, Discoverer(NEWSPAPERS[paper], Scope(source="archive"), served)

    def read(self, exchange: Exchange, place: RecordLocation) -> list[tuple[Item, Visit | None]]:
        """What the answer gives now: its own item with its visit, and the stories that it carries whole."""
        paper = self._paper(place.file, _host(exchange.url))
        served, ear = self._ear(place.file, paper.name)
        capture = capture_of(exchange, place)
        read_by = replace(paper, layouts=self._layouts) if self._layouts else paper
        items = without(read_all(capture, read_by, served), self._barred, served)
        visit = ear.visit(items[0], capture, items[1:])
        page, *stories = (self._kept_out(item, place) for item in items) if self._dropped else items
        return [(page, visit), *((story, None) for story in stories)]

    def _kept_out(self, item: Item, place: RecordLocation) -> Item:
        why = self._dropped.get((place.file, place.offset, item.capture.part or ""))
        return item if why is None else dropped(item, why)

    def without(self, item: Item, part: str) -> Unread:
        """The item of a part that an answer held once and is not read from it any more; item: of the whole answer."""
        detail = "the answer holds no whole story of this address"
        return Unread(reason="no_such_part", detail=detail, url=item.url, capture=replace(item.capture, part=part))

    def is_page(self, exchange: Exchange, place: RecordLocation) -> bool:
        """Whether the answer gets a row."""
        served, _ = self._ear(place.file, self._paper(place.file, _host(exchange.url)).name)
        return is_page(exchange, served) and not is_barred(exchange.url, self._barred, served)

    def address(self, url: str) -> str:
        """The ledger's key of an address. Raises ValueError for what is no address."""
        return canonical(url, self._aliases)

    def section(self, address: str) -> set[str]:
        """The short names of the section in which an address lies, as the newspapers have them."""
        return {name for ear in self._ears if (name := ear.section(address)) is not None}


@lru_cache(maxsize=256)
def _host(url: str) -> str:
    return canonical(url).split("/")[2]
