"""Archives for the tests of integrity: filled as a crawl fills them, without a network."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from scrapy.settings import Settings

from postscraper.items import Capture, Item
from postscraper.newspapers import NEWSPAPERS
from postscraper.run.run import Run
from postscraper.run.scope import Scope
from postscraper.sources import folder
from storage.archive import Outcome
from storage.warc.exchange import Exchange
from tests.helpers.paths import SAMPLES

SITE = "https://www.phnompenhpost.com"


@contextmanager
def run_on(archive: Path, *, paper: str = "post", origin: str | None = None) -> Iterator[Run]:
    """A run over saved pages. origin: of the mirror that serves the paper."""
    settings = Settings()
    settings.setmodule("postscraper.settings")
    settings.set("ARCHIVE_DIR", str(archive))
    settings.set("PAPER_ORIGIN", origin)
    run = Run.open(NEWSPAPERS[paper], Scope(source="samples"), settings)
    try:
        yield run
    finally:
        run.close()


def by_hand(saved: Capture) -> Exchange:
    """A saved page as it is kept: nothing is known of the answer's head."""
    at = saved.captured_at
    return Exchange(url=saved.url, requested_at=None, captured_at=at, status=None, body=saved.body, source="folder")


def answer(saved: Capture, **changes: Any) -> Exchange:
    """A saved page as an answer of the live site, with the question before it."""
    usual = {"status": 200, "source": "live", "headers": (("ETag", '"1"'), ("Content-Type", "text/html"))}
    request = {"requested_at": saved.captured_at, "request_headers": (("Accept", "text/html"),)}
    return replace(by_hand(saved), **(usual | request | changes))


def read(run: Run, exchange: Exchange) -> list[Item]:
    """Record the exchange, and read it."""
    return run.read(exchange, run.record(exchange))


def file(run: Run, *exchanges: Exchange) -> list[list[Outcome]]:
    """Record, read and store, in one transaction."""
    return run.commit([run.answer(read(run, exchange)[0]) for exchange in exchanges])


def saved_pages(every: int = 1) -> list[Capture]:
    return list(folder.captures(SAMPLES))[::every]


def fill(archive: Path, pages: list[Capture]) -> None:
    """Records of every kind: answers, pages saved by hand, robots.txt, a revisit, a 304."""
    with run_on(archive) as run:
        run.begin()
        for number, saved in enumerate(pages):
            file(run, answer(saved) if number % 3 else by_hand(saved))
        story = next(each for each in pages if b'id="ArticleBody"' in each.body)
        assert story.captured_at is not None
        run.record(answer(story, url=f"{SITE}/robots.txt", body=b"User-agent: *\nDisallow: /search\n"))
        file(run, answer(story, captured_at=story.captured_at + timedelta(days=1)))
        unchanged = {"status": 304, "body": b"", "request_headers": (("If-None-Match", '"1"'),)}
        file(run, answer(story, captured_at=story.captured_at + timedelta(days=2), **unchanged))
