"""Newspaper on loopback: a sitemap and any number of story pages, from memory.

    python -m benchmarks.server COUNT SAMPLES         prints its port, and serves until its input ends

The pages are the stories of stories.py in the markup of a sample page, compressed once and for all, as the
paper serves them. It stays small beside the crawls that it serves: one process, no framework.
"""

import asyncio
import gzip
import re
import sys
from collections.abc import Callable, Mapping
from html import escape
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.stories import HOME, stories
from postscraper.items import Article, Capture
from postscraper.newspapers import POST
from postscraper.reading.read import read

SITEMAP = "/sitemap.xml"

_BODY = re.compile(r'(<div[^>]*id="ArticleBody"[^>]*>)(.*?)(</div>)', re.S)


def pages(count: int, samples: Path) -> dict[str, bytes]:
    """Story pages by path, uncompressed."""
    template = _template(samples)
    english = (story for story in stories(2 * count, samples) if story.language == "en")
    return {f"/national/{_slug(story)}": _page(template, story) for story in islice(english, count)}


def _slug(story: Article) -> str:
    return urlsplit(story.url).path.rpartition("/")[2]


def _template(samples: Path) -> tuple[str, Article]:
    """The first sample page of 2017 whose words are easily changed, and what it is read as; ValueError without one."""
    for path in sorted(samples.glob("*/drupal_2017/*.html")):
        address = path.with_suffix(".url").read_text("utf-8").split()[0]
        item = read(_capture(address, path.read_bytes()), POST)
        text = path.read_text("utf-8")
        if item.type == "article" and item.language == "en" and len(_BODY.findall(text)) == 1 and not item.problems:
            page, probe = (text, item), next(stories(1, samples))
            again = read(_capture(f"{HOME}/national/{_slug(probe)}", _page(page, probe)), POST)
            if again.type == "article" and again.headline == probe.headline and len(again.body) == len(probe.body):
                return page
    raise ValueError(f"{samples}: no story page of 2017 to make others of")


def _capture(url: str, body: bytes) -> Capture:
    return Capture(url=url, captured_at=None, body=body, source="benchmark")


def _page(template: tuple[str, Article], story: Article) -> bytes:
    text, item = template
    body = "\n".join(f"<p>{escape(block.text, quote=False)}</p>" for block in story.body)
    text = _BODY.sub(lambda match: match[1] + body + match[3], text)
    text = text.replace(urlsplit(item.canonical_url).path, f"/national/{_slug(story)}")
    text = text.replace(escape(item.headline, quote=False), escape(story.headline, quote=False))
    return text.encode()


def answers(site: Mapping[str, bytes]) -> dict[bytes, bytes]:
    """Whole answers by path; the sitemap names all pages."""
    locations = "".join(f"<url><loc>{HOME}{path}</loc></url>" for path in site)
    sitemap = f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{locations}</urlset>'
    whole = {path.encode(): _answer(gzip.compress(body), "text/html; charset=utf-8") for path, body in site.items()}
    return whole | {SITEMAP.encode(): _answer(gzip.compress(sitemap.encode()), "application/xml")}


def _answer(body: bytes, kind: str) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


NOT_FOUND = (
    b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 34\r\n\r\n<html><title>Not found</title></h>"
)


class Connection(asyncio.Protocol):
    """One kept-alive connection; requests have no bodies."""

    def __init__(self, site: Mapping[bytes, bytes]) -> None:
        """site: whole answers by path."""
        self._answers = site
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        *requests, self._received = (self._received + data).split(b"\r\n\r\n")
        for request in requests:
            self.answer(request.split(b" ", 2)[1])

    def answer(self, path: bytes) -> None:
        self._transport.write(self._answers.get(path, NOT_FOUND))


async def serve(connection: Callable[[], asyncio.Protocol]) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(connection, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    site = answers(pages(int(sys.argv[1]), Path(sys.argv[2])))
    asyncio.run(serve(lambda: Connection(site)))
