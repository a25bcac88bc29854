"""Newspaper of server.py with every twentieth page broken, each in another way.

    python -m benchmarks.soaksite COUNT SAMPLES         prints its port, and serves until its input ends

What passes by on a real network passes here, too: a cut page, a broken coding and an error are so once, and
the next answer is whole. The others stay as they are.
"""

import asyncio
import gzip
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks import server

EVERY = 20
HTML = "text/html; charset=utf-8"
HUGE_BYTES = 2_000_000
ATTRIBUTES = 20_000
NESTED = 20_000
ZEROS = 12_000_000  # bytes that a few kB of gzip hold

_START = b'id="ArticleBody">'


@dataclass(frozen=True, slots=True)
class Answer:
    """Head and body. once: the second time the page is whole. closes: the connection ends with it."""

    data: bytes
    once: bool = False
    closes: bool = False


def _plain(body: bytes, *, kind: str = HTML, status: str = "200 OK", more: str = "", missing: int = 0) -> bytes:
    """missing: bytes that are promised and do not come."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{more}Content-Length: {len(body) + missing}\r\n\r\n"
    return head.encode() + body


def _gzipped(body: bytes) -> bytes:
    return _plain(gzip.compress(body, 6), more="Content-Encoding: gzip\r\n")


def _inside(page: bytes, markup: bytes) -> bytes:
    """The story with the markup at the start of its body."""
    before, start, after = page.partition(_START)
    return before + start + markup + after


def _broken_coding(page: bytes) -> bytes:
    packed = bytearray(gzip.compress(page))
    packed[len(packed) // 2 : len(packed) // 2 + 40] = b"\xff" * 40
    return _plain(bytes(packed), more="Content-Encoding: gzip\r\n")


KINDS: Mapping[str, Callable[[bytes], Answer]] = {
    "another charset's label": lambda page: Answer(_plain(page, kind="text/html; charset=utf-16")),
    "a label that nobody knows": lambda page: Answer(_plain(page, kind="text/html; charset=x-khmer-os")),
    "bytes that are no UTF-8": lambda page: Answer(_gzipped(page.replace(b". ", b".\xff\xfe\x00 "))),
    "cut, once": lambda page: Answer(_plain(page[: len(page) // 2], missing=len(page) // 2), once=True, closes=True),
    "gzip with a broken middle, once": lambda page: Answer(_broken_coding(page), once=True),
    "404": lambda _: Answer(server.NOT_FOUND),
    "500, once": lambda _: Answer(_plain(b"<html><h1>Error</h1></html>", status="500 Oops"), once=True),
    "2 MB": lambda page: Answer(_gzipped(_inside(page, b"<p>" + b"word " * (HUGE_BYTES // 5) + b"</p>"))),
    "20,000 attributes": lambda page: Answer(
        _gzipped(_inside(page, b"<p %s>x</p>" % b" ".join(b"a%d=1" % number for number in range(ATTRIBUTES))))
    ),
    "20,000 nested div": lambda page: Answer(_gzipped(_inside(page, b"<div>" * NESTED))),
    "12 MB of zeros in gzip": lambda _: Answer(_gzipped(bytes(ZEROS))),
    "no body at all": lambda _: Answer(_plain(b"")),
}


class Site(Mapping[bytes, Answer]):
    """Answers by path; asking takes away what happens only once."""

    def __init__(self, pages: Mapping[str, bytes]) -> None:
        self._whole = {path: Answer(data) for path, data in server.answers(pages).items()}
        self._hostile: dict[bytes, Answer] = {}
        kinds = list(KINDS.values())
        for number, (path, page) in enumerate(list(pages.items())[::EVERY]):
            self._hostile[path.encode()] = kinds[number % len(kinds)](page)

    def __getitem__(self, path: bytes) -> Answer:
        hostile = self._hostile.get(path)
        if hostile is None:
            return self._whole[path]
        if hostile.once:
            del self._hostile[path]
        return hostile

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._whole)

    def __len__(self) -> int:
        return len(self._whole)


class Connection(server.Connection):
    def __init__(self, site: Site) -> None:
        super().__init__({})
        self._site = site

    def answer(self, path: bytes) -> None:
        answer = self._site.get(path, Answer(server.NOT_FOUND))
        self._transport.write(answer.data)
        if answer.closes:
            self._transport.close()


if __name__ == "__main__":
    site = Site(server.pages(int(sys.argv[1]), Path(sys.argv[2])))
    asyncio.run(server.serve(lambda: Connection(site)))
