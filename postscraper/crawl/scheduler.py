"""Scrapy scheduler over the ledger's due addresses.

The ledger is the frontier, so that addresses stay due when a run is killed. Requests from elsewhere (`scrapy shell`, a
script) are queued in memory.
"""

from collections import deque
from collections.abc import Iterable
from urllib.parse import urlsplit, urlunsplit

from scrapy import Request, Spider
from scrapy.core.scheduler import BaseScheduler
from scrapy.crawler import Crawler

from postscraper.crawl.spider import NewspaperSpider
from postscraper.run.doors import Doors
from postscraper.run.run import Run, now
from postscraper.urls import as_linked
from storage.ledger.ledger import Due

# Few, so that more urgent addresses found meanwhile are visited soon; enough for each concurrent request, so that a
# crawl without delays seldom waits for the writer.
LEASED_AT_ONCE, LEASED_EACH = 16, 4


class LedgerScheduler(BaseScheduler):
    def __init__(self, requests_at_once: int = 1) -> None:
        self._at_once = max(LEASED_AT_ONCE, LEASED_EACH * requests_at_once)
        self._enqueued: deque[Request] = deque()
        self._due: deque[Due] = deque()
        self._spider: NewspaperSpider | None = None
        self._run: Run | None = None  # over the live newspaper
        self._pages_left: int | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "LedgerScheduler":
        return cls(crawler.settings.getint("CONCURRENT_REQUESTS"))

    def open(self, spider: Spider) -> None:
        if isinstance(spider, NewspaperSpider):
            self._spider = spider
            self._run = spider.run if spider.run.scope.source == "live" else None
            self._pages_left = spider.run.scope.limit

    def close(self, reason: str) -> None:
        if self._spider is not None and self._spider.frontier is not None:
            self._spider.frontier.end()
        if self._due:
            self._give_back(self._due)

    def enqueue_request(self, request: Request) -> bool:
        self._enqueued.append(request)
        return True

    def has_pending_requests(self) -> bool:
        if self._enqueued or self._due or self._spider is None:
            return bool(self._enqueued or self._due)
        with self._spider.guarded():
            frontier = self._spider.frontier
            return frontier.has_more() if frontier is not None else self._waiting()
        return False

    def _waiting(self) -> bool:
        """Whether an address of the live newspaper will be due within the waits of a run's back-off."""
        return self._run is not None and self._pages_left != 0 and (self._run.paused() or self._run.soon_due())

    def next_request(self) -> Request | None:
        if self._enqueued:
            return self._enqueued.popleft()
        if self._spider is None:
            return None
        if self._spider.frontier is not None:
            return self._spider.frontier.next_request() if self._spider.ended is None else None
        if self._run is None or self._pages_left == 0 or self._run.paused():
            return None
        self._pass_closed_doors(self._run.doors)
        if not self._due:
            # A run of few pages leases few, because a page found meanwhile may be more urgent.
            at_once = self._at_once if self._pages_left is None else min(self._pages_left, LEASED_EACH)
            with self._spider.guarded():
                self._due.extend(self._run.due(at_once))
        if not self._due:
            return None
        if self._pages_left is not None:
            self._pages_left -= 1
        return _request(self._spider, self._due.popleft())

    def _pass_closed_doors(self, doors: Doors) -> None:
        """Release leased addresses whose door was closed meanwhile."""
        closed = [due for due in self._due if not doors.is_open(due.kind)]
        if closed:
            self._due = deque(due for due in self._due if doors.is_open(due.kind))
            self._give_back(closed)

    def _give_back(self, leased: Iterable[Due]) -> None:
        assert self._spider is not None
        with self._spider.guarded():
            self._spider.run.give_back(due.address for due in leased)


def _request(spider: NewspaperSpider, due: Due) -> Request:
    conditions = {"If-None-Match": due.etag, "If-Modified-Since": due.last_modified}
    return Request(
        _served(spider.run, due),
        headers={name: value for name, value in conditions.items() if value},
        callback=spider.parse,
        errback=spider.failed,
        dont_filter=True,
        # A redirect is an answer that names another address; only that of robots.txt is followed.
        meta={
            "address": due.address,
            "kind": due.kind,
            "depth": due.depth,
            "asked_at": now(),
            "dont_redirect": True,
            **({"download_maxsize": spider.settings.getint("IMAGES_MAXSIZE")} if due.kind == "picture" else {}),
        },
    )


def _served(run: Run, due: Due) -> str:
    url = as_linked(due.address, due.url)
    # A list of the REST API goes on where its last answer ended; a picture may need its key (`?itok=…`).
    if due.kind in ("rest", "picture"):
        home = urlsplit(due.address)
        url = urlunsplit(urlsplit(due.url)._replace(scheme=home.scheme, netloc=home.netloc))
    is_elsewhere = due.kind == "picture" and urlsplit(due.address).netloc != run.paper.host
    return url if is_elsewhere else run.served(url)
