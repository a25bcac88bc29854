"""What another archive must be able to tell: where its captures are, and how its answers are read.

An `OtherArchive` builds addresses and reads answers, and does nothing else: it asks nobody, and knows no clock
and no database. Who hands out its questions is postscraper/collecting/.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Protocol
from urllib.parse import urlsplit

from postscraper.errors import PostscraperError
from postscraper.urls import as_sent
from storage.holdings.models import CdxEntry
from storage.warc.exchange import Exchange


class NoIndex(PostscraperError):
    """What came in place of a page of an index is none: an error page, half an answer."""


class BadRow(NoIndex):
    """A row of an index names no capture; the rows beside it may."""


class NoCapture(PostscraperError):
    """What came in place of a capture is none; gone: the archive does not have it, or does not give it."""

    def __init__(self, why: str, *, gone: bool = False) -> None:
        super().__init__(why)
        self.gone = gone


class Onward(PostscraperError):
    """The archive sends on to where the capture is; the message is that address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A request to the archive. headers: besides those of every request.

    documented: of an interface that its owner describes for programs, so that robots.txt, which speaks to
    crawlers, is not asked.
    """

    url: str
    headers: tuple[tuple[str, str], ...] = ()
    documented: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexPage:
    """One page of an index.

    resume_key: where the next begins; None: this was the last. bad_rows: why rows were passed over, one phrase a row.
    """

    captures: tuple[CdxEntry, ...]
    resume_key: str | None
    bad_rows: tuple[str, ...] = ()


Target = tuple[str, str]  # an address without its scheme, and how it must match: exact, prefix or domain


class OtherArchive(Protocol):
    """name: the source of its captures, and its name in the tables. origins: where it is asked, as https://host."""

    @property
    def name(self) -> str: ...

    @property
    def origins(self) -> tuple[str, ...]: ...

    def queries(
        self, targets: Iterable[Target], since: date | None = None, until: date | None = None
    ) -> tuple[str, ...]:
        """The queries of its index, each in a form that names it in later runs, too.

        since, until: days of the capture in UTC, both included.
        """
        ...

    def index(self, query: str, resume_key: str | None) -> Question:
        """The request for a page of the answer; resume_key: None for the first."""
        ...

    def listed(self, query: str, resume_key: str | None, answer: Exchange) -> IndexPage:
        """The page that the request brought. Raises NoIndex."""
        ...

    def wanted(self, listed: CdxEntry) -> Question:
        """The request for a capture."""
        ...

    def capture(self, listed: CdxEntry, answer: Exchange) -> Exchange:
        """The paper's own answer, as the archive has it: its address, time, status and headers; source: `name`.

        answer: what the archive answered, `url` its own address. Raises NoCapture and Onward.
        """
        ...


# The paper has answered under www and bare, which are one in every index, and under these.
_HOSTS = ("", "m.", "mail.")


def targets(host: str, paths: Sequence[str] = (), addresses: Sequence[str] = ()) -> list[Target]:
    """The addresses to look up in an index.

    host: of the newspaper, without www.
    paths: of sections; (): the whole paper.
    addresses: these alone, if there are any.
    """
    if addresses:
        paths, match = [urlsplit(url)._replace(scheme="", netloc="").geturl() for url in addresses], "exact"
    elif paths:
        match = "prefix"
    else:
        return [(host, "domain")]
    return [(f"{prefix}{host}{as_sent(path)}", match) for path in paths for prefix in _HOSTS]


_STAMP = re.compile(r"\d{14}", re.A)
_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(?:(\d{1,18})|\*)", re.A)


def stamped_at(stamp: str) -> datetime | None:
    """The moment of a timestamp of an index, as 20180620011000; None if it is none."""
    try:
        return datetime.strptime(stamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC) if _STAMP.fullmatch(stamp) else None
    except ValueError:
        return None


def byte_range(content_range: str | None) -> tuple[int, int, int | None] | None:
    """The first and last byte that a Content-Range header names, and the size of the whole file.

    The size is None if the server does not give it; None for any other text.
    """
    match = _CONTENT_RANGE.fullmatch((content_range or "").strip())
    return (int(match[1]), int(match[2]), int(match[3]) if match[3] else None) if match else None
