"""Scope of a run: its source and pages, given by the spider arguments (`-a`)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from postscraper.errors import BadRequest, closest
from postscraper.extraction.dates import span
from postscraper.newspaper import Newspaper
from postscraper.urls import PAPER_HOST, absolute, with_scheme

OTHER_ARCHIVES = ("wayback", "commoncrawl")
SOURCES = ("live", "folder", "samples", "warc", "archive", *OTHER_ARCHIVES)
SAMPLES = Path(__file__).parents[2] / "samples"
_NEED_PATH = {"folder": "the folder of the saved pages", "warc": "a WARC, ARC or WACZ file, or a folder of them"}
ARGUMENTS = ("section", "since", "until", "url", "source", "path", "crawl", "limit")
_CRAWL = re.compile(r"CC-MAIN-\d{4}(?:-\d{2,4})?", re.A)
_NEWS = re.compile(r"CC-NEWS-\d{4}-(?:0[1-9]|1[0-2])", re.A)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Source and pages of one run.

    sections: short names; (): the whole paper.
    since, until: days of publication, both included; of the capture in UTC for any source but the live site.
    urls: only these addresses; (): all.
    path: of the files that a source reads; for source=samples by default the project's own.
    crawls: of Common Crawl, or months of its news; (): all with captures of these days.
    limit: pages; None: all that are due.
    """

    source: str = "live"
    sections: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    urls: tuple[str, ...] = ()
    path: Path | None = None
    crawls: tuple[str, ...] = ()
    limit: int | None = None

    @property
    def selectors(self) -> str:
        """The arguments that select pages, as `section=national, since=2020-01-01`; "" without any."""
        given = {"url": " ".join(self.urls), "section": ",".join(self.sections)}
        days = {"since": self.since, "until": self.until}
        return ", ".join(f"{name}={value}" for name, value in {**given, **days}.items() if value)


def scope(paper: Newspaper, arguments: Mapping[str, str]) -> Scope:
    """Parse the spider arguments. Raises BadRequest, which lists the valid values."""
    for name in arguments:
        if name not in ARGUMENTS and not name.startswith("_"):  # scrapyd passes the name of its job as `_job`
            raise BadRequest(f"no spider argument {name!r}{closest(name, ARGUMENTS)}")
    source = _one_of("source", arguments.get("source", "live"), SOURCES)
    sections = tuple(_one_of("section", name, tuple(paper.sections)) for name in _several(arguments.get("section", "")))
    since, until = _day("since", arguments, 0), _day("until", arguments, 1)
    if since and until and since > until:
        raise BadRequest(f"since={since} is later than until={until}")
    return Scope(
        source=source,
        sections=sections,
        since=since,
        until=until,
        urls=tuple(_address(url, paper) for url in _addresses(arguments.get("url", ""))),
        path=_path(source, arguments.get("path")),
        crawls=_crawls(source, arguments.get("crawl", ""), arguments.get("path")),
        limit=_count(arguments.get("limit")),
    )


def _one_of(name: str, value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise BadRequest(f"{name}={value} is unknown{closest(value, known)}")
    return value


def _several(text: str) -> list[str]:
    return [word for part in text.split(",") if (word := part.strip())]


def _day(name: str, arguments: Mapping[str, str], end: int) -> date | None:
    """The first day (end=0) or the last (end=1) of the year, month or day that an argument names."""
    text = arguments.get(name)
    if not text:
        return None
    try:
        return span(text)[end]
    except ValueError as error:
        raise BadRequest(
            f"{name}={text} is no day; write it as {name}=2020-01-31, {name}=2020-01 or {name}=2020"
        ) from error


def _addresses(text: str) -> list[str]:
    # An address may contain a comma: a new one starts only where a scheme or a host of the newspaper follows.
    return re.split(rf"[\s,]+(?=https?:|{PAPER_HOST})|\s+(?=/)", text.strip(), flags=re.I) if text.strip() else []


def _address(text: str, paper: Newspaper) -> str:
    url = absolute(f"https://{paper.host}", text) if text.startswith("/") else absolute(text, with_scheme(text))
    if url is None:
        raise BadRequest(f"url={text} is no http(s) address")
    return url


def _path(source: str, text: str | None) -> Path | None:
    if source == "samples" and not text:
        if not SAMPLES.is_dir():
            raise BadRequest(f"{SAMPLES}: the samples are not installed; name those of the source with path=…/samples")
        return SAMPLES
    if source in _NEED_PATH and not text:
        raise BadRequest(f"source={source} needs path=…, {_NEED_PATH[source]}")
    if source in ("live", "archive", "wayback") and text:
        takers = ", ".join((*_NEED_PATH, "commoncrawl"))
        raise BadRequest(f"path=… goes with source={takers} or samples; source={source} takes no path")
    if text and not Path(text).exists():
        raise BadRequest(f"path={text}: there is no such file or folder")
    return Path(text) if text else None


def _crawls(source: str, text: str, path: str | None) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(_several(text)))
    if names and (source != "commoncrawl" or path):
        raise BadRequest("crawl=… goes with source=commoncrawl, and without path=…")
    for name in names:
        if not (_CRAWL.fullmatch(name) or _NEWS.fullmatch(name)):
            raise BadRequest(f"crawl={name} is no crawl; write it as crawl=CC-MAIN-2018-26, or crawl=CC-NEWS-2018-06")
    if len({bool(_NEWS.fullmatch(name)) for name in names}) > 1:
        raise BadRequest("crawl=… names crawls of the web or months of the news; ask for them in two runs")
    return names


def _count(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise BadRequest(f"limit={text} is no number of pages; write it as limit=50")
    return int(text)
