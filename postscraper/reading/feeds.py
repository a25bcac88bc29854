"""Feeds (RSS 2.0, RSS 1.0, Atom) and sitemaps: listings for machines.

A document type, an entity or markup nested out of all measure is refused; a document that breaks off
is read up to its last whole entry, and a problem reports it. Nothing is ever fetched, from disk or network.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from html import escape
from urllib.parse import urlsplit

from postscraper.errors import PageRejected
from postscraper.extraction import assemble
from postscraper.extraction.body import body as blocks_of
from postscraper.extraction.dates import believable, day_of, machine_moment
from postscraper.extraction.decode import text_of
from postscraper.extraction.page import Answer, Page, the_node
from postscraper.extraction.pictures import first_picture_url
from postscraper.extraction.text import clean
from postscraper.items import Article, Capture, DatedTeaser, Listing, Problem, ProblemKind
from postscraper.layouts.wordpress import syndicated
from postscraper.layouts.wordpress.published import Published
from postscraper.layouts.wordpress.syndicated import plain_words
from postscraper.newspaper import Newspaper
from postscraper.reading.feed_xml import Entry, Field, document
from postscraper.urls import LONGEST_ADDRESS, Aliases, absolute, is_of_paper, path_of

LONGEST_SUMMARY = 20_000  # characters; what is longer is a whole story or an attack

# Fields with the date of publication, in the order of trust.
_PUBLISHED = ("pubDate", "published", "dc:date", "date")
# When the entry was last touched: no date of publication.
_TOUCHED = ("lastmod", "updated", "dcterms:modified")

# The number of a post in the name that WordPress gives an entry for good.
_POST = re.compile(r"[?&]p=(\d{1,18})$")
_DECLARED = re.compile(rb"\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})")


def read(
    capture: Capture, body: bytes, paper: Newspaper, aliases: Aliases, *, cut: bool
) -> tuple[Listing, *tuple[Article, ...]]:
    """The addresses of a feed or sitemap that belong to the paper, in their order, each once; and its whole stories.

    A story's receipt names its entry, by the story's address, as the part of the capture. A sitemap gives addresses
    alone: no headline, and its `lastmod` is no date of publication.
    Raises PageRejected for a hostile, a broken or a foreign one, and for one of comments.
    """
    text, problems = text_of(body, label(capture, body))
    feed = document(text, cut)
    if feed.entries and all(map(_is_comment, feed.entries)):
        raise PageRejected("not_an_article", "a feed of comments")
    answer = Answer(capture, paper, problems, aliases)
    reader = _Entries(answer, feed.kind)
    teasers = reader.teasers(feed.entries)
    home = answer.canonical(capture.url)
    if not teasers and not is_of_paper(home):
        host = (urlsplit(home).hostname or "").removeprefix("www.")
        raise PageRejected("another_paper", f"{host} is no paper that is known here, and lists none of its pages")
    onward = feed.channel.linked("next")
    listing = assemble.listing(
        answer,
        layout=feed.kind,
        language=answer.language_of(""),
        section=_section(capture, feed.channel),
        entries=(*teasers, *feed.problems, *reader.problems()),
        next_url=absolute(capture.url, onward) if onward else None,
    )
    return (listing, *reader.stories)


def label(capture: Capture, body: bytes) -> str:
    """The character set by the header, which goes before the XML declaration (RFC 7303)."""
    declared = _DECLARED.match(body)
    own = declared[1].decode("ascii") if declared else ""
    return f"{capture.header('content-type') or ''}; charset={own}"


def _is_comment(entry: Entry) -> bool:
    return "#comment-" in f"{entry.address()} {entry.text('guid', 'id')}"


def _section(capture: Capture, channel: Entry) -> str | None:
    """The channel's title when the channel is a section's and not the whole paper's."""
    page = absolute(capture.url, channel.address() or "/")
    title = channel.text("title")
    if title is None or page is None or path_of(page) == "/":
        return None
    return clean(title).split(" | ")[0] or None


class _Entries:
    """The entries of one document as teasers; a problem counts those left out, by reason."""

    def __init__(self, answer: Answer, kind: str) -> None:
        self.answer = answer
        self.kind = kind
        self.foreign: list[str] = []
        self.odd_dates: list[str] = []
        self.long: list[str] = []
        self.excerpts: list[str] = []
        self.stories: list[Article] = []

    def teasers(self, entries: Iterable[Entry]) -> list[DatedTeaser]:
        teasers: dict[str, DatedTeaser] = {}
        for entry in entries:
            address = entry.address()
            url = absolute(self.answer.url, address) if address else None
            key = self._key(url) if url else None
            if url is None or key is None:
                self.foreign.append(address or "no address")
            elif key not in teasers:
                teasers[key] = self._teaser(entry, url, len(teasers) + 1)
                if (content := entry.first("content:encoded", "content")) and self.kind == "feed":
                    self._story(entry, key, content, teasers[key])
        return list(teasers.values())

    def _story(self, entry: Entry, address: str, content: Field, teaser: DatedTeaser) -> None:
        """The whole story that an entry carries, if it does."""
        markup = content.text.strip()
        if syndicated.is_excerpt(markup, teaser.summary, self.answer):
            self.excerpts.append(address)
            return
        terms = [each.text.strip() for each in entry.fields if each.name == "category" and each.text.strip()]
        post = _POST.search(entry.text("guid", "id") or "")
        byline = entry.text("dc:creator")
        try:
            story = syndicated.article(
                self.answer,
                layout="feed",
                address=address,
                part=address,
                headline=entry.text("title") or "",
                markup=markup,
                base=content.base,
                excerpt=entry.text("description", "summary"),
                byline=clean(byline) if byline else None,
                categories=[plain_words(each, self.answer) for each in terms],
                tags=(),
                published=Published(at=teaser.published_at, on=teaser.published_on, text=teaser.published_text),
                node_id=int(post[1]) if post else None,
                not_printed=("captions",),
            )
        except PageRejected:
            self.excerpts.append(address)
        else:
            self.stories.append(story)

    def _key(self, url: str) -> str | None:
        """The canonical form of an address of a newspaper; None for one that must not be followed.

        The protocol binds a sitemap to its own host. An address that names a user or an unusual
        port is no page of a newspaper.
        """
        try:
            parts = urlsplit(url)
            mirrored = parts.netloc in self.answer.aliases
            if "@" in parts.netloc or (parts.port not in (None, 80, 443) and not mirrored):
                return None
            known = self.answer.canonical(url)
        except ValueError:
            return None
        return known if is_of_paper(known) and len(known) <= LONGEST_ADDRESS else None

    def _teaser(self, entry: Entry, url: str, position: int) -> DatedTeaser:
        if self.kind != "feed":
            return DatedTeaser(
                list=None, position=position, headline=None, url=url, published_text=entry.text("lastmod")
            )
        summary, picture = self._plain(entry.first("description", "summary"))
        on, at, printed = self._date(entry)
        return DatedTeaser(
            list=None,
            position=position,
            headline=self._plain(entry.first("title"))[0],
            url=url,
            summary=summary,
            image_url=self._picture(entry) or picture,
            published_on=on,
            published_at=at,
            published_text=printed,
        )

    def _plain(self, field: Field | None) -> tuple[str | None, str | None]:
        """The words of a field that may be HTML, and the first picture in it."""
        text = field.text.strip() if field else ""
        if field is None or ("<" not in text and "&" not in text):
            return self._measured(clean(text)), None
        html = f'<!DOCTYPE html><base href="{escape(field.base)}"><body>{text}'
        page = Page(html, self.answer.capture, self.answer.paper)
        words = clean(blocks_of(page, the_node(page, "body")).text)
        return self._measured(words), first_picture_url(page, page)

    def _measured(self, words: str) -> str | None:
        if len(words) > LONGEST_SUMMARY:
            self.long.append(words)
            return None
        return words or None

    def _picture(self, entry: Entry) -> str | None:
        href = entry.picture()
        return absolute(self.answer.url, href) if href else None

    def _date(self, entry: Entry) -> tuple[date | None, datetime | None, str | None]:
        printed = entry.text(*_PUBLISHED)
        if printed is None:
            return None, None, entry.text(*_TOUCHED)
        on, at = _moment(clean(printed), self.answer.paper)
        if on is None or not believable(on, self.answer.capture.captured_at, self.answer.paper):
            self.odd_dates.append(printed)
            return None, None, clean(printed)
        return on, at, clean(printed)

    def problems(self) -> Iterator[Problem]:
        too_long = f"summaries longer than {LONGEST_SUMMARY:,} characters"
        left_out: tuple[tuple[ProblemKind, str, list[str]], ...] = (
            ("unread_words", "entries without an address of the paper", self.foreign),
            ("odd_date", "dates that the paper cannot have printed", self.odd_dates),
            ("excerpt", "entries that carry no whole story", self.excerpts),
            ("unread_words", too_long, self.long),
        )
        for kind, detail, texts in left_out:
            if texts:
                first = "\n".join(each[:200] for each in texts[:10])
                yield Problem(kind=kind, detail=f"{detail}: {len(texts)}", text=first)


def _moment(printed: str, paper: Newspaper) -> tuple[date | None, datetime | None]:
    """Day on the newspaper's clock and moment of an RFC 822 or ISO date; no moment without an offset."""
    try:
        moment = parsedate_to_datetime(printed)
        return (day_of(moment, paper), moment.astimezone(UTC)) if moment.tzinfo else (moment.date(), None)
    except (ValueError, IndexError, OverflowError, TypeError):
        at = machine_moment(printed)
    if at is not None:
        return day_of(at, paper), at
    try:
        return date.fromisoformat(printed), None
    except ValueError:
        return None, None
