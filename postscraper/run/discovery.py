"""What an item lets the ledger hear: the addresses it announces, and where it stands itself.

Here it is decided what a crawl follows. Addresses on other hosts are no business of the ledger;
the links of a story keep them.
"""

import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from urllib.parse import urljoin

from postscraper.items import Article, Capture, DatedTeaser, Item, Listing, Teaser, Unread
from postscraper.newspapers import Newspaper
from postscraper.run.limits import DEEPEST_SITEMAP, MOST_IDLE, IdlePages, budget, goes_on, limit_passed, too_many
from postscraper.run.scope import Scope
from postscraper.sources import wordpress
from postscraper.urls import LONGEST_ADDRESS, Aliases, absolute, canonical, machine_kind, path_of
from storage.ledger.states import Discovery, FoundBy, Kind, Visit

_log = logging.getLogger(__name__)

_NODE = re.compile(r"^/node/\d+$")
_LIST = re.compile(r"^/(?:author|taxonomy/term|tags?|topics?|category|page)/|/page/\d+$")
_FILE = re.compile(r"\.(?:jpe?g|png|gif|webp|svg|ico|css|js|pdf|mp[34]|zip|docx?|xlsx?)$", re.I)


# What a list of all sections has for its own: a run over sections does not ask for it.
WHOLE_PAPER = "the whole paper"


class Discoverer:
    """Hears for one newspaper and one run."""

    def __init__(self, paper: Newspaper, scope: Scope, aliases: Aliases, longest_pause_seconds: float = 600) -> None:
        self._longest_pause_seconds = longest_pause_seconds
        self.paper = paper
        self._scope = scope
        self.aliases = aliases
        # The same stories are announced on page after page.
        self._hear = lru_cache(maxsize=20_000)(self._heard_of)
        self._ours = lru_cache(maxsize=20_000)(self._is_ours)
        self._idle = IdlePages()
        self._sections = {path.casefold(): name for name, path in paper.sections.items()}

    def visit(
        self, item: Item, capture: Capture | None = None, stories: Sequence[Item] = (), *, depth: int = 0
    ) -> Visit:
        """Where an answer stands in the ledger, with all that it announces.

        stories: those that it carries whole, whose links it announces too.
        """
        address = canonical(item.url, self.aliases)
        named = capture if capture and _is_whole(item) else None
        return Visit(
            address=address,
            kind="rest" if machine_kind(address) == "rest" else _kind_of(item) or self.kind(address),
            discoveries=tuple(dict.fromkeys(self._heard(item, stories, depth + 1))),
            resume_url=self._resumes(item),
            goes_on=isinstance(item, Listing) and wordpress.goes_on(item),
            etag=named.header("etag") if named else None,
            last_modified=named.header("last-modified") if named else None,
            retry_after_seconds=self._retry_after(capture),
        )

    def seeds(self) -> Iterator[Discovery]:
        """Where a run begins: what it names, else the sections it names, else the whole paper."""
        origin = f"https://{self.paper.host}"
        if self._scope.urls:
            for url in self._scope.urls:
                yield self._hear(url, "asked", 0)
            return
        names = self._scope.sections or tuple(self.paper.sections)
        for url in wordpress.starts(origin, self._scope.since, self._scope.until, whole=not self._scope.sections):
            yield replace(self._hear(url, "front", 0), section=WHOLE_PAPER if wordpress.is_posts(url) else None)
        if not self._scope.sections:
            for paths in self.paper.seeds.values():
                for path in paths:
                    yield self._hear(urljoin(origin, path), "front", 0)
            yield from (self._hear(urljoin(origin, path), "section", 2) for path in self.paper.later_seeds)
        for name in names:
            yield self._hear(urljoin(origin, self.paper.sections[name]), "section", 0)

    def sitemaps(self, urls: Iterable[str]) -> Iterator[Discovery]:
        """Sitemaps of the newspaper that its robots.txt names."""
        yield from (replace(self._hear(url, "front", 0), kind="sitemap") for url in urls if self._ours(url))

    def kind(self, address: str) -> Kind:
        """What kind of page an address of the paper is likely to be, by its form alone."""
        path = path_of(address)
        if machine := machine_kind(address):
            return "feed" if machine == "comments" else machine
        if path == "/":
            return "front"
        if path.casefold() in self._sections or _LIST.match(path):
            return "listing"
        if _NODE.match(path) or path.startswith("/index.php/") or path.count("/") >= 2:
            return "story"
        return "page"

    def section(self, address: str) -> str | None:
        """The short name of the section in which an address lies; None for the whole paper."""
        # WordPress has the lists of its sections under /category/.
        path = "/" + path_of(address).removeprefix("/category/").lstrip("/")
        first = "/" + path.split("/")[1]
        return self._sections.get(path.casefold()) or self._sections.get(first.casefold())

    def _retry_after(self, capture: Capture | None) -> float | None:
        """The pause that an answer asks for, in seconds, as far as it is kept; None when it asks for none."""
        text = capture.header("retry-after") if capture else None
        if not text or capture is None or capture.captured_at is None:
            return None
        asked = asked_pause(capture.status, text, capture.captured_at)
        return None if asked is None else min(max(asked, 0.0), self._longest_pause_seconds)

    def _heard(self, item: Item, stories: Sequence[Item], depth: int) -> Iterator[Discovery]:
        if isinstance(item, Unread):
            if item.reason == "moved" and (target := absolute(item.url, item.detail)) and self._ours(target):
                yield self._hear(target, "redirect", depth)
            return
        yield from self._announced(item, depth)
        for story in stories:
            if isinstance(story, Article):
                yield from self._announced(story, depth + 1)
        if isinstance(item, Listing) and machine_kind(item.url) == "rest":
            yield from self._rest_lists(item, depth)
        if isinstance(item, Listing) and item.next_url and self._ours(item.next_url) and not self._resumes(item):
            yield self._pager(item, depth)

    def _resumes(self, item: Item) -> str | None:
        """What to ask for next time at an address whose list goes on where it ended; None for any other."""
        if not isinstance(item, Listing) or item.next_url is None or machine_kind(item.url) != "rest":
            return None
        here, onward = (canonical(url, self.aliases) for url in (item.url, item.next_url))
        return item.next_url if here == onward else None

    def _rest_lists(self, item: Listing, depth: int) -> Iterator[Discovery]:
        """Of the paper's categories: the posts of those that the run asks for, and how many there are of each year."""
        origin = f"https://{self.paper.host}"
        for section, url in wordpress.posts_of_categories(item, self._scope.since, self._scope.until):
            if section in self._scope.sections and self._ours(url):
                yield replace(self._hear(url, "section", depth), section=section)
        if item.capture.captured_at is not None and wordpress.is_categories(item.url):
            for day, url in wordpress.years(origin, item.capture.captured_at.year):
                yield replace(self._hear(url, "link", depth, day), section=WHOLE_PAPER)

    def _announced(self, item: Article | Listing, depth: int) -> Iterator[Discovery]:
        """What the page announces, up to its budget; the audit names the rest, which the archive has all the same."""
        most, told = too_many(item.layout), set[str]()
        for heard in self._all_announced(item, depth):
            told.add(heard.address)
            if len(told) > most:
                _log.warning("%s announces more than %d addresses; those behind are not followed", item.url, most)
                return
            yield heard

    def _all_announced(self, item: Article | Listing, depth: int) -> Iterator[Discovery]:
        for teaser in item.teasers:
            # Which REST lists are asked for is not theirs to say.
            if self._ours(teaser.url) and machine_kind(teaser.url) != "rest":
                yield self._teaser(item, teaser, depth)
        if isinstance(item, Article):
            yield from (self._hear(link.url, "link", depth) for link in item.links if self._ours(link.url))

    def _teaser(self, item: Article | Listing, teaser: Teaser, depth: int) -> Discovery:
        day = teaser.published_on if isinstance(teaser, DatedTeaser) else None
        how: FoundBy = "teaser"
        if item.layout in ("feed", "sitemap", "sitemap_index"):
            how = "feed" if item.layout == "feed" else "sitemap"
        heard = self._hear(teaser.url, how, depth, day)
        too_deep = item.layout == "sitemap_index" and depth > DEEPEST_SITEMAP
        return _excluded(heard, f"sitemaps more than {DEEPEST_SITEMAP} deep") if too_deep else heard

    def _pager(self, item: Listing, depth: int) -> Discovery:
        days = [teaser.published_on for teaser in item.teasers if isinstance(teaser, DatedTeaser)]
        known = [day for day in days if day is not None]
        url = item.next_url or ""
        here = canonical(item.url, self.aliases)
        same_list = goes_on(here, canonical(url, self.aliases))
        heard = self._hear(url, "pager", depth - 1 if same_list else depth)
        # Both are of a walk from page to page; what comes from elsewhere comes in any order.
        if self._scope.source != "live":
            return heard
        if self._idle.of(here, {teaser.url for teaser in item.teasers}) > MOST_IDLE:
            where = heard.section or path_of(here)
            return _excluded(heard, f"budget of section {where}: {MOST_IDLE} pages in a row with nothing new")
        too_old = self._scope.since and known and max(known) < self._scope.since
        return _excluded(heard, f"all before since={self._scope.since}") if too_old else heard

    def _is_ours(self, url: str) -> bool:
        try:
            address = canonical(url, self.aliases)
        except ValueError:
            return False
        # A longer one is no key of any database, and so of no ledger.
        return address.split("/")[2] == self.paper.host and len(address) <= LONGEST_ADDRESS

    def _heard_of(self, url: str, how: FoundBy, depth: int, day: date | None = None) -> Discovery:
        address = canonical(url, self.aliases)
        kind, section = self.kind(address), self.section(address)
        return Discovery(
            url=url,
            address=address,
            kind=kind,
            section=section,
            dated_on=day,
            found_by=how,
            excluded_by=None if how == "asked" else self.exclusion_rule(address, depth),
            depth=depth,
            budget=budget(address, kind, how, section),
        )

    def exclusion_rule(self, address: str, depth: int) -> str | None:
        """The rule that keeps a crawl out of an address; None when there is none."""
        path = path_of(address)
        first = path.split("/")[1].casefold()
        machine = machine_kind(address)
        if machine == "comments":
            return "a feed of comments"
        if first in self.paper.no_stories and machine is None:
            return f"no stories under /{first}"
        if _FILE.search(path):
            return "a file, not a page"
        return limit_passed(address, path, depth)


def _is_whole(item: Item) -> bool:
    """Whether a later request may name this version: of what was not read whole a 304 would bring nothing."""
    if isinstance(item, Unread):
        return item.reason == "not_modified"
    return all(problem.kind not in ("cut", "broken_transfer") for problem in item.problems)


def _kind_of(item: Item) -> Kind | None:
    if isinstance(item, Article):
        return "story"
    return None if isinstance(item, Unread) else _kind_of_listing(item)


def _kind_of_listing(item: Listing) -> Kind:
    if item.layout == "feed":
        return "feed"
    if item.layout in ("sitemap", "sitemap_index"):
        return "sitemap"
    return "front" if path_of(item.canonical_url) == "/" else "listing"


def _excluded(heard: Discovery, by: str) -> Discovery:
    return replace(heard, excluded_by=by)


def asked_pause(status: int | None, text: str, captured_at: datetime) -> float | None:
    """Seconds until the moment that a Retry-After header names, in either of its forms; None for neither.

    None, too, with a status that gives the header no meaning: RFC 9110, 10.2.3 has 503 and redirects, RFC 6585 has 429.
    """
    if status is None or not (status in (429, 503) or 300 <= status < 400):
        return None
    if text.strip().isascii() and text.strip().isdigit():
        return float(text.strip()[:9])
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):
        return None
    return (at - captured_at).total_seconds() if at.tzinfo else None
