"""One page, one transaction: what a spider read goes into the archive.

Pages that arrive within a moment share a commit; none is passed on before its own is durable. The stories that a
feed or a REST answer carries whole come behind its own item, and share its transaction.
When the archive fails the crawl ends: nothing must be read that cannot be kept.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from postscraper.items import Item, Unread
from postscraper.spiders.newspaper import NewspaperSpider
from storage.archive import Outcome
from storage.errors import ArchiveError
from storage.exchange import EvidenceError

LARGEST_BATCH = 200
# Items that come within it share a commit: one alone costs 4.2 ms of the processor, one of sixteen 0.8 ms.
SHARED_SECONDS = 0.03


class ArchivePipeline:
    """The disk is waited for in a thread of its own, and one batch after the other: the crawl goes on meanwhile."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._waiting: list[tuple[Item, asyncio.Future[list[Outcome]]]] = []
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="archive")
        self._writing: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def close_spider(self) -> None:
        self._writer.shutdown()

    async def process_item(self, item: Any) -> Any:
        spider = self._crawler.spider
        if not isinstance(spider, NewspaperSpider):
            return item
        if item.capture.part is not None:  # it was filed with its page's item, which came before it
            if spider.desk.is_withdrawn(item):
                raise DropItem("withdrawn", log_level="DEBUG")
            if spider.ended is not None and spider.ended.reason == "archive":
                raise DropItem(spider.ended.sentence, log_level="DEBUG")  # its page may not have been filed
            return item
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
        return item

    async def _write(self, spider: NewspaperSpider) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            await asyncio.sleep(SHARED_SECONDS)
            batch, self._waiting = self._waiting[:LARGEST_BATCH], self._waiting[LARGEST_BATCH:]
            try:
                items = [item for item, _ in batch]
                outcomes = await loop.run_in_executor(self._writer, spider.desk.file, items)
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
