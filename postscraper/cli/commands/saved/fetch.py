"""Download of one page through Scrapy."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import scrapy
from scrapy.crawler import CrawlerProcess
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.settings import Settings
from twisted.python.failure import Failure

from postscraper.cli.exit_codes import NotFetched
from postscraper.items import Capture

# Without the ledger and the archive of a crawl.
ALONE: dict[str, Any] = {
    "ITEM_PIPELINES": {},
    "EXTENSIONS": {},
    "SCHEDULER": "scrapy.core.scheduler.Scheduler",
    "DOWNLOADER_MIDDLEWARES": {
        "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
        "postscraper.crawl.robots.RobotsMiddleware": 100,
        "postscraper.crawl.http.PublicAddresses": 980,
    },
    "AUTOTHROTTLE_ENABLED": False,
    "DOWNLOAD_DELAY": 1,  # between robots.txt and the page
    "LOG_ENABLED": False,
}


class OnePage(scrapy.Spider):
    """Requests one address. result: the capture, or why there is none."""

    name = "one_page"

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self.result: Capture | str = "nothing came"

    async def start(self) -> AsyncIterator[scrapy.Request]:
        yield scrapy.Request(self._url, callback=self.keep, errback=self.fail)

    def keep(self, response: Response) -> None:
        if "dataloss" in response.flags:
            self.result = "the answer did not come whole"
        elif response.status != 200:
            self.result = f"the answer was {response.status}"
        else:
            headers = tuple(
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, values in response.headers.items()
                for value in values
                if name.lower() != b"content-encoding"  # Scrapy has decoded the body
            )
            self.result = Capture(
                url=response.url,
                captured_at=datetime.now(UTC).replace(microsecond=0),
                status=response.status,
                headers=headers,
                body=response.body,
                source="live",
            )

    def fail(self, failure: Failure) -> None:
        why = str(failure.value)
        self.result = why if isinstance(failure.value, IgnoreRequest) else f"{type(failure.value).__name__}: {why}"


def fetched(url: str) -> Capture:
    """The page of an address, after its redirects. Raises NotFetched, also when robots.txt forbids the request."""
    settings = Settings()
    settings.setmodule("postscraper.settings", priority="project")
    settings.update(ALONE, priority="cmdline")
    # The named host may be a mirror on the person's own network; a host that it redirects to may not.
    settings.set("PAPER_ORIGIN", url, priority="cmdline")
    if contact := settings["CONTACT"]:
        settings.set("USER_AGENT", f"{settings['USER_AGENT']} contact: {contact}", priority="cmdline")
    process = CrawlerProcess(settings)
    crawler = process.create_crawler(OnePage)
    process.crawl(crawler, url=url)
    process.start()
    result = crawler.spider.result if isinstance(crawler.spider, OnePage) else "nothing came"
    if isinstance(result, str):
        raise NotFetched(f"{url} could not be fetched: {result}")
    return result
