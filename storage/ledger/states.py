"""States of an address, the time of its next visit, and its priority in the queue. Plain data, no database."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

Kind = Literal["front", "listing", "story", "feed", "sitemap", "rest", "page", "picture"]

FoundBy = Literal[
    "asked",  # a person named it
    "front",
    "section",
    "teaser",
    "link",
    "feed",
    "sitemap",
    "pager",
    "canonical",  # a page names it as its own address
    "redirect",
]

State = Literal[
    "known",  # discovered, never visited
    "leased",  # being visited now
    "done",
    "unchanged",  # visited again, nothing new
    "partial",  # the page is cut or arrived in part, or has words behind a paywall
    "unread",
    "moved",
    "gone",
    "excluded",
    "failed",  # error of the server or the network; retried
]

# Reasons.
WITHDRAWN = "withdrawn"
DROPPED = "dropped"  # by a pipeline
BROKEN = "broken_transfer"  # also a kind of problem
CLOSED = ("challenge", "log_in")


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """A limit of `most` addresses that begin with `start`; name: the reason for which further ones are excluded."""

    name: str
    start: str
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """A link to an address. address: its key in the ledger, for a story its canonical address.

    dated_on: the day printed beside the link. excluded_by: the rule by which the crawl skips it, or None.
    depth: number of links from a seed. budget: the limit in which a new address counts; None: no limit.
    """

    url: str
    address: str
    kind: Kind
    section: str | None = None
    dated_on: date | None = None
    found_by: FoundBy = "link"
    excluded_by: str | None = None
    depth: int = 0
    budget: Budget | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A visit of an address, which gave an item.

    discoveries: the links of the page. etag, last_modified: the response's validators.
    retry_after_seconds: as a failing server requests. resume_url: the url of the next visit, for a list that goes on
    where it ended. goes_on: whether the list has more pages now.
    """

    address: str
    kind: Kind
    discoveries: tuple[Discovery, ...] = ()
    etag: str | None = None
    last_modified: str | None = None
    retry_after_seconds: float | None = None
    resume_url: str | None = None
    goes_on: bool = False


# After these waits the address is left to the next run: a server that was down for four minutes is not helped by more
# requests.
BACK_OFF = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=3))

# The moment of a visit whose record has no date: older than any other visit, and due again at once.
UNDATED = datetime(1970, 1, 1, tzinfo=UTC)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

# Lists are visited often, because only they lead to new stories in time.
NEWS_AGAIN = HOUR
# The deeper pages of a pager have stories that were on its first page before; lists other than front page, sections and
# feeds repeat stories of these.
PAGER_AGAIN = 7 * DAY
# (Younger than, next visit after). Stories are edited within hours, corrected within days, and after a year hardly
# ever; then a visit only shows whether they still exist.
STORY_AGAIN = (
    (DAY, 6 * HOUR),
    (7 * DAY, DAY),
    (30 * DAY, 7 * DAY),
    (365 * DAY, 90 * DAY),
)
OLD_STORY_AGAIN = 365 * DAY
# Deleted pages come back now and then; an unread page waits for a better layout.
GONE_AGAIN = UNREAD_AGAIN = 30 * DAY
CLOSED_AGAIN = 6 * HOUR  # behind a bot check or a log-in
LISTS: tuple[Kind, ...] = ("front", "listing", "feed", "sitemap", "rest")


def due_again(
    kind: Kind, published_on: date | None, changes: int, now: datetime, *, page: int = 0, depth: int = 0
) -> datetime:
    """The time of the next visit of an address that could be read. A story of unknown age counts as a month old.

    changes: how many visits found new text; a story with any counts in the next younger group, because corrected
    stories are often corrected again. page: of a listing, from 0. depth: number of links from a seed.
    """
    if kind in LISTS:
        is_older = page or (kind == "rest" and published_on) or (kind in ("listing", "sitemap") and depth)
        return now + (PAGER_AGAIN if is_older else NEWS_AGAIN)
    age = now - datetime.combine(published_on, datetime.min.time(), now.tzinfo) if published_on else 30 * DAY
    waits = [*(wait for _, wait in STORY_AGAIN), OLD_STORY_AGAIN]
    group = sum(age >= younger_than for younger_than, _ in STORY_AGAIN)
    return now + waits[max(group - 1, 0) if changes else group]


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalState:
    """The state after a visit. again: the response is incomplete or an error, and is retried with back-off."""

    state: State
    why: str | None = None
    again: bool = False


UNCHANGED = FinalState(state="unchanged")


def state_after(item: Mapping[str, Any], kind: Kind | None) -> FinalState:
    """The state of an address after a visit that gave an item (plain data) with new text. kind: of the visit.

    A page that a pipeline dropped is excluded; a dropped list is visited again for its links.
    """
    if item["type"] == "unread":
        return _unread(item["reason"], kind)
    kinds = {problem["kind"] for problem in item["problems"]}
    missing = kinds & ({BROKEN, "cut", "paywall"} if item["type"] == "article" else {BROKEN})
    if not missing:
        return FinalState(state="done")
    return FinalState(state="partial", why=", ".join(sorted(missing)), again=BROKEN in missing)


def _unread(reason: str, kind: Kind | None) -> FinalState:
    if reason == DROPPED:
        return FinalState(state="unread" if kind in LISTS else "excluded", why=DROPPED)
    if reason in ("server_error", "bad_status", BROKEN):
        return FinalState(state="failed", why=reason, again=True)
    if reason == "not_modified":
        return UNCHANGED
    if reason == kind == "picture":
        return FinalState(state="done")
    states: dict[str, State] = {"moved": "moved", "gone": "gone"}
    return FinalState(state=states.get(reason, "unread"), why=reason)


# Feeds and REST responses first, because they have complete stories; then lists, stories, other pages, pictures.
RANKS: dict[str, int] = {
    "feed": 0,
    "rest": 0,
    "front": 1,
    "sitemap": 1,
    "listing": 2,
    "story": 3,
    "page": 4,
    "picture": 5,
}
# Lists without an end that repeat others.
_REPEATING = re.compile(r"//[^/]+/(?:tags?|topics?|author)/")
_OF_A_SECTION = re.compile(r"//[^/]+/[^/]+/.")
_RANK, _VISITED = 100_000_000, 10_000_000
_MOST_PAGES = 1_000_000  # so that a priority stays within its rank
_PAGE = re.compile(r"[?&](page|paged|start)=(?:\d+,)*(\d{1,7})(?:&|$)|/(page/)(\d{1,7})(?:\?|$)", re.A)


def queue_priority(address: str, kind: str, dated_on: date | None, heard_at: datetime, *, visited: bool) -> int:
    """Queue priority of an address, smaller is sooner: by kind, never visited before visited, the newest day first.

    An address without a day has that of its discovery, because a front page shows new stories without dates. Page N of
    a list ranks with stories N days old: all lists advance side by side, and nothing waits for the end of a long one.
    """
    page = page_of(address) if kind == "listing" else 0
    age = date.max.toordinal() - (dated_on or heard_at.date()).toordinal() + page
    if kind == "listing" and _REPEATING.search(address):
        return RANKS["page"] * _RANK + visited * _VISITED + age
    # A REST list after its first page or of one year, and the feed of a section, rank with the lists.
    later = kind == "rest" and (visited or dated_on is not None)
    later |= kind == "feed" and _OF_A_SECTION.search(address) is not None
    return RANKS["story" if page else "listing" if later else kind] * _RANK + visited * _VISITED + age


def page_of(address: str) -> int:
    """The number of a list's page in its address, from 0.

    `start` counts stories, ten on a page; `/page/N` and `paged` count from 1.
    """
    match = _PAGE.search(address)
    if match is None:
        return 0
    name, number = (match[1], int(match[2])) if match[1] else (match[3], int(match[4]))
    page = {"page": number, "start": number // 10}.get(name, max(number - 1, 0))
    return min(page, _MOST_PAGES)
