"""One page, fetched once and politely through Scrapy."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import scrapy
from scrapy.crawler import CrawlerProcess
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.utils.project import get_project_settings
from twisted.python.failure import Failure

from postscraper.cli.exit_codes import NotFetched
from postscraper.extraction.decode import MAX_BYTES
from postscraper.items import Capture

# The crawl of a newspaper keeps a ledger and an archive; one page for a test needs neither.
ALONE: dict[str, Any] = {
    "ADDONS": {},
    "ITEM_PIPELINES": {},
    "SPIDER_MIDDLEWARES": {},
    "DOWNLOADER_MIDDLEWARES": {
        "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
        "postscraper.crawl.robots.RobotsMiddleware": 100,
        "postscraper.crawl.http.PublicAddresses": 980,
    },
    "EXTENSIONS": {},
    "SCHEDULER": "scrapy.core.scheduler.Scheduler",
    "DUPEFILTER_CLASS": "scrapy.dupefilters.RFPDupeFilter",
    "FEEDS": {},
    "RETRY_ENABLED": False,
    "REDIRECT_ENABLED": True,
    "HTTPERROR_ALLOW_ALL": True,
    "DOWNLOAD_MAXSIZE": MAX_BYTES,
    "TELNETCONSOLE_ENABLED": False,
    "REMOTE_CONTROL_ENABLED": False,
    "ROBOTSTXT_OBEY": True,
    "AUTOTHROTTLE_ENABLED": False,
    "DOWNLOAD_DELAY": 1,  # between robots.txt and the page
    "LOG_ENABLED": False,
}


class OnePage(scrapy.Spider):
    """Asks for one address and keeps what comes of it."""

    name = "one_page"

    def __init__(self, url: str, kept: list[Capture], lost: list[str]) -> None:
        super().__init__()
        self._url, self._kept, self._lost = url, kept, lost

    async def start(self) -> AsyncIterator[scrapy.Request]:
        yield scrapy.Request(self._url, callback=self.keep, errback=self.lose)

    def keep(self, response: Response) -> Iterator[scrapy.Request]:
        headers = tuple(
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, values in response.headers.items()
            for value in values
            if name.lower() != b"content-encoding"  # Scrapy has undone it
        )
        self._kept.append(
            Capture(
                url=response.url,
                captured_at=datetime.now(UTC).replace(microsecond=0),
                status=response.status,
                headers=headers,
                body=response.body,
                source="live",
                cut="dataloss" in response.flags,
            )
        )
        yield from ()

    def lose(self, failure: Failure) -> None:
        why = str(failure.value)
        self._lost.append(why if isinstance(failure.value, IgnoreRequest) else f"{type(failure.value).__name__}: {why}")


def fetched(url: str) -> Capture:
    """What the address answers. Ends the command when robots.txt or the network does not let it."""
    settings = get_project_settings()
    settings.setmodule("postscraper.settings", priority="project")
    settings.update(ALONE, priority="cmdline")
    # The host that a person names may be a mirror of their own; where it redirects to may not.
    settings.set("PAPER_ORIGIN", url, priority="cmdline")
    if contact := settings["CONTACT"]:
        settings.set("USER_AGENT", f"{settings['USER_AGENT']} contact: {contact}", priority="cmdline")
    kept: list[Capture] = []
    lost: list[str] = []
    process = CrawlerProcess(settings)
    process.crawl(OnePage, url=url, kept=kept, lost=lost)
    process.start()
    if kept and kept[0].status == 200 and not kept[0].cut:
        return kept[0]
    why = f"the answer was {kept[0].status}" if kept else (lost or ["nothing came"])[0]
    if kept and kept[0].cut:
        why = "the answer did not come whole"
    raise NotFetched(f"{url} could not be fetched: {why}")
