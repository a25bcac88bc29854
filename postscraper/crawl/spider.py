"""Base class of every newspaper's spider: turns responses and local sources into items."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any, ClassVar, Literal, Self
from urllib.parse import urlsplit

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadCancelledError, IgnoreRequest, UnsupportedURLSchemeError
from scrapy.http import Response
from scrapy.settings import BaseSettings
from twisted.python.failure import Failure

from postscraper.crawl.addon import BEHIND_OTHERS, OwnComponents
from postscraper.crawl.ccnews import CcNewsFrontier
from postscraper.crawl.http import PrivateAddress, phrase
from postscraper.crawl.remote import Frontier, RemoteFrontier
from postscraper.errors import RobotsUnavailable
from postscraper.items import Item
from postscraper.newspaper import Newspaper
from postscraper.run.local import LOCAL_SOURCES
from postscraper.run.run import Run, now
from postscraper.run.scope import OTHER_ARCHIVES
from postscraper.run.scope import scope as parse_scope
from postscraper.sources.ccnews import is_news
from postscraper.urls import absolute, sent_on
from storage.errors import ArchiveError, EvidenceError
from storage.warc.exchange import Exchange

EndReason = Literal["unreachable", "forbidden", "walled", "resting", "archive", "failed", "interrupted", "pipeline"]

# Failed requests in a row, without any response before, after which the run ends: host or network is down. A run with
# fewer requests reports it at its end.
UNREACHABLE_AFTER = 3
UNANSWERED = "postscraper/unanswered"  # the count of requests without a response
INTERRUPTED = "interrupted; what came is in the archive, and the same command brings the rest"
MOST_HOPS = 5  # the least that RFC 9309 requires

# Priority of the project's settings where a script crawls with its own: over Scrapy's defaults (0), under a command's
# (10) and a script's (20).
BELOW_ANY_CHOICE = 5

# Request meta that belongs to the address and survives a redirect; the rest is Scrapy's, and belongs to one response.
OWN_META = ("address", "kind", "depth", "asked_at", "dont_redirect")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The reason for which a crawl ended early.

    error: of the archive, the disk or a source; None for other reasons.
    """

    reason: EndReason
    sentence: str
    error: Exception | None = None


# Errors that would recur: a response over the limits, a scheme or host that is never requested.
NEVER_AGAIN = (DownloadCancelledError, PrivateAddress, UnsupportedURLSchemeError)


class NewspaperSpider(Spider):
    """Subclasses only set `paper`.

    The addresses to fetch come from the ledger, through the scheduler: `start` yields no requests.
    """

    paper: ClassVar[Newspaper]
    run: Run
    frontier: Frontier | None = None  # in a run over another archive
    ended: Ended | None = None
    _unreachable: str | None = None  # the sentence for a run that had no answer at all
    _closing: "asyncio.Future[None] | None" = None  # kept, or the task could vanish unfinished
    _handled = 0  # answers that are committed, or will not be in this run
    _yielded = 0  # items of a local source
    _finished = 0  # items that have left the pipelines

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **arguments: Any) -> Self:
        """run: opened by the command before the crawl begins; opened here when a script crawls."""
        run = arguments.pop("run", None) or Run.open(cls.paper, parse_scope(cls.paper, arguments), crawler.settings)
        spider = super().from_crawler(crawler, *args)
        spider.run = run
        run.log(delay_seconds=crawler.settings.getfloat("DOWNLOAD_DELAY"))
        if run.scope.source in OTHER_ARCHIVES and run.scope.path is None:
            frontier = CcNewsFrontier if is_news(run.scope.crawls) else RemoteFrontier
            spider.frontier = frontier(spider, crawler.settings)
        crawler.signals.connect(spider._note_interruption, signals.spider_closed)
        crawler.signals.connect(spider._close_run, signals.engine_stopped)
        for out in (signals.item_scraped, signals.item_dropped, signals.item_error):
            crawler.signals.connect(spider._count_finished, out)
            crawler.signals.connect(spider._let_close, out)
        return spider

    @classmethod
    def update_settings(cls, settings: BaseSettings) -> None:
        if settings.getpriority("ARCHIVE_DIR") is None:  # a script's settings, without those of the project
            settings.setmodule("postscraper.settings", priority=BELOW_ANY_CHOICE)
        super().update_settings(settings)
        addons = {**settings.getdict("ADDONS"), OwnComponents: BEHIND_OTHERS}
        # A runner lays its own settings over those of a crawler that it is given, as far as their priorities go.
        settings.set("ADDONS", addons, (settings.getpriority("ADDONS") or 0) + 1)
        if contact := settings["CONTACT"]:
            settings.set("USER_AGENT", f"{settings['USER_AGENT']} contact: {contact}", priority="spider")

    async def start(self) -> AsyncIterator[Item]:
        """Yield the items of a local source; its errors end the crawl."""
        with self.guarded():
            async for item in self._start():
                yield item

    async def _start(self) -> AsyncIterator[Item]:
        scope = self.run.scope
        if scope.source == "live":
            self.run.begin()
            return
        if self.frontier is not None:
            self.frontier.begin()
            return
        for exchange, location in islice(LOCAL_SOURCES[scope.source](self.run), scope.limit):
            for item in self.run.read(exchange, location):
                self._yielded += 1
                yield item
            if self.ended is not None:
                return
        # Scrapy checks whether it is idle after each response; there is none here, so wait for the last page.
        while self._finished < self._yielded and self.ended is None:
            await asyncio.sleep(0.01)

    def queued(self) -> int | None:
        """Number of pages that could be fetched now; None if unknown."""
        if self.run.scope.source == "live":
            count: int | None = self.run.queued()
        else:
            count = self.frontier.queued() if self.frontier is not None else None
        limit = self.run.scope.limit
        return count if limit is None or count is None else min(count, max(limit - self._handled, 0))

    def _count_finished(self) -> None:
        self._finished += 1

    def handled(self) -> None:
        """Count a response whose item is committed, or will not be committed in this run."""
        self._handled += 1
        if self.frontier is not None:
            self.frontier.handled()

    def _let_close(self, response: Response | None) -> None:
        """Let a crawl close after the last item of a local source; Scrapy checks only after items of answers."""
        if response is None:
            asyncio.get_running_loop().call_soon(self._close_if_idle)

    def _close_if_idle(self) -> None:
        scraper = self.crawler.engine.scraper
        if scraper.slot is None or scraper.slot.closing is None or scraper.slot.closing.called:
            return
        scraper._check_if_closing()
        if not scraper.slot.closing.called:  # a handler of the signal is still at work
            asyncio.get_running_loop().call_later(0.01, self._close_if_idle)

    def parse(self, response: Response, **_: Any) -> Iterator[Item | Request]:
        exchange: Exchange = response.meta["exchange"]
        if response.meta.get("kind") == "picture" and self.run.reader.is_page(exchange):
            self._take_picture(response, exchange)
        elif self.run.reader.is_page(exchange):
            items = self.run.read(exchange, response.meta["recorded"], depth=response.meta.get("depth", 0))
            self._notice_door(response, items)
            yield from items
        elif onward := self._onward(response, exchange):
            yield onward
        else:
            why = f"no page, or sent on more than {MOST_HOPS} times"
            if address := response.meta.get("address"):
                with self.guarded():
                    self.run.unread(address, why)
            else:  # a request of `scrapy parse` or a script
                self.logger.warning("%s: %s", response.url, why)

    def _take_picture(self, response: Response, exchange: Exchange) -> None:
        with self.guarded():
            item = self.run.take_picture(exchange, response.meta["recorded"])
            self.crawler.stats.inc_value(f"postscraper/picture/{item.reason}")
            self._notice_door(response, [item])
            self.handled()

    def _notice_door(self, response: Response, items: Sequence[Item]) -> None:
        """Stop requesting addresses of a door in this run when a response closes it."""
        kind = response.meta.get("kind")
        door = self.run.doors.notice(kind, items) if kind else None
        if door is not None:
            self.logger.warning("%s (%s): not asked any more in this run", self.run.doors.sentence, items[0].url)

    def _onward(self, response: Response, exchange: Exchange) -> Request | None:
        """The request that follows a redirect from an address to another form of itself.

        A missing slash, www, TLS: one address in the ledger, and so one visit. None without a target, and after too
        many redirects.
        """
        hops = response.meta.get("hops", 0)
        location = sent_on(exchange.header("location"))
        target = absolute(exchange.url, location) if location and hops < MOST_HOPS else None
        if target is None:
            return None
        assert response.request is not None
        own = {name: response.meta[name] for name in OWN_META if name in response.meta}
        return response.request.replace(url=self.run.served(target), meta={**own, "hops": hops + 1})

    def failed(self, failure: Failure) -> None:
        """Handle a request without a response: robots.txt forbids it, or the host was not reached."""
        request: Request = failure.request  # type: ignore[attr-defined]  # Scrapy puts it there
        address: str = request.meta["address"]
        error = failure.value
        if self.ended is not None and self.ended.reason in ("archive", "forbidden"):
            return  # it is due again at the next start
        with self.guarded():
            self._record_failure(address, request, error)

    def _record_failure(self, address: str, request: Request, error: BaseException | None) -> None:
        if isinstance(error, IgnoreRequest) and not isinstance(error, PrivateAddress):
            self.run.excluded(address, "robots.txt")
            return
        without_rules = isinstance(error, RobotsUnavailable)
        why = str(error)[:300] if without_rules else phrase(error)
        if isinstance(error, NEVER_AGAIN):
            self.run.unread(address, why)
            return
        stats, host = self.crawler.stats, urlsplit(request.url).netloc
        proxy = f" through the proxy {at}" if (at := request.meta.get("proxy")) else ""
        self._unreachable = f"could not reach {host}{proxy}: {why}; what the archive has is kept, try again later"
        if without_rules:
            # Nothing more may be requested (RFC 9309, 2.3.1.4), but from another form of the host, which has its own.
            over = host == urlsplit(self.run.home).netloc or not self._handled
        else:
            over = self._had_no_answer() and stats.get_value(UNANSWERED, 0) >= UNREACHABLE_AFTER
        if over and without_rules:
            self.run.give_back([address])  # it was never requested
        else:
            self.run.failed(address, why)
        if over and self.crawler.crawling:
            self.stop("unreachable", self._unreachable)

    def _had_no_answer(self) -> bool:
        return not self.crawler.stats.get_value("postscraper/answered")

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """End the crawl on an error, which is not raised: after one in a callback Scrapy would wait for ever."""
        try:
            yield
        except (ArchiveError, EvidenceError) as error:
            self.stop("archive", str(error), error)
        except Exception as error:
            self.logger.debug("The crawl failed", exc_info=True)
            self.stop("failed", phrase(error), error)

    def _note_interruption(self, reason: str) -> None:
        if reason == "shutdown" and self.ended is None:  # a signal, or a script that stops the crawl
            self.ended = Ended(reason="interrupted", sentence=INTERRUPTED)

    def _close_run(self) -> None:
        doors = self.run.doors
        if self.ended is None and doors.closed and not doors.opened:
            sentence = f"no door of the newspaper is open: {doors.sentence}; nothing more is asked for today"
            self.ended = Ended(reason="walled", sentence=sentence)
        if self.ended is None and self._unreachable and self._had_no_answer():
            self.ended = Ended(reason="unreachable", sentence=self._unreachable)
        try:
            try:
                self.run.log(ended_at=now())
            finally:
                self.run.close()
        except (ArchiveError, EvidenceError) as error:
            self.ended = self.ended or Ended(reason="archive", sentence=str(error), error=error)

    def stop(self, reason: EndReason, sentence: str, error: Exception | None = None) -> None:
        """End the crawl early; the first reason counts."""
        if self.ended is None:
            self.ended = Ended(reason=reason, sentence=sentence, error=error)
            self._closing = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason=reason))
