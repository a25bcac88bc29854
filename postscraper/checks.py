"""At the end of a crawl: what came of it, in words, and whether the layouts still see what they saw."""

import logging
from collections import Counter
from typing import Any, Self

from scrapy import Spider, signals
from scrapy.crawler import Crawler

from postscraper.items import Article, Unread
from postscraper.spiders.newspaper import NewspaperSpider

log = logging.getLogger(__name__)

FEWEST = 20  # articles; a share of fewer says nothing
MOST_UNREAD = 0.2  # of the pages that came with status 200


class Checks:
    """Warnings, and no more: a person looks at the pages, and mends the layout or the floor."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._pages = Counter[str]()
        self._filled = Counter[str]()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        checks = cls(crawler)
        crawler.signals.connect(checks.item_scraped, signals.item_scraped)
        crawler.signals.connect(checks.spider_closed, signals.spider_closed)
        return checks

    def item_scraped(self, item: Any, spider: Spider) -> None:
        if not isinstance(spider, NewspaperSpider) or item.capture.status != 200:
            return
        self._pages["unread" if isinstance(item, Unread) else "read"] += 1
        if isinstance(item, Article):
            self._pages["articles"] += 1
            self._filled.update(name for name in spider.paper.floors if getattr(item, name))

    def spider_closed(self, spider: Spider) -> None:
        if isinstance(spider, NewspaperSpider):
            self._tell(spider)
            if spider.desk.scope.source == "live":
                self._warn(spider)

    def _tell(self, spider: NewspaperSpider) -> None:
        left_alone = spider.desk.left_alone()
        outcomes = self._named("postscraper/outcome/")
        said = ", ".join(f"{count} {words}" for words, count in outcomes) or "nothing read"
        log.info("%s. %d addresses left alone: not due yet.", said, left_alone)
        if unread := self._named("postscraper/unread/"):
            log.info("Unread: %s.", ", ".join(f"{count} {reason}" for reason, count in unread))

    def _warn(self, spider: NewspaperSpider) -> None:
        articles, pages = self._pages["articles"], self._pages["read"] + self._pages["unread"]
        if pages >= FEWEST and self._pages["unread"] > MOST_UNREAD * pages:
            log.warning("%d of %d pages could not be read: has a design changed?", self._pages["unread"], pages)
        if articles < FEWEST:
            return
        for name, floor in spider.paper.floors.items():
            if self._filled[name] < floor * articles:
                log.warning(
                    "%s: only %d of %d articles have it, and %d %% should: has a design changed?",
                    name, self._filled[name], articles, round(100 * floor),
                )  # fmt: skip

    def _named(self, prefix: str) -> list[tuple[str, int]]:
        assert self._crawler.stats is not None
        counted = self._crawler.stats.get_stats()
        return [(name.removeprefix(prefix), counted[name]) for name in sorted(counted) if name.startswith(prefix)]
