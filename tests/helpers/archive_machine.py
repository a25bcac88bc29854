"""A real archive on the disk against a plain model: pages kept and filed, crashes, recoveries, copies.

A crash is a copy of the folder as it stands, from which any part of what was never synced may be
missing; the run goes on from the copy. So nothing of the program is replaced, and the model says
exactly which pages must have come through.
"""

import atexit
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import ClassVar
from unittest.mock import patch

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from scrapy.settings import Settings

from postscraper.items import Article, Listing
from postscraper.newspapers import POST
from postscraper.run.evidence_reader import EvidenceReader
from postscraper.run.run import Run
from postscraper.run.scope import Scope
from storage.archive import Archive
from storage.maintenance.backup import backup
from storage.maintenance.check import verify
from storage.warc.exchange import Exchange
from tests.helpers.archive_model import Kept, Model, Page, Words, exported, sitemap, story_page, worded
from tests.helpers.archives import SITE

FIRST = datetime(2018, 6, 20, 3, 0, tzinfo=UTC)


SLUGS = st.sampled_from(("ferry-waits", "ferry-waits-0", "well-reopens"))
WORDS = st.tuples(
    st.sampled_from(("Ferry waits for water", "Well reopens", "ទូកឆ្លងរង់ចាំទឹក")),
    st.sampled_from(("Boats came on Monday.", "Boats came on Tuesday.", "ទឹកឡើងខ្ពស់។")),
)
MINUTES = st.integers(0, 600)
ANY = st.integers(0, 10**6)  # which of what there is


@cache
def empty() -> Path:
    """An archive with nothing in it: to make one takes longer than all that is done with it here."""
    folder = Path(mkdtemp()) / "archive"
    atexit.register(shutil.rmtree, folder.parent)
    Archive.open(folder).close()
    return folder


class Machine(RuleBasedStateMachine):
    """kind: the run's class. expected: the model. durable: up to which byte each file was synced."""

    kind: ClassVar[type[Run]] = Run
    expected: ClassVar[type[Model]] = Model

    def __init__(self) -> None:
        super().__init__()
        self.ends = ExitStack()
        self.root = Path(self.ends.enter_context(TemporaryDirectory()))
        self.folder = Path(shutil.copytree(empty(), self.root / "0"))
        self.durable: dict[str, int] = {}
        self.ends.enter_context(patch.object(os, "fsync", self.noting(os.fsync)))
        self.times = set[datetime]()
        self.seen: list[Page] = []
        self.waiting: list[Kept] = []
        self.model = self.expected()
        self.open()

    def noting(self, fsync: Callable[[int], None]) -> Callable[[int], None]:
        """The system's fsync; up to which byte a file is then safe."""

        def noted(descriptor: int) -> None:
            path = Path(f"/proc/self/fd/{descriptor}").resolve()
            fsync(descriptor)
            # Not of a copy, whose files bear the same names and may be shorter.
            if path.name.endswith(".warc.gz") and path.is_relative_to(self.folder.resolve()):
                self.durable[path.name] = path.stat().st_size

        return noted

    def open(self) -> None:
        told = Settings()
        told.setmodule("postscraper.settings")
        told.set("ARCHIVE_DIR", str(self.folder))
        self.run = self.kind.open(POST, Scope(), told)

    def teardown(self) -> None:
        try:
            self.run.close()
        finally:
            self.ends.close()

    # What comes in

    def keep(self, page: Page) -> None:
        record = self.run.record(page.exchange)
        (item,) = self.run.read(page.exchange, record)
        if page.words:
            assert isinstance(item, Article)
            assert (item.headline, item.body[0].text, item.problems) == (*page.words, ())
        self.seen.append(page)
        self.waiting.append(Kept(page, item, record.file, slice(record.offset, record.offset + record.length)))

    def moment(self, minutes: int) -> datetime:
        """Of no other answer: before, between or after those that came."""
        at = FIRST + timedelta(minutes=minutes)
        while at in self.times:
            at += timedelta(seconds=7)
        self.times.add(at)
        return at

    def answer(self, path: str, minutes: int, body: bytes, status: int = 200, **headers: str) -> Exchange:
        at = self.moment(minutes)
        return Exchange(
            url=SITE + path, requested_at=at, captured_at=at, status=status, body=body, headers=tuple(headers.items())
        )

    @rule(slug=SLUGS, wordings=st.lists(st.tuples(WORDS, MINUTES), min_size=1, max_size=3), advert=st.integers(0, 2))
    def a_story_comes_or_is_revised(self, slug: str, wordings: list[tuple[Words, int]], advert: int) -> None:
        for words, minutes in wordings:
            self.keep(Page(self.answer(f"/national/{slug}", minutes, story_page(slug, words, advert)), words))

    @precondition(lambda self: any(page.words for page in self.seen))
    @rule(which=ANY, minutes=MINUTES, advert=st.integers(3, 9))
    def the_same_words_stand_among_others(self, which: int, minutes: int, advert: int) -> None:
        told = [page for page in self.seen if page.words]
        old = told[which % len(told)]
        assert old.words is not None
        body = story_page(old.exchange.url.rpartition("/")[2], old.words, advert)
        self.keep(replace(old, exchange=replace(old.exchange, captured_at=self.moment(minutes), body=body)))

    @precondition(lambda self: self.seen)
    @rule(which=ANY, minutes=MINUTES)
    def the_same_bytes_come_at_another_time(self, which: int, minutes: int) -> None:
        old = self.seen[which % len(self.seen)]
        self.keep(replace(old, exchange=replace(old.exchange, captured_at=self.moment(minutes))))

    @precondition(lambda self: self.seen)
    @rule(which=ANY)
    def the_very_capture_comes_twice(self, which: int) -> None:
        self.keep(self.seen[which % len(self.seen)])

    @rule(slugs=st.sets(SLUGS, min_size=1), minutes=MINUTES)
    def a_list_comes(self, slugs: set[str], minutes: int) -> None:
        heard = frozenset(f"{SITE}/national/{slug}" for slug in slugs)
        self.keep(Page(self.answer("/sitemap.xml", minutes, sitemap(slugs)), heard=heard))
        assert isinstance(self.waiting[-1].item, Listing)

    @rule(slug=SLUGS, minutes=MINUTES, what=st.sampled_from(("gone", "moved", "robots")))
    def no_story_comes(self, slug: str, minutes: int, what: str) -> None:
        path, to = f"/national/{slug}", f"{SITE}/business/{slug}"
        if what == "gone":
            self.keep(Page(self.answer(path, minutes, b"<html><h1>Page not found</h1></html>", 404)))
        elif what == "moved":
            self.keep(Page(self.answer(path, minutes, b"", 301, Location=to), heard=frozenset({to})))
        else:
            self.keep(Page(self.answer("/robots.txt", minutes, b"User-agent: *\nDisallow: /search\n"), filed=False))

    # What becomes of it

    @precondition(lambda self: self.waiting)
    @rule(most=st.sampled_from((99, 3, 1)))
    def some_are_filed(self, most: int) -> None:
        """In the order of their coming, as a run does."""
        some, self.waiting = self.waiting[:most], self.waiting[most:]
        self.run.commit([self.run.answer(kept.item) for kept in some if kept.page.filed])
        for kept in some:
            self.model.take(kept.page)

    @rule(crash=st.booleans(), filed=st.sampled_from((0, 2, 99)), lost=st.floats(0, 1), zeros=st.booleans())
    def another_run_begins(self, crash: bool, filed: int, lost: float, zeros: bool) -> None:
        """filed: the pages that come in just before the last run ends, at most.

        lost: how much of what was never synced; it is cut off, or its room is there and full of zeros.
        """
        self.some_are_filed(filed)
        image, safe = (self.image(), dict(self.durable)) if crash else (self.folder, self.durable)
        self.run.close()
        self.folder, self.durable = image, safe
        self.begin_again(list(self.torn(lost, zeros)) if crash else self.waiting)

    def image(self) -> Path:
        """What a machine that stops now has on its disk, if the disk lost nothing."""
        return Path(shutil.copytree(self.folder, self.another(), ignore=shutil.ignore_patterns("*-shm")))

    def another(self) -> Path:
        return self.root / str(len(list(self.root.iterdir())))

    def torn(self, lost: float, zeros: bool) -> Iterator[Kept]:
        """Take away what was never synced; the waiting pages whose bytes are there all the same."""
        for path in (self.folder / "evidence").glob("*.gz"):
            whole = path.read_bytes()
            end = len(whole) - round(lost * (len(whole) - self.durable.get(path.name, 0)))
            left = whole[:end] + bytes(zeros * (len(whole) - end))
            path.write_bytes(left)
            here = (kept for kept in self.waiting if kept.file == path.name)
            yield from (kept for kept in here if left[kept.span] == whole[kept.span])

    def begin_again(self, came_through: list[Kept]) -> None:
        """Recovery brings in what was kept whole, and nothing else; then all is sound."""
        for kept in came_through:
            self.model.take(kept.page)
        self.waiting = []
        self.open()
        self.run.close()
        assert verify(self.folder, EvidenceReader(self.folder)).findings == []
        self.open()

    @rule()
    def a_copy_is_made(self) -> None:
        copy = self.another()
        backup(self.folder, copy)
        assert verify(copy, EvidenceReader(copy)).findings == []
        with Archive.open(copy, readonly=True) as archive:
            assert exported(archive) == self.model.export()

    @invariant()
    def the_archive_is_as_the_model_says(self) -> None:
        archive = self.run.archive
        assert exported(archive) == self.model.export()
        wordings = self.model.wordings()
        assert {url: list(worded(archive, url)) for url in wordings} == wordings
        assert {(row.url, row.captured_at) for row in archive.captures()} == self.model.captures
        assert {row.address for row in archive.ledger.rows()} == self.model.addresses
