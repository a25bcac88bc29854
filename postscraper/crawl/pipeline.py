"""One page, one transaction: what a spider read goes into the archive.

Pages that arrive within a moment share a commit; none is passed on before its own is durable. The stories that a
feed or a REST answer carries whole come behind its own item, and share its transaction.
When the archive fails the crawl ends: nothing must be read that cannot be kept.

What another pipeline drops before is kept out; what another one changed is refused, for the archive holds what the
page says.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import fields
from typing import Any, Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from postscraper.crawl.spider import NewspaperSpider
from postscraper.errors import BadRequest
from postscraper.items import Item, Unread
from postscraper.run.page_reader import dropped
from storage.archive import Outcome
from storage.errors import ArchiveError
from storage.warc.exchange import EvidenceError

LARGEST_BATCH = 200
# Items that come within it share a commit: one alone costs 4.2 ms of the processor, one of sixteen 0.8 ms.
SHARED_SECONDS = 0.03

# Scrapy's signal for an item that is in the archive, as it was read; its own `item_scraped` comes with whatever later
# pipelines made of it.
FILED = object()


class ArchivePipeline:
    """The disk is waited for in a thread of its own, and one batch after the other: the crawl goes on meanwhile."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._waiting: list[tuple[Item, asyncio.Future[list[Outcome]]]] = []
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="archive")
        self._writing: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        pipeline = cls(crawler)
        crawler.signals.connect(pipeline._dropped, signals.item_dropped)
        crawler.signals.connect(pipeline._failed, signals.item_error)
        return pipeline

    def close_spider(self) -> None:
        self._writer.shutdown()

    async def process_item(self, item: Any) -> Any:
        spider = self._crawler.spider
        if not isinstance(spider, NewspaperSpider):
            return item
        reading = spider.run.pending(item)
        if reading is None or item != reading:
            sentence = f"{_changed(item, reading)}; {_BEHIND}"
            spider.stop("pipeline", sentence, BadRequest(sentence))
            raise DropItem(sentence, log_level="DEBUG")
        try:
            if item.capture.part is None:
                await self._file(item, spider)
            else:
                _pass_on(item, spider)
        finally:
            self._handled(item, spider)
        self._crawler.signals.send_catch_log(FILED, item=item, spider=spider)
        return item

    async def _file(self, item: Item, spider: NewspaperSpider) -> None:
        done: asyncio.Future[list[Outcome]] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, done))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write(spider))
        try:
            outcomes = await done
        except (ArchiveError, EvidenceError) as error:
            spider.stop("archive", str(error), error)
            raise DropItem(str(error), log_level="DEBUG") from error  # one sentence at the end says it for all
        self._count(item, outcomes)
        if outcomes[0] is Outcome.WITHDRAWN:
            raise DropItem("withdrawn", log_level="DEBUG")

    def _handled(self, item: Item, spider: NewspaperSpider) -> None:
        spider.run.handled(item)
        if item.capture.part is None:  # else its page came before it
            spider.handled()

    async def _dropped(self, item: Any, exception: DropItem) -> None:
        """Keep out what a pipeline dropped that comes before this one; the ledger hears all that the page announces."""
        spider = self._crawler.spider
        if not isinstance(spider, NewspaperSpider) or spider.run.pending(item) is None:
            return
        with suppress(DropItem):
            if spider.ended is None or spider.ended.reason not in ("archive", "pipeline"):
                await self._file(dropped(item, str(exception) or "without a reason"), spider)
        self._handled(item, spider)

    def _failed(self, item: Any) -> None:
        """A pipeline before this one failed: the next run files what the page says."""
        spider = self._crawler.spider
        if isinstance(spider, NewspaperSpider) and spider.run.pending(item) is not None:
            self._handled(item, spider)

    async def _write(self, spider: NewspaperSpider) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            await asyncio.sleep(SHARED_SECONDS)
            batch, self._waiting = self._waiting[:LARGEST_BATCH], self._waiting[LARGEST_BATCH:]
            try:
                items = [item for item, _ in batch]
                outcomes = await loop.run_in_executor(self._writer, spider.run.commit, items)
            except Exception as error:  # each item's own `await` raises it
                for _, done in batch:
                    if not done.done():
                        done.set_exception(error)
                continue
            for (_, done), of_item in zip(batch, outcomes, strict=True):
                if not done.done():  # cancelled with who waited for it; the item is filed all the same
                    done.set_result(of_item)

    def _count(self, item: Item, outcomes: Sequence[Outcome]) -> None:
        stats = self._crawler.stats
        for outcome in outcomes:
            stats.inc_value(f"postscraper/outcome/{outcome.value}")
        if isinstance(item, Unread):
            stats.inc_value(f"postscraper/unread/{item.reason}")


def _pass_on(story: Item, spider: NewspaperSpider) -> None:
    """A story that an answer carries was filed with its page's item, which came before it."""
    if spider.run.is_withdrawn(story):
        raise DropItem("withdrawn", log_level="DEBUG")
    if spider.ended is not None and spider.ended.reason == "archive":
        raise DropItem(spider.ended.sentence, log_level="DEBUG")  # its page may not have been filed


_BEHIND = (
    "the archive holds what the page says: give a pipeline that changes items a number above that of"
    " postscraper.crawl.pipeline.ArchivePipeline, which is 900"
)


def _changed(item: Any, reading: Item | None) -> str:
    """How an item differs from what was read."""
    if reading is None or type(item) is not type(reading):
        return f"a pipeline passed on {type(item).__name__} in the place of an item, or changed its capture"
    names = (each.name for each in fields(reading) if getattr(item, each.name) != getattr(reading, each.name))
    return f"a pipeline changed {', '.join(names)} of {item.url}"
