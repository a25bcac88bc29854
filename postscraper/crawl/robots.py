"""robots.txt by RFC 9309, where Scrapy is laxer: a file that is out of reach forbids everything.

A file that is missing (4xx) allows everything. One that is out of reach is requested again, and nothing else of its
host meanwhile: a status of 5xx or 429, no answer, an answer that does not come whole. So is one behind more than five
redirects: the RFC (2.3.1.2) leaves the choice, and a loop does not show what the host allows.
"""

import asyncio
import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK
from scrapy.robotstxt import RobotParser
from scrapy.utils.misc import build_from_crawler
from twisted.internet.defer import Deferred

from postscraper.crawl.http import phrase
from postscraper.crawl.pacing import retry_after
from postscraper.crawl.spider import MOST_HOPS, NEVER_AGAIN, NewspaperSpider
from postscraper.errors import RobotsUnavailable
from postscraper.run.run import now
from storage.ledger.states import BACK_OFF

# https://www.sitemaps.org/protocol.html#submit_robots
_SITEMAP = re.compile(rb"^[ \t]*sitemap[ \t]*:[ \t]*(https?://[^\s#]+)", re.I | re.M)
# A proxy's request for a password is no answer of the host.
_UNAVAILABLE = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.PROXY_AUTHENTICATION_REQUIRED})
_log = logging.getLogger(__name__)
_TICK = 0.5  # seconds between two checks of whether the run has ended


class RobotsMiddleware(RobotsTxtMiddleware):
    """Fetches each host's file once in a run, and the live newspaper's again while it is out of reach.

    Another archive has its own pauses (postscraper/crawl/pacing.py).
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._patience_seconds = crawler.settings.getfloat("ROBOTSTXT_PATIENCE")
        self._longest_pause_seconds = crawler.settings.getfloat("LONGEST_PAUSE")

    async def robot_parser(self, request: Request) -> RobotParser | None:
        netloc = urlsplit(request.url).netloc
        if netloc not in self._parsers:
            self._parsers[netloc] = Deferred()
            try:
                await self._parse_robots(await self._fetch(request, netloc), netloc, request)
            except RobotsUnavailable as error:
                self._robots_error(error, netloc)
            self._stats.inc_value("robotstxt/request_count")
            self._end_if_all_is_forbidden(netloc)
        return await super().robot_parser(request)

    async def _fetch(self, request: Request, netloc: str) -> Response:
        """A host's file, requested until it comes. Raises RobotsUnavailable if the run waits no longer."""
        response, flaw = await self._answer(request)
        for wait_seconds in self._waits():
            if flaw is None:
                break
            pause_seconds = max(wait_seconds, min(retry_after(response), self._longest_pause_seconds))
            plan = f"it is asked for again in {pause_seconds:.0f} s, and nothing else of the host before"
            _log.warning("%s: %s; %s", netloc, flaw, plan)
            await self._sleep(pause_seconds)
            if not self.crawler.crawling:
                break
            response, flaw = await self._answer(request)
        if response is None or flaw is not None:
            raise RobotsUnavailable(flaw)
        return response

    def _waits(self) -> Iterator[float]:
        """The least pauses between the tries of a run, in seconds."""
        waited_seconds = 0.0
        for wait in BACK_OFF if self._newspaper() is not None else ():
            waited_seconds += wait.total_seconds()
            if waited_seconds > self._patience_seconds:
                return
            yield wait.total_seconds()

    async def _sleep(self, seconds: float) -> None:
        until = now() + timedelta(seconds=seconds)
        while (left := (until - now()).total_seconds()) > 0 and self.crawler.crawling:
            await asyncio.sleep(min(left, _TICK))

    async def _answer(self, request: Request) -> tuple[Response | None, str | None]:
        """The answer for a host's file, and why it cannot be used. Raises RobotsUnavailable if it never can."""
        parts = urlsplit(request.url)
        robots_request = Request(
            f"{parts.scheme}://{parts.netloc}/robots.txt",
            priority=self.DOWNLOAD_PRIORITY,
            meta={"dont_obey_robotstxt": True, "redirect_ttl": MOST_HOPS},
            callback=NO_CALLBACK,
        )
        if "proxy" in request.meta:
            robots_request.meta["proxy"] = request.meta["proxy"]
        try:
            response: Response = await self.crawler.engine.download_async(robots_request)
        except NEVER_AGAIN as error:
            raise RobotsUnavailable(f"robots.txt is not to be had: {error}") from error
        except IgnoreRequest:
            return None, f"robots.txt is behind more than {MOST_HOPS} redirects"
        except Exception as error:  # of any kind that a download raises
            proxy = f" through the proxy {at}" if (at := robots_request.meta.get("proxy")) else ""
            return None, f"robots.txt brings no answer{proxy}: {phrase(error)}"
        return response, _flaw(response)

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if response.status >= 400:
            response = response.replace(body=b"")
        if (spider := self._newspaper()) is not None:
            with spider.guarded():
                spider.run.named_by_robots(url.decode("utf-8", "replace") for url in _SITEMAP.findall(response.body))
        await super()._parse_robots(response, netloc, request)

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        super()._robots_error(exc, netloc)
        self._parsers[netloc] = build_from_crawler(_OutOfReach, self.crawler, str(exc).encode())

    def _newspaper(self) -> NewspaperSpider | None:
        """The spider, when it crawls the live newspaper."""
        spider = self.crawler.spider
        return spider if isinstance(spider, NewspaperSpider) and spider.run.scope.source == "live" else None

    def _end_if_all_is_forbidden(self, netloc: str) -> None:
        """End a run that may request nothing: neither the addresses that it begins with, nor the front page."""
        spider, rules = self._newspaper(), self._parsers[netloc]
        if spider is None or netloc != urlsplit(spider.run.home).netloc:
            return
        if not isinstance(rules, RobotParser) or isinstance(rules, _OutOfReach):
            return
        run, agent = spider.run, self._robotstxt_useragent or self._default_useragent
        urls = (run.home, *(run.served(seed.url) for seed in run.discoverer.seeds()))
        if not any(rules.allowed(url, agent) for url in urls):
            what = "all that this run could ask for; nothing was fetched"
            spider.stop("forbidden", f"robots.txt of {netloc} forbids {what}")


def _flaw(response: Response) -> str | None:
    """The reason for which an answer does not show what the host allows; None if it does."""
    status = response.status
    if 400 <= status < 500 and status not in _UNAVAILABLE:
        return None
    if not 200 <= status < 300:
        return f"robots.txt answers with status {status}"
    return "robots.txt does not come whole" if status == 206 or "dataloss" in response.flags else None


class _OutOfReach(RobotParser):
    """Rules of a host whose file is out of reach: every check raises RobotsUnavailable."""

    def __init__(self, why: str) -> None:
        self._why = why

    @classmethod
    def from_crawler(cls, crawler: object, robotstxt_body: bytes) -> "_OutOfReach":
        return cls(robotstxt_body.decode())

    def allowed(self, url: str | bytes, user_agent: str | bytes) -> bool:
        raise RobotsUnavailable(self._why)
