"""The reading room on loopback, over an archive that has one of everything it shows."""

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cache
from http.client import HTTPConnection
from pathlib import Path

from postscraper.items import Article, Block, Capture, Image, Listing, Teaser
from postscraper.web.server import listen, server
from storage.archive import Archive
from storage.maintenance.families.find import find
from storage.maintenance.pictures import measure
from tests.helpers.archives import answer, file, run_on, saved_pages
from tests.helpers.hostile_pages import GENERATOR
from tests.helpers.items import SITE, article, listing, unread
from tests.helpers.pictures import drawn, saved

EDITED = f"{SITE}/national/riverside-road-opens"
KHMER = "ភូមិ"
PHOTO = f"{SITE}/road.jpg"
_WORDS = (
    "The new road along the river opened on Monday.\n\nIt is 3 kilometres long.\n\n“We waited long,” said Sok Chanthy.",
    "The new road along the river opened on Monday.\n\nIt is 4 kilometres long.\n\n“We waited long,” said Sok Chanthy."
    "\n\nNobody said why it cost more.",
)
_KINDS = ("paragraph", "crosshead", "quote", "list_item", "correction")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")


class Room:
    """A server that is running; `ask` sends one request, with nothing added to its head but what it is given."""

    def __init__(self, port: int, archive: Path) -> None:
        self.port = port
        self.archive = archive
        self.address = f"http://127.0.0.1:{port}"

    def ask(self, path: str, method: str = "GET", **headers: str) -> Answer:
        """path: as sent. headers: by their names with _ for -; `host` in place of the right one."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in ({"host": f"127.0.0.1:{self.port}"} | headers).items():
                connection.putheader(name.replace("_", "-"), value)
            connection.endheaders()
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()

    def send(self, data: bytes) -> bytes:
        """What comes back for bytes that are sent as they are, until the server ends the connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as own:
            own.sendall(data)
            received = b""
            while piece := own.recv(65_536):
                received += piece
            return received


@contextmanager
def serving(folder: Path, replay: str | None = None) -> Iterator[Room]:
    """The reading room over an archive, in a thread."""
    with Archive.open(folder, readonly=True) as archive, listen("127.0.0.1", 0) as bound:
        running = server(archive, bound, replay=replay)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [bound]})
        thread.start()
        try:
            yield Room(bound.getsockname()[1], folder)
        finally:
            running.should_exit = True
            thread.join(timeout=30)


@cache
def furnished_in(base: Path) -> Path:
    """The archive of the reading room and the MCP server, for reading only; filled once for a folder of a test session.

    It has the samples with their bytes, hostile pages, an edited story that was promoted and removed, and a front page.
    """
    folder = base / "room" / "archive"
    with run_on(folder) as opened:
        opened.begin()
        for page in saved_pages():
            file(opened, answer(page))
        for number, page in enumerate(_hostile_pages(base / "room" / "hostile"), 1):
            url = f"{SITE}/national/hostile-{number}"
            body = page.body.replace(
                b"/national/canal-repairs-1", f"/national/hostile-{number}".encode()
            )  # its own name
            at = datetime(2019, 5, 14, 1, number % 60, tzinfo=UTC)
            file(opened, answer(replace(page, url=url, body=body, captured_at=at)))
        file(opened, answer(_picture()))
    with Archive.open(folder) as archive:
        first, second = (_edited(number, words) for number, words in enumerate(_WORDS))
        archive.add_many([(first, None), (second, None)])
        for hours, position in ((1, 1), (6, 3)):
            archive.add(_front(hours, position))
        archive.add(unread("gone", "riverside-road-opens", 90))
        archive.add(_with_the_same_photo())
        measure(archive)
        find(archive, new_only=False)
    return folder


def _edited(number: int, words: str) -> Article:
    item = article(
        "riverside-road-opens",
        8.0 * number,
        words,
        headline=("Riverside road opens", "Riverside road opens at last")[number],
        section="National",
        byline="Heng Vuthy",
        authors=("Heng Vuthy",),
        published_on=date(2018, 6, 20),
        published_text="20 June 2018",
        standfirst="Two years after the bank gave way.",
        images=(Image(url=PHOTO, caption="The road at sunset.", credit="Chan Borith"),),
    )
    texts = words.split("\n\n")
    return replace(item, body=tuple(Block(kind=kind, text=text) for kind, text in zip(_KINDS, texts, strict=False)))


def _picture() -> Capture:
    at, headers = datetime(2018, 6, 21, 3, tzinfo=UTC), (("Content-Type", "image/jpeg"),)
    return Capture(url=PHOTO, captured_at=at, body=saved(drawn(1, 390, 220)), headers=headers, source="live")


def _with_the_same_photo() -> Article:
    return article(
        "bank-of-the-mekong",
        200.0,
        "The bank gave way again.",
        headline="The bank of the Mekong",
        published_on=date(2019, 7, 2),
        images=(Image(url=PHOTO, caption="The bank, a year ago.", credit="Chan Borith"),),
    )


def _front(hours: float, position: int) -> Listing:
    road = Teaser(list="Top stories", position=position, headline="A road at last", url=EDITED, summary="In short.")
    other = Teaser(list="Top stories", position=4 - position, headline="Not held", url=f"{SITE}/national/not-held")
    front = listing(*sorted((road, other), key=lambda each: each.position), hours=hours)
    return replace(
        front, url=f"{SITE}/", canonical_url=f"{SITE}/", capture=replace(front.capture, url=f"{SITE}/", part=None)
    )


def generate(folder: Path, category: str) -> Path:
    """Inputs of the generator of hostile pages; the folder that holds them."""
    call = [sys.executable, str(GENERATOR), str(folder), "--only", category]
    subprocess.run(call, check=True, capture_output=True)
    return folder


def _hostile_pages(folder: Path) -> Iterator[Capture]:
    for page in sorted(generate(folder, "hostile-text,hostile-markup").rglob("*.html")):
        headers = (("Content-Type", "text/html; charset=utf-8"),)
        yield Capture(url="", captured_at=None, body=page.read_bytes(), headers=headers, source="live")
