"""Both stand-ins over the same captures."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from storage.warc.exchange import Exchange
from tests.helpers.warc_files import warc_gz
from tests.standins import commoncrawl, pywb
from tests.standins.commoncrawl import CommonCrawl
from tests.standins.serving import Standin, standing_in
from tests.standins.wayback import Wayback


class Standins(NamedTuple):
    wayback: Standin
    crawl: CommonCrawl

    def mend(self) -> None:
        for each in (self.wayback, *self.crawl):
            each.mend()


@contextmanager
def standins_of(exchanges: Sequence[Exchange], folder: Path) -> Iterator[Standins]:
    """One pywb behind both; the captures are also a file of CC-NEWS."""
    files = folder / "files"
    files.mkdir()
    warc = warc_gz(folder / "pages.warc.gz", exchanges)
    pywb.collect(folder, "web", [warc])
    commoncrawl.lay_out(files, [warc.read_bytes()])
    commoncrawl.lay_out_news(files, "2018/06", [("20180620000000", warc.read_bytes())])
    commoncrawl.configure(folder, files)
    with (
        pywb.serving(folder) as origin,
        standing_in(Wayback(f"{origin}/web")) as wayback,
        commoncrawl.serving(origin, files) as crawl,
    ):
        yield Standins(wayback, crawl)
