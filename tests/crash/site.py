"""A small healthy newspaper site on loopback, in a process of its own; it ends by itself.

    python -m tests.crash.site --pages 400 --life 900        prints its origin

Every answer has an ETag, and one that is asked for with it is a 304. Every ninth story's address
leads to itself with a slash; one in ten is known by its node's address. A third comes compressed.
`/-/set?edition=2&wait_ms=40` changes half of the stories, and how long an answer takes.
"""

import argparse
import asyncio
import gzip
import os
import subprocess
import sys
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Self
from urllib.parse import parse_qsl, urlsplit
from urllib.request import urlopen

from tests.crash import pages

ROOT = Path(__file__).parents[2]
LOOPBACK = "127.0.0.1"

Answer = tuple[int, dict[str, str], bytes]


class Pages:
    """What the site answers; edition and wait_ms may be set while it runs."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.edition = 0
        self.wait_ms = 0
        self._numbers = {pages.path_of(number): number for number in range(count)}
        self._nodes = {f"/node/{5000 + number}": path for path, number in self._numbers.items()}

    async def wait(self) -> None:
        """As long as wait_ms says, and not longer when it is set to less meanwhile."""
        waited_ms = 0
        while waited_ms < self.wait_ms:
            step_ms = min(self.wait_ms - waited_ms, 50)
            await asyncio.sleep(step_ms / 1000)
            waited_ms += step_ms

    def answer(self, target: str, etag: str) -> Answer:
        path = urlsplit(target).path
        if path == "/-/set":
            for name, value in parse_qsl(urlsplit(target).query):
                setattr(self, name, int(value))
            return 200, {}, b"set"
        if path == "/robots.txt":
            return 200, {"Content-Type": "text/plain"}, pages.ROBOTS
        if path in self._nodes:
            return 301, {"Location": self._nodes[path]}, b""
        number = self._numbers.get(path.rstrip("/"))
        if number is not None and number % 9 == 4 and not path.endswith("/"):
            return 301, {"Location": path + "/"}, b""
        if path == "/feed/":
            return _with_validator(etag, (200, {"Content-Type": "application/rss+xml"}, pages.feed(self.edition)))
        if number is None and path != "/sitemap.xml":
            return 404, {"Content-Type": "text/html"}, b"<html><title>Page not found</title></html>"
        return _with_validator(etag, _whole(number, self.edition, self.count))


@lru_cache(maxsize=4096)
def _whole(number: int | None, edition: int, count: int) -> Answer:
    if number is None:
        return 200, {"Content-Type": "application/xml"}, pages.sitemap(count)
    body, headers = pages.story(number, edition, count), {"Content-Type": "text/html; charset=utf-8"}
    if number % 3 == 0:
        return 200, headers | {"Content-Encoding": "gzip"}, gzip.compress(body, mtime=0)
    return 200, headers, body


def _with_validator(asked: str, whole: Answer) -> Answer:
    status, headers, body = whole
    etag = f'"{sha256(body).hexdigest()[:16]}"'
    if asked == etag:
        return 304, {"ETag": etag}, b""
    return status, headers | {"ETag": etag}, body


async def _converse(site: Pages, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while head := (await reader.readuntil(b"\r\n\r\n")).decode("latin-1"):
            line, *rest = head.splitlines()
            asked = {name.strip().lower(): value.strip() for name, _, value in (each.partition(":") for each in rest)}
            if not line.startswith("GET /-/"):
                await site.wait()
            status, headers, body = site.answer(line.split()[1], asked.get("if-none-match", ""))
            told = headers | {"Content-Length": str(len(body))}
            lines = [f"HTTP/1.1 {status} -", *(f"{name}: {value}" for name, value in told.items()), "", ""]
            writer.write("\r\n".join(lines).encode() + body)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass  # the crawler was killed, as it should
    finally:
        writer.close()


async def _serve(count: int, life_seconds: float) -> None:
    site = Pages(count)
    server = await asyncio.start_server(lambda reader, writer: _converse(site, reader, writer), LOOPBACK, 0)
    print(f"http://{LOOPBACK}:{server.sockets[0].getsockname()[1]}", flush=True)
    await asyncio.sleep(life_seconds)
    os._exit(0)  # connections that a killed crawler left open have no say


class Site:
    """The site in a process of its own, from `with` to the end of it."""

    def __init__(self, count: int, life_seconds: float = 3600) -> None:
        self.count = count
        words = ["-m", "tests.crash.site", "--pages", str(count), "--life", str(life_seconds)]
        self._process = subprocess.Popen([sys.executable, *words], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.origin = self._process.stdout.readline().strip()

    def set(self, **values: int) -> None:
        """edition: from 0; wait_ms: before every answer."""
        asked = "&".join(f"{name}={value}" for name, value in values.items())
        with urlopen(f"{self.origin}/-/set?{asked}", timeout=10) as answer:
            assert answer.read() == b"set"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=400)
    parser.add_argument("--life", type=float, default=900)
    wanted = parser.parse_args()
    asyncio.run(_serve(wanted.pages, wanted.life))
