"""Captures that another archive has: its index is read, and what is not held yet is asked for.

Everything stands in the archive's own tables (storage/elsewhere/holdings.py), one transaction for each page of
the index: a run that was killed goes on where it was. The index comes before the captures, for what is held
already can only be known of what is listed.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta

from scrapy import Request
from scrapy.exceptions import DownloadCancelledError, IgnoreRequest
from scrapy.http import Response
from scrapy.settings import BaseSettings
from twisted.python.failure import Failure

from postscraper.crawl.archives import ARCHIVES
from postscraper.crawl.pacing import Pacing
from postscraper.errors import RobotsUnavailable
from postscraper.items import Capture, Item
from postscraper.run.run import Run, now
from postscraper.run.selection import placed, sought, wanted
from postscraper.sources.captures import is_page
from postscraper.sources.remote import NoCapture, NoIndex, Onward, Question
from storage.holdings.models import Candidate, CdxEntry
from storage.warc.exchange import Exchange

Kept = Capture | NoCapture | Onward
INDEX_AGAIN = timedelta(days=30)  # archives go on collecting; what they have of the past hardly changes
MOST_HOPS = 3
ANSWER_SECONDS = 180.0  # an index is searched for a minute or two, when whole hosts are asked for

MOST_COUNTED = 1_000_000

_log = logging.getLogger(__name__)


class RemoteFrontier:
    """The frontier of a run over another archive: hands out requests, and takes their answers."""

    def __init__(
        self,
        desk: Run,
        settings: BaseSettings,
        stop: Callable[..., None],
        writing: Callable[[], AbstractContextManager[None]],
    ) -> None:
        """stop: ends the run, for a reason and with a sentence. writing: turns what the archive refuses into that."""
        self._desk, self._writing = desk, writing
        self._archive = ARCHIVES[desk.scope.source](settings, desk.scope)
        self._holdings = desk.archive.holdings
        self._patience = Pacing(self._archive, self._holdings, settings.getfloat("LONGEST_PAUSE"), stop)
        self._wanted = wanted(desk)
        self._begun = False
        self._left = desk.scope.limit
        self._queries: deque[str] = deque()
        self._bad_rows = 0  # of the index, passed over in this run
        self._asking = False  # one question at a time: what its answer brings may make the next one needless

    # What the scheduler asks

    def begin(self) -> None:
        """Find out what is left to do. Ends the run at once on a day on which the archive wants its rest."""
        if self._patience.rests_today():
            return
        today = now()
        self._holdings.begin(self._archive.name, today)
        self._desk.name_payloads()
        queries = self._archive.queries(sought(self._desk))
        self._queries.extend(query for query in queries if not self._is_read(query, today))
        self._begun = True

    def _is_read(self, query: str, today: datetime) -> bool:
        row = self._holdings.index_query(self._archive.name, query)
        return row is not None and row.finished_at is not None and today - row.finished_at < INDEX_AGAIN

    def end(self) -> None:
        name = self._archive.name
        counts: dict[str, int] = {}
        with self._writing():
            counts = self._holdings.counts(name)
        told = ", ".join(f"{count} {state}" for state, count in counts.items()) or "nothing listed"
        told += f"; rows of its index passed over: {self._bad_rows}" if self._bad_rows else ""
        _log.info("%s: %s%s.", name, told, "; its index is not read to the end" if self._queries else "")

    def queued(self) -> int:
        """How many of the captures that are listed by now could be asked for."""
        return self._holdings.due(self._archive.name, self._wanted, now(), MOST_COUNTED)

    def has_more(self) -> bool:
        if self._left == 0 or self._patience.over:
            return False
        return bool(self._queries) or self._holdings.waiting(self._archive.name, self._wanted)

    def next_request(self) -> Request | None:
        if not self._begun or self._left == 0 or self._asking or self._patience.waits():
            return None
        with self._writing():
            return self._next()
        return None

    def _next(self) -> Request | None:
        if self._queries and not self._enough():
            return self._index_request(self._queries[0])
        leased = self._holdings.lease(self._archive.name, 1, self._wanted, now())
        if not leased:
            return None
        if self._left is not None:
            self._left -= 1
        return self._capture_request(leased[0])

    def _enough(self) -> bool:
        """Whether a run of few pages has listed as many as it may fetch."""
        left = self._left
        return left is not None and self._holdings.due(self._archive.name, self._wanted, now(), left) == left

    def handled(self) -> None:
        """An item has gone into the archive, or could not."""
        self._asking = False

    def _request(self, question: Question, callback: Callable[[Response], object], **meta: object) -> Request:
        self._asking = True
        own = {"asked_at": now(), "dont_redirect": True, "download_slot": self._archive.name}
        own |= {"dont_obey_robotstxt": question.documented}
        return Request(
            question.url,
            headers=dict(question.headers),
            callback=callback,
            errback=self._failed,
            dont_filter=True,
            meta={**own, "autothrottle_dont_adjust_delay": True, "download_timeout": ANSWER_SECONDS, **meta},
        )

    # The index

    def _index_request(self, query: str) -> Request:
        row = self._holdings.index_query(self._archive.name, query)
        resume_key = None if row is None or row.finished_at is not None else row.resume_key
        question = self._archive.index(query, resume_key)
        return self._request(question, self._read_index, keep=self._keep_index, query=query, resume_key=resume_key)

    def _keep_index(self, exchange: Exchange) -> Exchange:
        self._desk.recorder.record_aside(exchange)
        return exchange

    def _read_index(self, response: Response) -> None:
        self._asking = False
        with self._writing():
            self._listed(response)

    def _listed(self, response: Response) -> None:
        if response.status == 429:
            self._patience.on_rate_limit(response)
            return
        query, resume_key = response.meta["query"], response.meta["resume_key"]
        answer: Exchange = replace(response.meta["capture"], body=response.body)  # its coding undone
        try:
            page = self._archive.listed(query, resume_key, answer)
        except NoIndex as error:
            self._patience.on_error(f"no index came: {error}", response)
            return
        self._patience.answered()
        captures = [placed(self._desk, listed) for listed in page.captures]
        self._desk.sync()
        name = self._archive.name
        new = self._holdings.add_listing(name, query, captures, page.resume_key, now())
        _log.info("%s: captures listed: %d, new: %d", name, len(captures), new)
        if page.bad_rows:
            self._bad_rows += len(page.bad_rows)
            first = page.bad_rows[0]
            _log.warning("%s: rows of the index passed over: %d, the first: %s", name, len(page.bad_rows), first)
        if page.resume_key is None:
            self._queries.remove(query)

    # Captures

    def _capture_request(self, leased: Candidate) -> Request:
        def keep(exchange: Exchange) -> Kept:
            try:
                found = self._archive.capture(leased.entry, exchange)
            except (NoCapture, Onward) as other:
                self._desk.recorder.record_aside(exchange)
                return other
            return self._desk.record(found)

        question = self._archive.wanted(leased.entry)
        return self._request(question, self._read_capture, keep=keep, placed=leased, address=leased.address)

    def _read_capture(self, response: Response) -> Iterator[Item | Request]:
        found = None
        with self._writing():
            found = self._taken(response, response.meta["placed"].listed, response.meta["capture"])
        if found is None:
            self._asking = False
        elif isinstance(found, Request):
            yield found
        else:
            yield from found

    def _taken(self, response: Response, listed: CdxEntry, found: Kept) -> Sequence[Item] | Request | None:
        """What goes on: the items of a capture, the request that leads to it; None when it ends here."""
        if isinstance(found, Capture):
            return self._items(listed, found)
        if isinstance(found, Onward) and response.meta.get("hops", 0) < MOST_HOPS:
            assert response.request is not None
            hops = response.meta.get("hops", 0) + 1
            return response.request.replace(url=str(found), meta={**response.meta, "hops": hops})
        if isinstance(found, Onward):
            found = NoCapture(f"sent on more than {MOST_HOPS} times", gone=True)
        self._end(listed, found, response)
        return None

    def _items(self, listed: CdxEntry, found: Capture) -> Sequence[Item] | None:
        """It is held as soon as they are filed."""
        self._patience.answered()
        of_paper = is_page(found, self._desk.aliases)
        if (found.url, found.captured_at) != (listed.url, listed.captured_at):
            self._holdings.mark(self._archive.name, listed, "gone", f"answers with the capture of {found.captured_at}")
        elif not of_paper:
            self._holdings.mark(self._archive.name, listed, "passed over", "a redirect to the same address")
        return self._desk.read(found) if of_paper else None

    def _end(self, listed: CdxEntry, none: NoCapture, response: Response) -> None:
        """Leave a capture that did not come."""
        name = self._archive.name
        if response.status == 429:
            self._holdings.give_back(name, [listed], now())
            self._patience.on_rate_limit(response)
        elif none.gone:
            self._patience.answered()
            self._holdings.mark(name, listed, "gone", str(none))
        else:
            self._holdings.failed(name, listed, str(none), now())
            self._patience.on_error(f"no capture came: {none}", response)

    # What goes wrong

    def _failed(self, failure: Failure) -> None:
        request: Request = failure.request  # type: ignore[attr-defined]  # Scrapy puts it there
        error = failure.value
        why = f"{type(error).__name__}: {error}"[:300]
        self._asking = False
        asked: Candidate | None = request.meta.get("placed")
        with self._writing():
            if asked is not None and isinstance(error, DownloadCancelledError):
                self._holdings.mark(self._archive.name, asked.entry, "passed over", why)
                return
            if asked is not None:
                self._holdings.failed(self._archive.name, asked.entry, why, now())
            if isinstance(error, IgnoreRequest):
                self._patience.stop("unreachable", f"{request.url} is not to be asked for: {error}")
            elif isinstance(error, RobotsUnavailable):
                self._patience.stop("unreachable", f"its robots.txt cannot be had: {error} Try again later")
            else:
                self._patience.on_error(why)
