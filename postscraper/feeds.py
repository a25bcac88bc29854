"""Feeds (RSS, Atom) and sitemaps: listings that machines print.

They are read strictly: a document type, an entity or a broken end is refused or reported.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import cast
from xml.etree.ElementTree import Element, ParseError, XMLPullParser

from postscraper.dates import day_of, machine_moment
from postscraper.errors import NotAStory
from postscraper.extract import clean
from postscraper.items import Capture, DatedTeaser, Listing, Problem, Teaser
from postscraper.urls import Aliases, absolute, canonical, edition_of

_DATES = ("pubDate", "published", "updated", "lastmod", "date")
MAX_ADDRESSES = 50_000  # by the sitemap protocol, https://www.sitemaps.org/protocol.html


def listing(capture: Capture, body: bytes, aliases: Aliases) -> Listing:
    """The addresses of a feed or sitemap, in their order. Raises NotAStory for a hostile or foreign one."""
    if re.search(rb"<!\s*(?:DOCTYPE|ENTITY)", body.replace(b"\x00", b""), re.I):
        raise NotAStory("feed", "a document type or an entity, which no feed needs")
    kind, entries, problems = _parsed(body.lstrip())
    teasers = tuple(_teasers(capture, entries))
    return Listing(
        layout=kind,
        language=edition_of(capture.url),
        url=capture.url,
        canonical_url=canonical(capture.url, aliases),
        teasers=teasers,
        problems=problems,
        capture=capture.receipt(),
    )


def _parsed(body: bytes) -> tuple[str, list[Element], tuple[Problem, ...]]:
    """The kind of document, its whole entries, and a problem when it breaks off."""
    parser: XMLPullParser[Element] = XMLPullParser(("start", "end"))
    entries: list[Element] = []
    kind = ""
    problems: tuple[Problem, ...] = ()
    try:
        parser.feed(body)
        parser.close()
    except ParseError as error:
        problems = (Problem(kind="cut", detail=f"the XML breaks off or is broken: {error}"),)
    for event, element in cast(Iterator[tuple[str, Element]], parser.read_events()):
        name = _local(element.tag)
        if event == "start":
            kind = kind or {"urlset": "sitemap", "sitemapindex": "sitemap_index"}.get(name, "feed")
        elif name in ("url", "sitemap", "item", "entry"):
            entries.append(element)
            if len(entries) > MAX_ADDRESSES:
                raise NotAStory("feed", f"more than {MAX_ADDRESSES:,} addresses")
    if not kind:
        raise NotAStory("feed", "the XML ends before its first element")
    return kind, entries, problems


def _local(tag: str) -> str:
    return tag.rsplit("}", 1)[-1]


def _teasers(capture: Capture, entries: list[Element]) -> Iterator[Teaser]:
    seen: set[str] = set()
    for entry in entries:
        fields = {_local(child.tag): child for child in reversed(entry)}
        url = absolute(capture.url, _address(fields))
        if url is None or url in seen:
            continue
        seen.add(url)
        printed = next(
            (
                _text(fields, name)
                for name in ("pubDate", "published", "updated", "lastmod", "date")
                if _text(fields, name)
            ),
            None,
        )
        at = _moment(printed)
        yield DatedTeaser(
            list=None,
            position=len(seen),
            headline=_text(fields, "title"),
            url=url,
            summary=_text(fields, "summary"),
            published_at=at if "lastmod" not in fields else None,
            published_on=day_of(at) if at and "lastmod" not in fields else None,
            published_text=printed,
        )


def _address(fields: dict[str, Element]) -> str:
    link = fields.get("loc", fields.get("link"))
    if link is None:
        return ""
    return (link.text or link.get("href") or "").strip()


def _text(fields: dict[str, Element], name: str) -> str | None:
    return clean(fields[name].text or "") or None if name in fields else None


def _moment(printed: str | None) -> datetime | None:
    if not printed:
        return None
    try:
        moment = parsedate_to_datetime(printed)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, IndexError, OverflowError):
        return machine_moment(printed)
