"""Progress of a crawl: a live line on a terminal, else a line a minute in the log."""

import logging
import time
from contextlib import ExitStack
from typing import Self

from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.utils.asyncio import create_looping_call

from postscraper.cli.progress import Meter, beside_log
from postscraper.crawl.spider import NewspaperSpider

log = logging.getLogger(__name__)

EVERY = 1.0  # seconds
# Counting the queue of half a million addresses takes a tenth of a second, in which no page is fetched.
QUEUE_EVERY = 15.0  # seconds


class CrawlProgress:
    """Scrapy's extension in the place of its own LogStats."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._meter = Meter("page", say=log.info)
        self._shown = ExitStack()
        self._queued: int | None = None
        self._counted_at = 0.0

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        progress = cls(crawler)
        crawler.signals.connect(progress.spider_opened, signals.spider_opened)
        crawler.signals.connect(progress.spider_closed, signals.spider_closed)
        return progress

    def spider_opened(self, spider: Spider) -> None:
        if isinstance(spider, NewspaperSpider):
            self._shown.enter_context(beside_log(self._meter))
            ticks = create_looping_call(self._show, spider)
            ticks.start(EVERY)
            self._shown.callback(ticks.stop)

    def spider_closed(self) -> None:
        self._shown.close()

    def _show(self, spider: NewspaperSpider) -> None:
        if not self._meter.is_due():
            return
        pages = self._crawler.stats.get_value("item_scraped_count", 0)
        if self._queued is None or time.monotonic() - self._counted_at >= QUEUE_EVERY:
            with spider.guarded():
                self._queued = spider.queued()
            self._counted_at = time.monotonic()
        if self._queued is None:
            self._meter.show(pages)
        else:
            self._meter.show(pages, pages / (pages + self._queued) if pages else None, f"{self._queued:,} queued")
