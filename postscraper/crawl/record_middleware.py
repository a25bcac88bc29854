"""Every exchange goes into the evidence before anything decodes it.

A downloader middleware that stands nearest to the network: what it sees is as it came, but for
the transfer coding, which is undone, and the case of header names.
"""

import re
from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Headers, Response

from postscraper.crawl.spider import NewspaperSpider
from postscraper.run.run import now
from storage.errors import ArchiveError
from storage.warc.exchange import Cut, EvidenceError, Exchange


class EvidenceMiddleware:
    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_response(self, request: Request, response: Response) -> Response:
        spider = self._crawler.spider
        if not isinstance(spider, NewspaperSpider) or response.url.startswith("data:"):
            return response
        if response.url.startswith("file:"):
            sentence = "a saved page is no answer: `postscraper read FILE` reads it, source=folder takes it in"
            spider.logger.warning("%s: %s", response.url, sentence)
            raise IgnoreRequest(sentence)
        exchange = Exchange(
            url=response.url,
            requested_at=request.meta.get("asked_at"),
            captured_at=now(),
            method=request.method,
            request_headers=_pairs(request.headers),
            status=response.status,
            protocol=response.protocol or "HTTP/1.1",
            headers=_pairs(response.headers),
            body=response.body,
            # Behind a proxy it is the proxy's.
            address=str(response.ip_address) if response.ip_address and not request.meta.get("proxy") else None,
            cut=_cut(response, by_digest="record" in request.meta),
        )
        try:
            record = request.meta.get("record", spider.run.record)
            # Scrapy gives a callback the response alone, decoded by then; only meta brings it what came.
            request.meta["exchange"], request.meta["recorded"] = exchange, record(exchange) if record else None
        except (EvidenceError, ArchiveError) as error:
            spider.stop("archive", str(error), error)
            raise IgnoreRequest(str(error)) from error  # which Scrapy logs without its trace
        self._crawler.stats.inc_value("postscraper/answered")
        return response


# What a whole page, feed, sitemap or JSON text ends with.
_END = re.compile(rb"</(?:html|rss|rdf:RDF|feed|urlset|sitemapindex)\s*>|[\]}]\s*\Z", re.I)


def _cut(response: Response, *, by_digest: bool) -> Cut | None:
    """by_digest: who asked knows the answer's digest, and so can tell whether it is whole when nothing else does."""
    if "dataloss" in response.flags:
        return "disconnect"
    # What Scrapy calls an answer that only the end of the connection ends: a server that dies ends it, too.
    if "partial" not in response.flags:
        return None
    if by_digest:
        return "unspecified"
    begins = response.body.lstrip()[:1]
    return "disconnect" if not begins or (begins in b"<[{" and not _END.search(response.body)) else None


# Of the way there, and a secret besides: no server is asked with it, but a proxy.
_NOT_THE_SERVERS = b"Proxy-Authorization"


def _pairs(headers: Headers) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, values in headers.items()
        if name != _NOT_THE_SERVERS
        for value in values
    )
