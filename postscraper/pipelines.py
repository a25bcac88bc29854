"""One page, one transaction: what a spider read goes into the archive.

Pages that arrive within a moment share a commit; none is passed on before its own is durable. The stories that a
feed or a REST answer carries whole come before its own item, wait for it, and share its transaction.
When the archive fails the crawl ends: nothing must be read that cannot be kept.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import islice
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
        self._waiting: list[tuple[list[Item], asyncio.Future[list[Outcome]]]] = []
        self._parts: dict[tuple[str, datetime | None], list[Item]] = {}
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
        answer = item.capture.url, item.capture.captured_at
        if item.capture.part is not None:
            self._parts.setdefault(answer, []).append(item)
            if spider.desk.is_withdrawn(item):
                raise DropItem("withdrawn", log_level="DEBUG")  # the archive must see it; no feed may
            return item
        items = [item, *self._parts.pop(answer, ())]
        done: asyncio.Future[list[Outcome]] = asyncio.get_running_loop().create_future()
        self._waiting.append((items, done))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write(spider))
        try:
            outcomes = await done
        except (ArchiveError, EvidenceError) as error:
            spider.stop("archive", str(error), error)
            raise DropItem(str(error), log_level="DEBUG") from error  # one sentence at the end says it for all
        for each, outcome in zip(items, outcomes, strict=True):
            self._count(each, outcome)
        if outcomes[0] is Outcome.WITHDRAWN:
            raise DropItem("withdrawn", log_level="DEBUG")
        return item

    async def _write(self, spider: NewspaperSpider) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            await asyncio.sleep(SHARED_SECONDS)
            batch, self._waiting = self._waiting[:LARGEST_BATCH], self._waiting[LARGEST_BATCH:]
            try:
                answers = [items for items, _ in batch]
                outcomes = iter(await loop.run_in_executor(self._writer, spider.desk.file, answers))
            except Exception as error:  # each item's own `await` raises it
                for _, done in batch:
                    done.set_exception(error)
                continue
            for items, done in batch:
                done.set_result(list(islice(outcomes, len(items))))

    def _count(self, item: Item, outcome: Outcome) -> None:
        stats = self._crawler.stats
        stats.inc_value(f"postscraper/outcome/{outcome.value}")
        if isinstance(item, Unread):
            stats.inc_value(f"postscraper/unread/{item.reason}")
