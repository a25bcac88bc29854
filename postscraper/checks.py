"""At the end of a crawl: what came of it, in words."""

import logging
from typing import Self

from scrapy import Spider, signals
from scrapy.crawler import Crawler

from postscraper.desk import now
from postscraper.spiders.newspaper import NewspaperSpider

log = logging.getLogger(__name__)


class Checks:
    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        checks = cls(crawler)
        crawler.signals.connect(checks.spider_closed, signals.spider_closed)
        return checks

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    def spider_closed(self, spider: Spider) -> None:
        if not isinstance(spider, NewspaperSpider):
            return
        stats = self._crawler.stats
        left_alone = spider.desk.archive.ledger.left_alone(now())
        stats.set_value("postscraper/left alone", left_alone)
        outcomes = self._named("postscraper/outcome/")
        said = ", ".join(f"{count} {words}" for words, count in outcomes) or "nothing read"
        log.info("%s. %d addresses left alone: not due yet.", said, left_alone)
        if unread := self._named("postscraper/unread/"):
            log.info("Unread: %s.", ", ".join(f"{count} {reason}" for reason, count in unread))

    def _named(self, prefix: str) -> list[tuple[str, int]]:
        counted = self._crawler.stats.get_stats()
        return [(name.removeprefix(prefix), counted[name]) for name in sorted(counted) if name.startswith(prefix)]
