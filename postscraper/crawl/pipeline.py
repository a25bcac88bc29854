"""Item pipeline that writes the spider's items into the archive.

Pages that arrive within a moment share a transaction; none is passed on before it is durable. The stories that a feed
or a REST answer carries whole come after its own item, and share its transaction. If the archive fails, the crawl ends.

The archive stores only the record of an item that an earlier pipeline drops. A changed item ends the crawl, because
the archive stores only what the page contains.
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
from postscraper.run.page_reader import Reading, dropped_item
from storage.archive import Outcome
from storage.errors import ArchiveError, EvidenceError

LARGEST_BATCH = 200
# Items that arrive within it share a transaction: one alone costs 4.2 ms of the processor, one of sixteen 0.8 ms.
SHARED_SECONDS = 0.03

# Signal for an item that is in the archive, as it was read; Scrapy's `item_scraped` brings what later pipelines made
# of it.
COMMITTED = object()


class ArchivePipeline:
    """Writes batches in one thread, while the crawl continues."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._waiting: list[tuple[list[Reading], asyncio.Future[list[Outcome]]]] = []
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
            sentence = f"{_change(item, reading)}; {_ADVICE}"
            spider.stop("pipeline", sentence, BadRequest(sentence))
            raise DropItem(sentence, log_level="DEBUG")
        try:
            if item.capture.part is None:
                await self._commit(item, spider)
            else:
                _pass_on(item, spider)
        finally:
            self._handled(item, spider)
        self._crawler.signals.send_catch_log(COMMITTED, item=item, spider=spider)
        return item

    async def _commit(self, item: Item, spider: NewspaperSpider) -> None:
        done: asyncio.Future[list[Outcome]] = asyncio.get_running_loop().create_future()
        self._waiting.append((spider.run.answer(item), done))
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
        """Store the record alone of an item that an earlier pipeline dropped; the page's links still count."""
        spider = self._crawler.spider
        if not isinstance(spider, NewspaperSpider) or spider.run.pending(item) is None:
            return
        with suppress(DropItem):
            if spider.ended is None or spider.ended.reason not in ("archive", "pipeline"):
                await self._commit(dropped_item(item, str(exception) or "without a reason"), spider)
        self._handled(item, spider)

    def _failed(self, item: Any) -> None:
        """An earlier pipeline failed: the next run commits the page."""
        spider = self._crawler.spider
        if isinstance(spider, NewspaperSpider) and spider.run.pending(item) is not None:
            self._handled(item, spider)

    async def _write(self, spider: NewspaperSpider) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            await asyncio.sleep(SHARED_SECONDS)
            batch, self._waiting = self._waiting[:LARGEST_BATCH], self._waiting[LARGEST_BATCH:]
            try:
                answers = [answer for answer, _ in batch]
                outcomes = await loop.run_in_executor(self._writer, spider.run.commit, answers)
            except Exception as error:  # each item's own `await` raises it
                for _, done in batch:
                    if not done.done():
                        done.set_exception(error)
                continue
            for (_, done), of_item in zip(batch, outcomes, strict=True):
                if not done.done():  # cancelled with the task that awaited it; the item is committed all the same
                    done.set_result(of_item)

    def _count(self, item: Item, outcomes: Sequence[Outcome]) -> None:
        stats = self._crawler.stats
        for outcome in outcomes:
            stats.inc_value(f"postscraper/outcome/{outcome.value}")
        if isinstance(item, Unread):
            stats.inc_value(f"postscraper/unread/{item.reason}")


def _pass_on(story: Item, spider: NewspaperSpider) -> None:
    """A story that an answer carries was committed with its page's item, which came before it."""
    if spider.run.is_withdrawn(story):
        raise DropItem("withdrawn", log_level="DEBUG")
    if spider.ended is not None and spider.ended.reason == "archive":
        raise DropItem(spider.ended.sentence, log_level="DEBUG")  # its page may not have been committed


_ADVICE = (
    "the archive holds what the page says: give a pipeline that changes items a number above that of"
    " postscraper.crawl.pipeline.ArchivePipeline, which is 900"
)


def _change(item: Any, reading: Item | None) -> str:
    """The difference between an item and its reading."""
    if reading is None or type(item) is not type(reading):
        return f"a pipeline passed on {type(item).__name__} in the place of an item, or changed its capture"
    names = (each.name for each in fields(reading) if getattr(item, each.name) != getattr(reading, each.name))
    return f"a pipeline changed {', '.join(names)} of {item.url}"
