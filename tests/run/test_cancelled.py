"""Items of the pipeline are filed, whatever becomes of those beside them."""

import asyncio
from pathlib import Path

from scrapy.utils.test import get_crawler

from postscraper.crawl.pipeline import ArchivePipeline
from postscraper.items import Item
from postscraper.spiders.post import PostSpider
from storage.archive import Archive
from tests.helpers.archives import answer, read, run_on, saved_pages


def test_an_item_whose_task_was_cancelled_holds_no_other_up(tmp_path: Path) -> None:
    async def through(items: list[Item], pipeline: ArchivePipeline) -> list[Item]:
        first, *rest = [asyncio.ensure_future(pipeline.process_item(item)) for item in items]
        await asyncio.sleep(0)  # all wait for their batch
        first.cancel()
        await asyncio.wait_for(asyncio.gather(*rest), timeout=20)
        read(opened, answers[0])
        later = await asyncio.wait_for(pipeline.process_item(items[0]), timeout=20)
        return [*(each.result() for each in rest), later]

    with run_on(tmp_path) as opened:
        crawler = get_crawler(PostSpider)
        crawler.spider = PostSpider.from_crawler(crawler, run=opened)
        pipeline = ArchivePipeline.from_crawler(crawler)
        answers = [answer(page) for page in saved_pages()[:3]]
        items = [read(opened, each)[0] for each in answers]
        assert asyncio.run(through(items, pipeline)) == [*items[1:], items[0]]
        pipeline.close_spider()
    with Archive.open(tmp_path, readonly=True) as archive:
        assert len(list(archive.captures())) == 3
