"""robots.txt, as RFC 9309 has it where Scrapy is laxer: what cannot be had forbids everything for now."""

import logging
import re

from scrapy import Request
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.http import Response
from scrapy.robotstxt import RobotParser
from scrapy.utils.misc import build_from_crawler

from postscraper.errors import RobotsUnavailable
from postscraper.spiders.newspaper import NewspaperSpider

# https://www.sitemaps.org/protocol.html#submit_robots
_SITEMAP = re.compile(rb"^[ \t]*sitemap[ \t]*:[ \t]*(https?://[^\s#]+)", re.I | re.M)


def _sitemaps(response: Response) -> list[str]:
    """The sitemaps that a robots.txt names."""
    return [found.decode("utf-8", "replace") for found in _SITEMAP.findall(response.body)]


def _without_trace(record: logging.LogRecord) -> bool:
    record.exc_info = None  # the sentence says all; the trace is Scrapy's own path to the socket
    return True


logging.getLogger(RobotsTxtMiddleware.__module__).addFilter(_without_trace)


class RobotsMiddleware(RobotsTxtMiddleware):
    """Redirects are followed by Scrapy; a missing file (4xx) allows everything, a failing host nothing."""

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if response.status >= 500 or response.status == 429:
            self._robots_error(RobotsUnavailable(f"robots.txt answers with status {response.status}"), netloc)
            return
        if response.status >= 400:
            response = response.replace(body=b"")
        spider = self.crawler.spider
        if isinstance(spider, NewspaperSpider) and spider.desk.scope.source == "live":
            with spider.writing():
                spider.desk.named_by_robots(_sitemaps(response))
        await super()._parse_robots(response, netloc, request)

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        super()._robots_error(exc, netloc)
        self._parsers[netloc] = build_from_crawler(_NotNow, self.crawler, str(exc).encode())


class _NotNow(RobotParser):
    """Stands in for the rules of a host that does not give them."""

    def __init__(self, why: str) -> None:
        self._why = why

    @classmethod
    def from_crawler(cls, crawler: object, robotstxt_body: bytes) -> "_NotNow":
        return cls(robotstxt_body.decode())

    def allowed(self, url: str | bytes, user_agent: str | bytes) -> bool:
        raise RobotsUnavailable(self._why)
