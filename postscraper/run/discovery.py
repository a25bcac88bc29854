"""Links found on a page, as discoveries for the ledger; decides what a crawl follows.

Addresses on other hosts never reach the ledger; the links of a story keep them.
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
from postscraper.newspaper import Newspaper
from postscraper.run.limits import DEEPEST_SITEMAP, MOST_IDLE, IdlePages, budget, is_later_page, limit_passed, too_many
from postscraper.run.scope import Scope
from postscraper.sources import wordpress
from postscraper.urls import (
    LONGEST_ADDRESS,
    Aliases,
    absolute,
    canonical,
    is_picture,
    machine_kind,
    maybe_canonical,
    path_of,
    root_kind,
)
from storage.ledger.states import Discovery, FoundBy, Kind, Visit

_log = logging.getLogger(__name__)

_NODE = re.compile(r"^/node/\d+$")
_LIST = re.compile(r"^/(?:author|taxonomy/term|tags?|topics?|category|page)/|/page/\d+$")
_FILE = re.compile(r"\.(?:jpe?g|png|gif|webp|svg|ico|css|js|pdf|mp[34]|zip|docx?|xlsx?)$", re.I)

# The section of a list of all sections: a run over sections does not request it.
WHOLE_PAPER = "the whole paper"


class Discoverer:
    """Finds the links on the pages of one newspaper, for one run."""

    def __init__(
        self,
        paper: Newspaper,
        scope: Scope,
        aliases: Aliases,
        longest_pause_seconds: float = 600,
        *,
        keeps_pictures: bool = False,
    ) -> None:
        """keeps_pictures: whether the pictures of stories are requested, too, on whatever host they are."""
        self._longest_pause_seconds = longest_pause_seconds
        self._keeps_pictures = keeps_pictures
        self.paper = paper
        self._scope = scope
        self.aliases = aliases
        # Cached, because page after page announces the same stories.
        self._discovery = lru_cache(maxsize=20_000)(self._make_discovery)
        self._is_ours = lru_cache(maxsize=20_000)(self._is_on_host)
        self._idle = IdlePages()
        self._sections = {path.casefold(): name for name, path in paper.sections.items()}

    def visit(
        self, item: Item, capture: Capture | None = None, stories: Sequence[Item] = (), *, depth: int = 0
    ) -> Visit:
        """The visit of an address, for the ledger, with the links on the page.

        stories: complete stories in the response; their links are included.
        """
        address = canonical(item.url, self.aliases)
        whole = capture if capture and _is_whole(item) else None
        return Visit(
            address=address,
            kind="rest" if machine_kind(address) == "rest" else _kind_of(item) or self.kind(address),
            discoveries=tuple(dict.fromkeys(self._discoveries(item, stories, depth + 1))),
            resume_url=self._resume_url(item),
            goes_on=isinstance(item, Listing) and wordpress.goes_on(item),
            etag=whole.header("etag") if whole else None,
            last_modified=whole.header("last-modified") if whole else None,
            retry_after_seconds=self._retry_after(capture),
        )

    def seeds(self) -> Iterator[Discovery]:
        """The first addresses of a run: those of `url`, else of its sections, else of the whole newspaper."""
        origin = f"https://{self.paper.host}"
        if self._scope.urls:
            for url in self._scope.urls:
                yield self._discovery(url, "asked", 0)
            return
        names = self._scope.sections or tuple(self.paper.sections)
        since, until, whole = self._scope.since, self._scope.until, not self._scope.sections
        for url in wordpress.seeds(origin, since, until, whole=whole) if self.paper.rest_api else ():
            yield replace(self._discovery(url, "front", 0), section=WHOLE_PAPER if wordpress.is_posts(url) else None)
        if whole:
            yield from (self._discovery(urljoin(origin, path), "front", 0) for path in self.paper.seeds)
            yield from (self._discovery(urljoin(origin, path), "section", 2) for path in self.paper.later_seeds)
        for name in names:
            yield self._discovery(urljoin(origin, self.paper.sections[name]), "section", 0)

    def sitemaps(self, urls: Iterable[str]) -> Iterator[Discovery]:
        """The newspaper's sitemaps among those that its robots.txt names."""
        yield from (replace(self._discovery(url, "front", 0), kind="sitemap") for url in urls if self._is_ours(url))

    def kind(self, address: str) -> Kind:
        """The probable kind of page at an address of the newspaper, judged by the address alone."""
        path = path_of(address)
        if is_picture(address):
            return "picture"
        if machine := machine_kind(address):
            return "feed" if machine == "comments" else machine
        if root := root_kind(address):
            return root
        if path.casefold() in self._sections or _LIST.match(path):
            return "listing"
        if _NODE.match(path) or path.startswith("/index.php/") or path.count("/") >= 2:
            return "story"
        return "page"

    def section(self, address: str) -> str | None:
        """The short name of the section of an address; None if it is in none."""
        # WordPress has the lists of its sections under /category/.
        path = "/" + path_of(address).removeprefix("/category/").lstrip("/")
        first = "/" + path.split("/")[1]
        return self._sections.get(path.casefold()) or self._sections.get(first.casefold())

    def _retry_after(self, capture: Capture | None) -> float | None:
        """The pause of a Retry-After header in seconds, at most the longest of the run; None without one."""
        text = capture.header("retry-after") if capture else None
        if not text or capture is None or capture.captured_at is None:
            return None
        seconds = retry_after_seconds(capture.status, text, capture.captured_at)
        return None if seconds is None else min(max(seconds, 0.0), self._longest_pause_seconds)

    def _discoveries(self, item: Item, stories: Sequence[Item], depth: int) -> Iterator[Discovery]:
        if isinstance(item, Unread):
            if item.reason == "moved" and (target := absolute(item.url, item.detail)) and self._is_ours(target):
                yield self._discovery(target, "redirect", depth)
            return
        yield from self._announced(item, depth)
        for story in stories:
            if isinstance(story, Article):
                yield from self._announced(story, depth + 1)
        if isinstance(item, Listing) and machine_kind(item.url) == "rest":
            yield from self._rest_lists(item, depth)
        if isinstance(item, Listing) and item.next_url and self._is_ours(item.next_url) and not self._resume_url(item):
            yield self._pager(item, depth)

    def _resume_url(self, item: Item) -> str | None:
        """The address for the next visit of a list that is resumed where it ended; None for any other list."""
        if not isinstance(item, Listing) or item.next_url is None or machine_kind(item.url) != "rest":
            return None
        is_same = canonical(item.url, self.aliases) == canonical(item.next_url, self.aliases)
        return item.next_url if is_same else None

    def _rest_lists(self, item: Listing, depth: int) -> Iterator[Discovery]:
        """REST lists that follow from the list of categories: posts of the run's sections, and counts by year."""
        origin = f"https://{self.paper.host}"
        for section, url in wordpress.posts_of_categories(item, self._scope.since, self._scope.until):
            if section in self._scope.sections and self._is_ours(url):
                yield replace(self._discovery(url, "section", depth), section=section)
        if item.capture.captured_at is not None and wordpress.is_categories(item.url):
            years = range(self.paper.founded_on.year, item.capture.captured_at.year + 1)
            for day, url in wordpress.year_counts(origin, years):
                yield replace(self._discovery(url, "link", depth, day), section=WHOLE_PAPER)

    def _announced(self, item: Article | Listing, depth: int) -> Iterator[Discovery]:
        """The links on the page, up to its limit; further ones are stored with the item, and an audit lists them."""
        most, addresses = too_many(item.layout), set[str]()
        for discovery in self._all_announced(item, depth):
            addresses.add(discovery.address)
            if len(addresses) > most:
                _log.warning("%s announces more than %d addresses; those behind are not followed", item.url, most)
                return
            yield discovery

    def _all_announced(self, item: Article | Listing, depth: int) -> Iterator[Discovery]:
        for teaser in item.teasers:
            # Only `seeds` and `_rest_lists` decide which REST lists are requested.
            if self._is_ours(teaser.url) and machine_kind(teaser.url) != "rest":
                yield self._teaser(item, teaser, depth)
        if isinstance(item, Article):
            yield from (self._discovery(link.url, "link", depth) for link in item.links if self._is_ours(link.url))
        if isinstance(item, Article) and self._keeps_pictures:
            yield from self._pictures(item, depth)

    def _pictures(self, item: Article, depth: int) -> Iterator[Discovery]:
        """The pictures of a story whose addresses are those of picture files."""
        for image in item.images:
            address = maybe_canonical(image.url, self.aliases)
            if address and len(address) <= LONGEST_ADDRESS and is_picture(image.url):
                yield self._discovery(image.url, "link", depth)

    def _teaser(self, item: Article | Listing, teaser: Teaser, depth: int) -> Discovery:
        day = teaser.published_on if isinstance(teaser, DatedTeaser) else None
        found_by: FoundBy = "teaser"
        if item.layout in ("feed", "sitemap", "sitemap_index"):
            found_by = "feed" if item.layout == "feed" else "sitemap"
        discovery = self._discovery(teaser.url, found_by, depth, day)
        if item.layout == "sitemap_index" and depth > DEEPEST_SITEMAP:
            return replace(discovery, excluded_by=f"sitemaps more than {DEEPEST_SITEMAP} deep")
        return discovery

    def _pager(self, item: Listing, depth: int) -> Discovery:
        days = [teaser.published_on for teaser in item.teasers if isinstance(teaser, DatedTeaser)]
        dates = [day for day in days if day is not None]
        url = item.next_url or ""
        address = canonical(item.url, self.aliases)
        same_list = is_later_page(address, canonical(url, self.aliases))
        discovery = self._discovery(url, "pager", depth - 1 if same_list else depth)
        # Both rules need the pages in order, which only a live crawl guarantees.
        if self._scope.source != "live":
            return discovery
        if self._idle.count(address, {teaser.url for teaser in item.teasers}) > MOST_IDLE:
            section = discovery.section or path_of(address)
            why = f"budget of section {section}: {MOST_IDLE} pages in a row with nothing new"
            return replace(discovery, excluded_by=why)
        if self._scope.since and dates and max(dates) < self._scope.since:
            return replace(discovery, excluded_by=f"all before since={self._scope.since}")
        return discovery

    def _is_on_host(self, url: str) -> bool:
        address = maybe_canonical(url, self.aliases)
        # Longer addresses cannot be keys in every database.
        return address is not None and address.split("/")[2] == self.paper.host and len(address) <= LONGEST_ADDRESS

    def _make_discovery(self, url: str, found_by: FoundBy, depth: int, day: date | None = None) -> Discovery:
        address = canonical(url, self.aliases)
        kind, section = self.kind(address), self.section(address)
        return Discovery(
            url=url,
            address=address,
            kind=kind,
            section=section,
            dated_on=day,
            found_by=found_by,
            excluded_by=None if found_by == "asked" else self.exclusion_rule(address, depth),
            depth=depth,
            budget=budget(address, kind, found_by, section),
        )

    def exclusion_rule(self, address: str, depth: int) -> str | None:
        """The rule that excludes an address from a crawl; None if there is none."""
        if is_picture(address) and self._keeps_pictures:
            return None
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
    """Whether the next request may be conditional; not for an incomplete page, which a 304 would not complete."""
    if isinstance(item, Unread):
        return item.reason == "not_modified"
    return all(problem.kind not in ("cut", "broken_transfer") for problem in item.problems)


def _kind_of(item: Item) -> Kind | None:
    """The kind of a page that was read; None for one that was not."""
    if isinstance(item, Unread):
        return None
    if isinstance(item, Article):
        return "story"
    if item.layout == "feed":
        return "feed"
    if item.layout in ("sitemap", "sitemap_index"):
        return "sitemap"
    return "front" if root_kind(item.canonical_url) == "front" else "listing"


def retry_after_seconds(status: int | None, text: str, captured_at: datetime) -> float | None:
    """Seconds of a Retry-After header, which is a number or a date; None if it is neither.

    None also for a status without that header: RFC 9110, 10.2.3 has 503 and redirects, RFC 6585 has 429.
    """
    if status is None or not (status in (429, 503) or 300 <= status < 400):
        return None
    if text.strip().isascii() and text.strip().isdigit():
        return float(text.strip()[:9])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):
        return None
    return (moment - captured_at).total_seconds() if moment.tzinfo else None
