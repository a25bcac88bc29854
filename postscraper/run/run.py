"""One run of a crawl or import: its archive and evidence, and the addresses that it visits.

Order of writes: the exchange is written to the evidence, the evidence is made durable, and only then one transaction
stores rows that name the record. No item is acknowledged before that.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, Self
from urllib.parse import urlsplit, urlunsplit

from postscraper import __version__
from postscraper.errors import BadRequest
from postscraper.items import Item, Receipt, Unread, plain
from postscraper.newspaper import Newspaper
from postscraper.newspapers import aliases
from postscraper.reading.read import loaded
from postscraper.run.discovery import Discoverer
from postscraper.run.doors import KINDS, Doors
from postscraper.run.page_counts import PageCounts
from postscraper.run.page_reader import PageReader, Reading
from postscraper.run.recorder import Recorder
from postscraper.run.scope import Scope
from postscraper.urls import maybe_canonical
from storage.archive import Archive, Outcome
from storage.database.lock import RunLock
from storage.evidence.store import FOLDER, Evidence
from storage.ingest import runs, visits
from storage.ingest.skeletons import NewClass, add_skeletons
from storage.ledger.ledger import Due
from storage.ledger.selection import Selection
from storage.ledger.states import UNREAD_AGAIN, Kind
from storage.maintenance.pictures import measure
from storage.query import captures
from storage.warc.exchange import Exchange, RecordLocation

_FOLLOWED: tuple[Kind, ...] = ("front", "feed", "sitemap", "rest", "listing", "story")
_STORIES: tuple[Kind, ...] = ("story", "page")
STORIES_A_LIST = 3  # visited before the next list
PICTURES_AT_ONCE = 4  # few, so that a story found meanwhile comes soon
# Settings of the run that its evidence records.
_RECORDED_SETTINGS = (
    *("USER_AGENT", "ROBOTSTXT_OBEY", "DOWNLOAD_DELAY", "CONCURRENT_REQUESTS_PER_DOMAIN", "DOWNLOAD_MAXSIZE"),
    "PAPER_ORIGIN",  # needed later to know whose pages a mirror served
)


class Settings(Protocol):
    """The part of Scrapy's settings that a run needs; None for a setting without a value."""

    def __getitem__(self, name: str) -> Any: ...
    def getbool(self, name: str) -> bool: ...
    def getfloat(self, name: str) -> float: ...


class Run:
    """State of one run; `close` ends it. Only this class reads the clock: the layers below get the time from it."""

    def __init__(
        self,
        paper: Newspaper,
        scope: Scope,
        settings: Settings,
        archive: Archive,
        evidence: Evidence,
        lock: RunLock,
    ) -> None:
        self.paper, self.scope, self.archive, self.evidence = paper, scope, archive, evidence
        self.aliases = aliases(paper, settings["PAPER_ORIGIN"])
        self._origin = urlsplit(settings["PAPER_ORIGIN"]) if settings["PAPER_ORIGIN"] else None
        keeps_pictures = settings.getbool("KEEP_IMAGES")
        longest_pause = settings.getfloat("LONGEST_PAUSE")
        self.discoverer = Discoverer(paper, scope, self.aliases, longest_pause, keeps_pictures=keeps_pictures)
        self.counts = PageCounts()
        is_new = scope.source != "archive"  # else the pages were counted by the run that brought them
        note = self.counts.add_skeleton if is_new else None
        self.reader = PageReader(self.discoverer, withdrawn=archive.withdrawn(), on_skeleton=note)
        self.recorder = Recorder(archive, evidence)
        self._paused_until = datetime.min.replace(tzinfo=UTC)
        # Readings that are not committed yet, with visits and the other items of the response: Scrapy's pipelines pass
        # only items. A list, because two captures may be equal to the last byte.
        self._pending: dict[Receipt, list[list[Reading]]] = {}
        self._lock = lock
        self.number: int | None = None  # of its row, once it has one
        self.closed = False
        self.doors = Doors()
        self.other_hosts = Counter[str]()  # number of their pages, by host
        self.unselected = 0  # pages of a file or archive outside of the selection
        self.selection = self._selection()
        # A picture may be on any host: it belongs to the newspaper on whose page it was found.
        self._pictures = Selection(found_on=paper.host, kinds=("picture",)) if keeps_pictures else None

    def _selection(self) -> Selection:
        scope = self.scope
        return Selection(
            host=self.paper.host,
            kinds=KINDS if scope.urls else ("listing", "story", "rest") if scope.sections else _FOLLOWED,
            sections=scope.sections or None,
            since=scope.since,
            until=scope.until,
            addresses=tuple(seed.address for seed in self.discoverer.seeds()) if scope.urls else None,
        )

    @classmethod
    def open(cls, paper: Newspaper, scope: Scope, settings: Settings) -> Self:
        """Take the run lock, open archive and evidence, and recover them after a crash.

        Raises ArchiveInUse, ArchiveError and EvidenceError, each one sentence.
        """
        loaded(paper.layouts)  # raises BadRequest for a missing one, before the lock is taken
        folder = Path(settings["ARCHIVE_DIR"])
        lock = RunLock(folder)
        try:
            archive = Archive.open(folder, db_url=settings["ARCHIVE_DB_URL"])
            recorded = {name: settings[name] for name in _RECORDED_SETTINGS if settings[name] is not None}
            evidence = Evidence.open(
                folder / FOLDER,
                prefix=paper.name,
                writable=True,
                software=f"postscraper {__version__}",
                robots="obey" if settings.getbool("ROBOTSTXT_OBEY") else "ignore",
                settings={name.lower().replace("_", "-"): str(value) for name, value in recorded.items()},
            )
            run = cls(paper, scope, settings, archive, evidence, lock)
            run._check_addresses()
            run._recover()
        except BaseException:
            lock.release()
            raise
        return run

    def close(self) -> None:
        """End the run. Raises EvidenceError for a write error; everything committed before is durable."""
        try:
            self.evidence.close()
            if self._pictures is not None:
                measure(self.archive)
        finally:
            self.archive.close()
            self._lock.release()
            self.closed = True

    def log(self, **values: Any) -> None:
        """Add the run to the archive's list of runs, or complete its row. values: columns of the table `run`."""
        with self.archive.write() as connection:
            if self.number is None:
                own = {"newspaper": self.paper.name, "source": self.scope.source, "arguments": _arguments(self.scope)}
                self.number = runs.begin(connection, {**own, "started_at": now(), **values})
            else:
                runs.complete(connection, self.number, values)

    def log_counts(self, **values: Any) -> list[NewClass]:
        """Complete the row by the counts of the pages; returns the classes that are new in the markup of stories.

        values: columns, in place of those of the counts.
        """
        if self.number is None:
            return []
        with self.archive.write() as connection:
            new = add_skeletons(connection, self.number, self.counts.skeletons)
            skeletons = json.dumps([asdict(each) for each in new], ensure_ascii=False)
            columns = {**self.counts.columns(self.paper.floors), "skeletons": skeletons, **values}
            runs.complete(connection, self.number, columns)
        return new

    def _recover(self) -> None:
        """Commit the records that an interrupted run wrote but did not commit, and end its leases."""
        safe_offsets = self.archive.ask(visits.replay_offsets)
        for location, exchange in self.evidence.recover(self.archive.ask(captures.evidence_ends), done=safe_offsets):
            if self.reader.is_page(exchange) and not self.recorder.has(exchange):
                row = self.archive.ledger.row(self.reader.address(exchange.url))
                self.archive.add_many(self.reader.read(exchange, location, depth=row.depth if row else 0))
        self.archive.replay(
            [], {file: size for file, size in self.evidence.sizes().items() if size != safe_offsets.get(file)}
        )
        self.archive.ledger.release_all(now())

    def served(self, url: str) -> str:
        """The address to request: the newspaper's own, or that of the mirror in the setting PAPER_ORIGIN."""
        if self._origin is None:
            return url
        return urlunsplit(urlsplit(url)._replace(scheme=self._origin.scheme, netloc=self._origin.netloc))

    @property
    def home(self) -> str:
        """The address to request for the front page."""
        return self.served(f"https://{self.paper.host}/")

    def _check_addresses(self) -> None:
        """Raises BadRequest for an address in the scope that is not on the newspaper's host."""
        for address in self.selection.addresses or ():
            if address.split("/")[2] != self.paper.host:
                raise BadRequest(f"url={address} is no address of {self.paper.host}")

    def begin(self) -> None:
        """Add the seeds of the run to the ledger."""
        self.archive.ledger.discover(self.discoverer.seeds(), now())

    def due(self, limit: int) -> list[Due]:
        """Addresses to visit now, the most urgent first; they are leased to this run.

        Lists and stories alternate, so that both come within the first minutes. If no story is due, at most one list is
        returned, because it may announce some.
        """
        stories = self._lease(max(limit - limit // (STORIES_A_LIST + 1), 1), stories=True)
        lists = self._lease(max(limit - len(stories), 0) if stories else 1, stories=False)
        batch: list[Due] = []
        for turn in range(max(len(lists), len(stories))):
            batch += lists[turn : turn + 1]
            batch += stories[turn * STORIES_A_LIST : (turn + 1) * STORIES_A_LIST]
        return batch or self._lease_pictures(limit)

    def _lease_pictures(self, limit: int) -> list[Due]:
        """Pictures wait until no page is due: they must not keep stories waiting."""
        if self._pictures is None or not self.doors.is_open("picture"):
            return []
        return self.archive.ledger.lease(min(limit, PICTURES_AT_ONCE), self._pictures, now=now())

    def _lease(self, limit: int, *, stories: bool) -> list[Due]:
        kinds = [kind for kind in self._open().kinds or () if (kind in _STORIES) == stories]
        if not kinds or not limit:
            return []
        return self.archive.ledger.lease(limit, replace(self.selection, kinds=kinds), now=now())

    def _open(self) -> Selection:
        """The selection of the run, limited to kinds whose door is open."""
        return replace(self.selection, kinds=tuple(filter(self.doors.is_open, self.selection.kinds or KINDS)))

    def paused(self) -> bool:
        """Whether a pause that the newspaper requested is not over yet."""
        return now() < self._paused_until

    def give_back(self, addresses: Iterable[str]) -> None:
        """End the leases of addresses that were not requested: they stay as they were."""
        self.archive.ledger.release(addresses)

    def soon_due(self) -> bool:
        """Whether an address that failed in this run waits for its next try."""
        return self.archive.ledger.next_due_at(now(), self._open()) is not None

    def queued(self) -> int:
        """How many addresses the run could visit now."""
        pictures = self.archive.ledger.due(now(), self._pictures) if self._pictures else 0
        return self.archive.ledger.due(now(), self._open()) + pictures

    def not_yet_due(self, begun_at: datetime) -> int:
        """Number of addresses of the newspaper that were not due in a run that began at `begun_at`."""
        return self.archive.ledger.not_yet_due(now(), begun_at, Selection(host=self.selection.host))

    def record(self, exchange: Exchange) -> RecordLocation:
        """Write the exchange to the evidence, before it is parsed; durable with the next `commit`."""
        location = self.recorder.record(exchange)
        if not self.reader.is_page(exchange):
            self.recorder.discard(location.file, location.offset)
        return location

    def is_home(self, url: str) -> bool:
        """Whether an address is on the newspaper's host; others are counted by their host."""
        address = maybe_canonical(url, self.aliases)
        host = address.split("/")[2] if address else urlsplit(url).netloc
        if host != self.paper.host:
            self.other_hosts[host] += 1
        return host == self.paper.host

    def read(self, exchange: Exchange, location: RecordLocation, *, depth: int = 0) -> list[Item]:
        """The item of the page, then the complete stories in it, which are committed with it.

        depth: links between the start of the crawl and the page.
        """
        readings = self.reader.read(exchange, location, depth=depth)
        for pending in (readings, *([story] for story in readings[1:])):
            self._pending.setdefault(pending[0][0].capture, []).append(pending)
        visit = readings[0][1]
        if visit is not None and visit.retry_after_seconds:
            self._paused_until = max(self._paused_until, now() + timedelta(seconds=visit.retry_after_seconds))
        return [item for item, _ in readings]

    def take_picture(self, exchange: Exchange, location: RecordLocation) -> Unread:
        """Commit the answer for a picture, past the pipelines; the item says what came, `picture` if it is one."""
        readings = self.reader.read(exchange, location)
        self.commit([readings])
        item = readings[0][0]
        assert isinstance(item, Unread), "no page is read at the address of a picture"
        return item

    def pending(self, item: Any) -> Item | None:
        """The pending item of the same capture, unchanged by pipelines; None if there is none."""
        readings = self._pending.get(item.capture) if isinstance(item, Item) else None
        return readings[-1][0][0] if readings else None

    def handled(self, item: Item) -> None:
        """Forget a pending item that is committed, or will not be committed in this run."""
        readings = self._pending[item.capture]
        readings.pop()
        if not readings:
            del self._pending[item.capture]

    def is_withdrawn(self, story: Item) -> bool:
        """Whether a story in a response is withdrawn from the archive."""
        return self.reader.is_withdrawn(story.capture.part or story.url)

    def answer(self, item: Item) -> list[Reading]:
        """A pending item with its visit, then the complete stories in its response.

        item: may be the dropped form of the pending one (`dropped_item`).
        """
        (_, visit), *stories = self._pending[item.capture][-1]
        return [(item, visit), *stories]

    def commit(self, answers: Sequence[Sequence[Reading]]) -> list[list[Outcome]]:
        """Store responses in one durable transaction, after making their evidence durable.

        Returns the outcomes of each response's items, in order.
        """
        self.recorder.sync()
        readings = [reading for answer in answers for reading in answer]
        if self.scope.source == "archive":
            outcomes = self.archive.reread(readings)
        else:
            records = (answer[0][0].capture.record for answer in answers)
            offsets = self.recorder.committed((record.file, record.offset) for record in records if record is not None)
            outcomes = self.archive.replay(readings, offsets)
        in_order = iter(outcomes)
        return [list(islice(in_order, len(answer))) for answer in answers]

    def named_by_robots(self, urls: Iterable[str]) -> None:
        """Add the sitemaps that robots.txt names to the ledger."""
        self.archive.ledger.discover(self.discoverer.sitemaps(urls), now())

    def failed(self, address: str, why: str) -> None:
        """Record that a request got no response; the address is tried again later."""
        self.archive.ledger.failed(address, why, now())

    def unread(self, address: str, why: str) -> None:
        """Record that no response could be stored, and that none is expected soon."""
        at = now()
        self.archive.ledger.settle(address, "unread", why, at + UNREAD_AGAIN, at)

    def excluded(self, address: str, by: str) -> None:
        self.archive.ledger.excluded(address, by, now())


def _arguments(scope: Scope) -> str:
    """The arguments of the run as JSON, without those that were not given."""
    given = {each.name: getattr(scope, each.name) for each in fields(scope) if each.name != "source"}
    return json.dumps({name: plain(value) for name, value in given.items() if value}, default=str, ensure_ascii=False)


def now() -> datetime:
    return datetime.now(UTC)
