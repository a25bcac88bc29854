"""WARC files of any number of records, made from the samples: the same in every run.

The samples come again and again, each time under another address and with other words.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from postscraper.newspapers import POST
from postscraper.sources import folder
from postscraper.urls import canonical
from storage.warc.exchange import Exchange
from storage.warc.writer import new_id, response_and_request, warcinfo

FILES = 4
_FIRST = datetime(2019, 1, 1, tzinfo=UTC)
_HTML = (("Content-Type", "text/html; charset=utf-8"),)


def exchanges(count: int, samples: Path) -> Iterator[Exchange]:
    """Pages of the newspaper; one in each round of the samples has new words and a new address."""
    pages = [page for page in folder.captures(samples) if canonical(page.url).split("/")[2] == POST.host]
    for number in range(count):
        page, turn = pages[number % len(pages)], number // len(pages)
        url = page.url.partition("?")[0].rstrip("/")
        new = f"{url}-x{turn}" if turn and url.count("/") > 3 else page.url
        body = page.body.replace(url.encode(), new.encode()).replace(b"</p>", b" Number %d.</p>" % turn)
        yield exchange(number, new, body)


def exchange(number: int, url: str, body: bytes) -> Exchange:
    """A page that came alone in its minute."""
    at = _FIRST + timedelta(minutes=number)
    return Exchange(url=url, requested_at=None, captured_at=at, status=200, reason="OK", headers=_HTML, body=body)


def write_files(count: int, samples: Path, out: Path) -> list[Path]:
    paths = [out / f"records-{number}.warc.gz" for number in range(FILES)]
    rest = exchanges(count, samples)
    for path in paths:
        write_file(path, islice(rest, -(-count // FILES)))
    return paths


def write_file(path: Path, pages: Iterable[Exchange]) -> None:
    with path.open("wb") as stream:
        info_id = new_id()
        stream.write(warcinfo(path.name, info_id, {"software": "benchmark"}))
        for page in pages:
            stream.write(b"".join(response_and_request(page, same_as=None, info_id=info_id)))
