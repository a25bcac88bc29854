"""Bare spider for comparison: Scrapy's defaults, twelve selections by parsel, nothing stored."""

from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request, Spider
from scrapy.http import Response
from scrapy.selector import Selector

from benchmarks.selections import select_parsel


class BareSpider(Spider):
    """origin: where the paper is served."""

    name = "bare"
    origin: str

    async def start(self) -> AsyncIterator[Request]:
        yield Request(f"{self.origin}/sitemap.xml", callback=self.sitemap)

    def sitemap(self, response: Response) -> Iterator[Request]:
        for place in Selector(text=response.text, type="xml").xpath("//*[local-name()='loc']/text()").getall():
            yield Request(self.origin + urlsplit(place).path)

    def parse(self, response: Response, **_: Any) -> None:
        if not select_parsel(response):
            raise ValueError(f"{response.url}: a page without any words")
