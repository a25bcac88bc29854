"""Frontiers over another archive: they read its index and fetch the captures that are not held yet.

All state is in tables of our archive (storage/holdings/), one transaction for each index page, so that a killed run is
resumed where it stopped. The index is read first, so that captures already held are not fetched.
"""

import logging
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, Protocol

from scrapy import Request
from scrapy.exceptions import DownloadCancelledError, IgnoreRequest
from scrapy.http import Response
from scrapy.settings import BaseSettings
from twisted.python.failure import Failure

from postscraper.crawl.http import phrase
from postscraper.crawl.pacing import Pacing
from postscraper.errors import RobotsUnavailable
from postscraper.items import Item
from postscraper.run.recorder import Recorded
from postscraper.run.run import Run, now
from postscraper.run.scope import Scope
from postscraper.run.selection import candidate, index_targets
from postscraper.sources.commoncrawl import INDEX, STORE, CommonCrawl
from postscraper.sources.remote import ArchiveRequest, NoCapture, NoIndex, Onward, OtherArchive
from postscraper.sources.wayback import HOME, Wayback
from storage.holdings.models import Candidate, CdxEntry
from storage.warc.exchange import Exchange, RecordLocation

INDEX_AGAIN = timedelta(days=30)  # archives keep collecting, but their past captures hardly change
MOST_HOPS = 3
ANSWER_SECONDS = 180.0  # searching an index for a whole host takes a minute or two
MOST_COUNTED = 1_000_000

_log = logging.getLogger(__name__)


def _wayback(settings: Mapping[str, Any], _: Scope) -> OtherArchive:
    return Wayback((settings["WAYBACK_ORIGIN"] or HOME).rstrip("/"))


def common_crawl(settings: Mapping[str, Any], scope: Scope) -> CommonCrawl:
    index, store = settings["COMMONCRAWL_INDEX_ORIGIN"] or INDEX, settings["COMMONCRAWL_ORIGIN"] or STORE
    return CommonCrawl(scope.crawls, index.rstrip("/"), store.rstrip("/"))


ARCHIVES: Mapping[str, Callable[[Mapping[str, Any], Scope], OtherArchive]] = {
    "wayback": _wayback,
    "commoncrawl": common_crawl,
}


class Spider(Protocol):
    """The part of a spider that a frontier needs.

    stop: ends the run, with a reason and a sentence.
    guarded: a context that ends the run on an error inside it.
    """

    run: Run

    def stop(self, reason: Any, sentence: str) -> None: ...
    def guarded(self) -> AbstractContextManager[None]: ...


class Frontier(ABC):
    """Requests of a run to another archive, one at a time, because a response may make the next one unnecessary."""

    def __init__(self, spider: Spider, settings: BaseSettings) -> None:
        self._run, self._guarded = spider.run, spider.guarded
        self._archive = ARCHIVES[self._run.scope.source](settings, self._run.scope)
        self._holdings = self._run.archive.holdings
        self._pacing = Pacing(self._archive, self._holdings, settings.getfloat("LONGEST_PAUSE"), spider.stop)
        self._begun = False
        self._pages_left = self._run.scope.limit
        self._under_way = 0  # requests whose response is not read yet, and pages not committed yet

    def begin(self) -> None:
        """Prepare the first requests. Ends the run if the archive refused too many requests today."""
        if not self._pacing.is_resting_today():
            self._begun = True

    @abstractmethod
    def end(self) -> None:
        """Log the state of the archive's captures at the end of the run."""

    @abstractmethod
    def has_more(self) -> bool:
        """Whether there is anything left that this run may request."""

    def queued(self) -> int | None:
        """How many captures could be fetched now; None if unknown."""
        return None

    def handled(self) -> None:
        """Count a page that is committed, or will not be committed in this run."""
        self._under_way -= 1

    def next_request(self) -> Request | None:
        if not self._begun or self._under_way or self._pacing.waits():
            return None
        with self._guarded():
            return self._next()
        return None

    @abstractmethod
    def _next(self) -> Request | None:
        """The next request; None if there is none now."""

    def _request(
        self, request: ArchiveRequest, read: Callable[[Response], Iterable[Item | Request] | None], **meta: object
    ) -> Request:
        """read: returns the items in the answer, or the request that leads to them."""
        self._under_way += 1
        own = {"asked_at": now(), "dont_redirect": True, "download_slot": self._archive.name}
        own |= {"dont_obey_robotstxt": request.documented, "autothrottle_dont_adjust_delay": True}
        return Request(
            request.url,
            headers=dict(request.headers),
            callback=partial(self._answered, read),
            errback=self._failed,
            dont_filter=True,
            meta={**own, "download_timeout": ANSWER_SECONDS, **meta},
        )

    def _answered(
        self, read: Callable[[Response], Iterable[Item | Request] | None], response: Response
    ) -> Iterator[Item | Request]:
        with self._guarded():
            if response.status == 429 and not isinstance(response.meta["recorded"], tuple):  # which is a capture of one
                if leased := response.meta.get("leased"):
                    self._holdings.give_back(self._archive.name, [leased.entry], now())
                self._pacing.on_rate_limit(response)
            else:
                for result in read(response) or ():
                    # A story that an answer carries whole is handled with its page.
                    self._under_way += isinstance(result, Request) or result.capture.part is None
                    yield result
        self._under_way -= 1

    def _failed(self, failure: Failure) -> None:
        request: Request = failure.request  # type: ignore[attr-defined]  # Scrapy puts it there
        error = failure.value
        why = phrase(error)
        self._under_way -= 1
        leased: Candidate | None = request.meta.get("leased")
        with self._guarded():
            if leased is not None and isinstance(error, DownloadCancelledError):
                self._holdings.mark(self._archive.name, leased.entry, "passed over", why)
                return
            if leased is not None:
                self._holdings.failed(self._archive.name, leased.entry, why, now())
            if isinstance(error, IgnoreRequest):
                self._pacing.stop("unreachable", f"{request.url} is not to be asked for: {error}")
            elif isinstance(error, RobotsUnavailable):
                self._pacing.stop("unreachable", f"its robots.txt cannot be had: {error}; try again later")
            else:
                self._pacing.on_error(why)


class RemoteFrontier(Frontier):
    """Frontier over an archive with an index."""

    def __init__(self, spider: Spider, settings: BaseSettings) -> None:
        super().__init__(spider, settings)
        self._to_fetch = replace(self._run.selection, kinds=None)  # an index names no kinds
        self._queries: deque[str] = deque()
        self._bad_rows = 0  # of the index, skipped in this run

    def begin(self) -> None:
        super().begin()
        if not self._begun:
            return
        today, scope = now(), self._run.scope
        self._holdings.begin(self._archive.name, today)
        self._holdings.name_payloads(self._run.evidence)
        for query in self._archive.queries(index_targets(self._run), scope.since, scope.until):
            row = self._holdings.index_query(self._archive.name, query)
            if row is None or row.finished_at is None or today - row.finished_at >= INDEX_AGAIN:
                self._queries.append(query)

    def end(self) -> None:
        counts: dict[str, int] = {}
        with self._guarded():
            counts = self._holdings.counts(self._archive.name)
        result = ", ".join(f"{count} {state}" for state, count in counts.items()) or "nothing listed"
        result += f"; rows of its index passed over: {self._bad_rows}" if self._bad_rows else ""
        result += "; its index is not read to the end" if self._queries else ""
        _log.info("%s: %s.", self._archive.name, result)

    def queued(self) -> int:
        return self._holdings.due(self._archive.name, self._to_fetch, now(), MOST_COUNTED)

    def has_more(self) -> bool:
        if self._pages_left == 0 or self._pacing.over:
            return False
        return bool(self._queries) or self._holdings.waiting(self._archive.name, self._to_fetch)

    def _next(self) -> Request | None:
        if self._pages_left == 0:
            return None
        if self._queries and not self._has_listed_enough():
            return self._index_request(self._queries[0])
        for leased in self._holdings.lease(self._archive.name, 1, self._to_fetch, now()):
            self._pages_left = None if self._pages_left is None else self._pages_left - 1
            return self._capture_request(leased)
        return None

    def _has_listed_enough(self) -> bool:
        """Whether enough captures are listed for the limit of the run."""
        most = self._pages_left
        return most is not None and self._holdings.due(self._archive.name, self._to_fetch, now(), most) == most

    # The index

    def _index_request(self, query: str) -> Request:
        row = self._holdings.index_query(self._archive.name, query)
        resume_key = None if row is None or row.finished_at is not None else row.resume_key
        request = self._archive.index_request(query, resume_key)
        record = self._run.recorder.record_aside
        return self._request(request, self._read_index, record=record, query=query, resume_key=resume_key)

    def _read_index(self, response: Response) -> None:
        name, query = self._archive.name, response.meta["query"]
        answer: Exchange = replace(response.meta["exchange"], body=response.body)  # without its content coding
        try:
            page = self._archive.read_index(query, response.meta["resume_key"], answer)
        except NoIndex as error:
            self._pacing.on_error(f"no index came: {error}", response)
            return
        self._pacing.answered()
        candidates = [candidate(self._run, entry) for entry in page.captures]
        self._run.recorder.sync()
        new = self._holdings.add_listing(name, query, candidates, page.resume_key, now())
        _log.info("%s: captures listed: %d, new: %d", name, len(candidates), new)
        if page.bad_rows:
            self._bad_rows += len(page.bad_rows)
            first = page.bad_rows[0]
            _log.warning("%s: rows of the index passed over: %d, the first: %s", name, len(page.bad_rows), first)
        if page.resume_key is None:
            self._queries.remove(query)

    # Captures

    def _capture_request(self, leased: Candidate) -> Request:
        def record(answer: Exchange) -> Recorded | NoCapture | Onward:
            try:
                exchange = self._archive.read_capture(leased.entry, answer)
            except (NoCapture, Onward) as other:
                self._run.recorder.record_aside(answer)
                return other
            return exchange, self._run.record(exchange)

        request = self._archive.capture_request(leased.entry)
        return self._request(request, self._read_capture, record=record, leased=leased, address=leased.address)

    def _read_capture(self, response: Response) -> Sequence[Item | Request]:
        """The items of a capture, or the request that leads to it; () if none came."""
        entry: CdxEntry = response.meta["leased"].entry
        recorded: Recorded | NoCapture | Onward = response.meta["recorded"]
        if isinstance(recorded, tuple):
            return self._items(entry, *recorded)
        hops = response.meta.get("hops", 0)
        if isinstance(recorded, Onward) and hops < MOST_HOPS:
            assert response.request is not None
            return [response.request.replace(url=str(recorded), meta={**response.meta, "hops": hops + 1})]
        if isinstance(recorded, Onward):
            recorded = NoCapture(f"sent on more than {MOST_HOPS} times", gone=True)
        self._give_up(entry, recorded, response)
        return ()

    def _items(self, entry: CdxEntry, exchange: Exchange, location: RecordLocation) -> Sequence[Item]:
        """The items of a capture, which is marked as held when they are committed."""
        self._pacing.answered()
        is_page = self._run.reader.is_page(exchange)
        if (exchange.url, exchange.captured_at) != (entry.url, entry.captured_at):
            why = f"answers with the capture of {exchange.captured_at}"
            self._holdings.mark(self._archive.name, entry, "gone", why)
        elif not is_page:
            self._holdings.mark(self._archive.name, entry, "passed over", "a redirect to the same address")
        return self._run.read(exchange, location) if is_page else ()

    def _give_up(self, entry: CdxEntry, none: NoCapture, response: Response) -> None:
        """Mark a capture that was not received."""
        name = self._archive.name
        if none.gone:
            self._pacing.answered()
            self._holdings.mark(name, entry, "gone", str(none))
        else:
            self._holdings.failed(name, entry, str(none), now())
            self._pacing.on_error(f"no capture came: {none}", response)
