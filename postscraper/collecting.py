"""Captures that another archive has: its index is read, and what is not held yet is asked for.

Everything stands in the archive's own tables (storage/holdings.py), one transaction for each page of the index:
a run that was killed goes on where it was. The index comes before the captures, for what is held already can
only be known of what is listed.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta

from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.settings import BaseSettings
from twisted.python.failure import Failure

from postscraper.desk import LEASE_SECONDS, Desk, is_filed, now
from postscraper.items import Capture, Item
from postscraper.patience import Patience
from postscraper.placing import placed
from postscraper.scope import Scope
from postscraper.sources.commoncrawl import INDEX, STORE, CommonCrawl
from postscraper.sources.otherarchive import NoCapture, NoIndex, Onward, OtherArchive, Question, Sought
from postscraper.sources.wayback import HOME, Wayback
from storage.elsewhere import Placed, Wanted
from storage.exchange import Exchange


def _common_crawl(settings: BaseSettings, scope: Scope) -> OtherArchive:
    index, store = settings["COMMONCRAWL_INDEX_ORIGIN"] or INDEX, settings["COMMONCRAWL_ORIGIN"] or STORE
    return CommonCrawl(scope.crawls, index.rstrip("/"), store.rstrip("/"))


ARCHIVES: Mapping[str, Callable[[BaseSettings, Scope], OtherArchive]] = {
    "wayback": lambda settings, _: Wayback((settings["WAYBACK_ORIGIN"] or HOME).rstrip("/")),
    "commoncrawl": _common_crawl,
}
INDEX_AGAIN = timedelta(days=30)  # archives go on collecting; what they have of the past hardly changes
LEASED_AT_ONCE = 16
MOST_HOPS = 3

_log = logging.getLogger(__name__)


class Collecting:
    """The frontier of a run over another archive: hands out requests, and takes their answers."""

    def __init__(
        self,
        desk: Desk,
        settings: BaseSettings,
        stop: Callable[..., None],
        writing: Callable[[], AbstractContextManager[None]],
    ) -> None:
        """stop: ends the run, for a reason and with a sentence. writing: turns what the archive refuses into that."""
        self._desk, self._writing = desk, writing
        self._archive = ARCHIVES[desk.scope.source](settings, desk.scope)
        self._holdings = desk.archive.holdings
        self._patience = Patience(self._archive, self._holdings, settings.getfloat("LONGEST_PAUSE"), stop)
        scope = desk.scope
        self._wanted = Wanted(
            sections=scope.sections or None, since=scope.since, until=scope.until, addresses=desk.asked_for()
        )
        self._begun = False
        self._left = scope.limit
        self._queries: deque[str] = deque()
        self._asking = False  # the index, one page at a time
        self._leased: deque[Placed] = deque()

    # What the scheduler asks

    def begin(self) -> None:
        """Find out what is left to do. Ends the run at once on a day on which the archive wants its rest."""
        if self._patience.rests_today():
            return
        today = now()
        self._holdings.begin(self._archive.name, today)
        self._desk.name_payloads()
        scope, paper = self._desk.scope, self._desk.paper
        sought = Sought(
            host=paper.host.removeprefix("www."),
            paths=[paper.sections[section] for section in scope.sections],
            urls=self._wanted.addresses or (),
            since=scope.since,
            until=scope.until,
        )
        self._queries.extend(query for query in self._archive.queries(sought) if not self._is_read(query, today))
        self._begun = True

    def _is_read(self, query: str, today: datetime) -> bool:
        row = self._holdings.enumeration(self._archive.name, query)
        return row is not None and row.finished_at is not None and today - row.finished_at < INDEX_AGAIN

    def end(self) -> None:
        name = self._archive.name
        counts: dict[str, int] = {}
        with self._writing():
            self._holdings.give_back(name, [each.listed for each in self._leased], now())
            counts = self._holdings.counts(name)
        told = ", ".join(f"{count} {state}" for state, count in counts.items()) or "nothing listed"
        _log.info("%s: %s%s.", name, told, "; its index is not read to the end" if self._queries else "")

    def has_more(self) -> bool:
        if self._left == 0 or self._patience.over:
            return False
        more = bool(self._queries or self._leased)
        return more or self._holdings.waiting(self._archive.name, self._wanted)

    def next_request(self) -> Request | None:
        if not self._begun or self._left == 0 or self._asking or self._patience.waits():
            return None
        with self._writing():
            return self._next()
        return None

    def _next(self) -> Request | None:
        if self._queries and not self._enough():
            return self._index_request(self._queries[0])
        if not self._leased:
            at_once = LEASED_AT_ONCE if self._left is None else min(self._left, LEASED_AT_ONCE)
            name = self._archive.name
            self._leased.extend(self._holdings.lease(name, at_once, self._wanted, now(), LEASE_SECONDS))
        if not self._leased:
            return None
        if self._left is not None:
            self._left -= 1
        return self._capture_request(self._leased.popleft())

    def _enough(self) -> bool:
        """Whether a run of few pages has listed as many as it may fetch."""
        if self._left is None:
            return False
        due = len(self._leased) + self._holdings.due(self._archive.name, self._wanted, now())
        return due >= self._left

    def _request(self, question: Question, callback: Callable[[Response], object], **meta: object) -> Request:
        own = {"asked_at": now(), "dont_redirect": True, "download_slot": self._archive.name}
        own |= {"dont_obey_robotstxt": question.documented}
        return Request(
            question.url,
            headers=dict(question.headers),
            callback=callback,
            errback=self._failed,
            dont_filter=True,
            meta={**own, "autothrottle_dont_adjust_delay": True, **meta},
        )

    # The index

    def _index_request(self, query: str) -> Request:
        self._asking = True
        row = self._holdings.enumeration(self._archive.name, query)
        resume_key = None if row is None or row.finished_at is not None else row.resume_key
        question = self._archive.index(query, resume_key)
        return self._request(question, self._read_index, keep=self._keep_index, query=query, resume_key=resume_key)

    def _keep_index(self, exchange: Exchange) -> Exchange:
        self._desk.keep_beside(exchange)
        return exchange

    def _read_index(self, response: Response) -> None:
        self._asking = False
        with self._writing():
            self._listed(response)

    def _listed(self, response: Response) -> None:
        if response.status == 429:
            self._patience.refused(response)
            return
        query, resume_key = response.meta["query"], response.meta["resume_key"]
        answer: Exchange = replace(response.meta["capture"], body=response.body)  # its coding undone
        try:
            page = self._archive.listed(query, resume_key, answer)
        except NoIndex as error:
            self._patience.amiss(f"no index came: {error}", response)
            return
        self._patience.answered()
        captures = [placed(self._desk, listed) for listed in page.captures]
        self._desk.sync()
        new = self._holdings.take_down(self._archive.name, query, captures, page.resume_key, now())
        _log.info("%s: %d captures listed, %d of them new", self._archive.name, len(captures), new)
        if page.resume_key is None:
            self._queries.remove(query)

    # Captures

    def _capture_request(self, wanted: Placed) -> Request:
        def keep(exchange: Exchange) -> Capture | NoCapture | Onward:
            try:
                found = self._archive.capture(wanted.listed, exchange)
            except (NoCapture, Onward) as other:
                self._desk.keep_beside(exchange)
                return other
            return self._desk.keep(found)

        question = self._archive.wanted(wanted.listed)
        return self._request(question, self._read_capture, keep=keep, placed=wanted, address=wanted.address)

    def _read_capture(self, response: Response) -> Iterator[Item | Request]:
        with self._writing():
            yield from self._taken(response, response.meta["placed"], response.meta["capture"])

    def _taken(
        self, response: Response, wanted: Placed, found: Capture | NoCapture | Onward
    ) -> Iterator[Item | Request]:
        name, listed = self._archive.name, wanted.listed
        if isinstance(found, Capture):
            self._patience.answered()
            if (found.url, found.captured_at) != (listed.url, listed.captured_at):
                self._holdings.leave(name, listed, "gone", f"answers with the capture of {found.captured_at}")
            elif not is_filed(found, self._desk.aliases):
                self._holdings.leave(name, listed, "passed over", "robots.txt, or a redirect to the same address")
            if is_filed(found, self._desk.aliases):
                yield self._desk.read(found)
        elif isinstance(found, Onward):
            yield from self._onward(response, wanted, str(found))
        elif response.status == 429:
            self._holdings.give_back(name, [listed], now())
            self._patience.refused(response)
        elif found.gone:
            self._patience.answered()
            self._holdings.leave(name, listed, "gone", str(found))
        else:
            self._holdings.failed(name, listed, str(found), now())
            self._patience.amiss(f"no capture came: {found}", response)

    def _onward(self, response: Response, wanted: Placed, url: str) -> Iterator[Request]:
        hops = response.meta.get("hops", 0)
        if hops >= MOST_HOPS:
            self._holdings.leave(self._archive.name, wanted.listed, "gone", f"sent on more than {MOST_HOPS} times")
            return
        assert response.request is not None
        yield response.request.replace(url=url, meta={**response.meta, "hops": hops + 1})

    # What goes wrong

    def _failed(self, failure: Failure) -> None:
        request: Request = failure.request  # type: ignore[attr-defined]  # Scrapy puts it there
        error = failure.value
        why = f"{type(error).__name__}: {error}"[:300]
        self._asking = False
        wanted: Placed | None = request.meta.get("placed")
        with self._writing():
            if wanted is not None:
                self._holdings.failed(self._archive.name, wanted.listed, why, now())
            if isinstance(error, IgnoreRequest):
                self._patience.stop("unreachable", f"{request.url} is not to be asked for: {error}")
            else:
                self._patience.amiss(why)
