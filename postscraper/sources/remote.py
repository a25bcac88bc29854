"""Protocol of another archive: building requests for its index and captures, and reading the responses.

An `OtherArchive` builds requests and reads responses, without network, clock or database; postscraper/crawl/remote.py
sends them.
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
    """The response is not an index page, but an error page or incomplete."""


class BadRow(NoIndex):
    """A row of an index does not describe a capture; other rows may."""


class NoCapture(PostscraperError):
    """The response is not a capture."""

    def __init__(self, why: str, *, gone: bool = False) -> None:
        """gone: the archive does not have it, or does not serve it, so that another try is useless."""
        super().__init__(why)
        self.gone = gone


class Onward(PostscraperError):
    """The archive redirects to another address of the capture, which is the message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveRequest:
    """A request to the archive.

    headers: in addition to those of every request.
    documented: whether its owner describes the interface for programs; robots.txt, which is for crawlers, is then not
        applied.
    """

    url: str
    headers: tuple[tuple[str, str], ...] = ()
    documented: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexPage:
    """One page of an index.

    resume_key: of the next page; None: this was the last.
    bad_rows: the reason for each row that was skipped, a phrase.
    """

    captures: tuple[CdxEntry, ...]
    resume_key: str | None
    bad_rows: tuple[str, ...] = ()


Target = tuple[str, str]  # an address without its scheme, and how it must match: exact, prefix or domain


class OtherArchive(Protocol):
    """Another archive.

    name: the source of its captures, and its name in the tables.
    origins: of its servers, as https://host.
    """

    @property
    def name(self) -> str: ...

    @property
    def origins(self) -> tuple[str, ...]: ...

    def queries(
        self, targets: Iterable[Target], since: date | None = None, until: date | None = None
    ) -> tuple[str, ...]:
        """The queries of its index; the same query is the same text in every run.

        since, until: days of the capture in UTC, both included.
        """
        ...

    def index_request(self, query: str, resume_key: str | None) -> ArchiveRequest:
        """The request for a page of the index; resume_key: None for the first."""
        ...

    def read_index(self, query: str, resume_key: str | None, answer: Exchange) -> IndexPage:
        """The page in the answer. Raises NoIndex."""
        ...

    def capture_request(self, entry: CdxEntry) -> ArchiveRequest:
        """The request for a capture."""
        ...

    def read_capture(self, entry: CdxEntry, answer: Exchange) -> Exchange:
        """The exchange with the paper that the archive holds: with its address, time, status and headers.

        answer: of the archive, at its own address. Raises NoCapture and Onward.
        """
        ...


# Host prefixes of the newspaper; every index treats www and no prefix as the same.
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


def overlap(first: date | None, last: date | None, since: date | None, until: date | None) -> bool:
    """Whether two spans of days, both ends included, may have a day in common; None for an end that is not known."""
    return not (since and last and last < since) and not (until and first and first > until)


def byte_range(content_range: str | None) -> tuple[int, int, int | None] | None:
    """The first and last byte that a Content-Range header names, and the size of the whole file.

    The size is None if the server does not give it; None for any other text.
    """
    match = _CONTENT_RANGE.fullmatch((content_range or "").strip())
    return (int(match[1]), int(match[2]), int(match[3]) if match[3] else None) if match else None
