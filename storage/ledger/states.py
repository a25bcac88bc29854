"""What a crawl knows about an address, the state a visit leaves it in, and when to look again."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

WITHDRAWN = "withdrawn"  # the reason in the ledger


Kind = Literal["front", "listing", "story", "feed", "sitemap", "rest", "page"]

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
    "known",  # heard of, never visited
    "leased",  # being visited now
    "done",
    "unchanged",  # visited again, nothing new
    "partial",  # the page is cut or came in part, or keeps words behind a paywall
    "unread",
    "moved",
    "gone",
    "excluded",
    "failed",  # the server or the way to it; tried again
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """At most so many addresses that begin with `start`; name: the reason for which the others are excluded."""

    name: str
    start: str
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """An address heard of; address: its key in the ledger, for a story its canonical address.

    dated_on: the day printed beside it. excluded_by: the rule that keeps the crawl out, or None.
    depth: links from where the crawl began. budget: of which a new address takes its share; None: of none.
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
    """What a crawl knows about the address that gave an item.

    heard: the addresses that the page announces.
    etag, last_modified: the answer's validators. retry_after_seconds: what a failing server asks for.
    resume_url: what to ask for at this address next time, for a list that is asked for from where it ended.
    goes_on: whether it has more to give now.
    """

    address: str
    kind: Kind
    discoveries: tuple[Discovery, ...] = ()
    etag: str | None = None
    last_modified: str | None = None
    retry_after_seconds: float | None = None
    resume_url: str | None = None
    goes_on: bool = False


# After these waits in one run the address is left to the next run: a server that is down for four minutes
# is not helped by more questions.
BACK_OFF = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=3))

# The moment of a visit whose record has no date, by whatever road it comes: it undoes no other, and is due at once.
UNDATED = datetime(1970, 1, 1, tzinfo=UTC)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

# A page that lists what is new is the only way to hear of it in time.
NEWS_AGAIN = HOUR
# The deeper pages of a pager only move down what was on the first; other lists than the front's, the sections' and the
# feeds show again what these have.
PAGER_AGAIN = 7 * DAY
# Younger than: look again after. Stories are edited within hours, corrected within days, and after a year
# hardly ever; then a look tells only whether they still stand.
STORY_AGAIN = (
    (DAY, 6 * HOUR),
    (7 * DAY, DAY),
    (30 * DAY, 7 * DAY),
    (365 * DAY, 90 * DAY),
)
OLD_STORY_AGAIN = 365 * DAY
# Deleted pages come back now and then; a page nobody could read waits for a better layout.
GONE_AGAIN = UNREAD_AGAIN = 30 * DAY
CLOSED_AGAIN = 6 * HOUR  # behind a bot check or a log-in
CLOSED = ("challenge", "log_in")  # reasons
BROKEN = "broken_transfer"  # a reason, and a kind of problem
DROPPED = "dropped"  # the reason of a page that a pipeline kept out
LISTS: tuple[Kind, ...] = ("front", "listing", "feed", "sitemap", "rest")


def due_again(
    kind: Kind, published_on: date | None, changes: int, now: datetime, *, page: int = 0, depth: int = 0
) -> datetime:
    """When to look again at an address that could be read. A story of unknown age counts as a month old.

    changes: how often it changed so far; a story that did is looked at as if it were in the next younger
    group, for who corrects once corrects again. page: of a listing, from 0. depth: links from where the crawl began.
    """
    if kind in LISTS:
        of_the_past = page or (kind == "rest" and published_on) or (kind in ("listing", "sitemap") and depth)
        return now + (PAGER_AGAIN if of_the_past else NEWS_AGAIN)
    age = now - datetime.combine(published_on, datetime.min.time(), now.tzinfo) if published_on else 30 * DAY
    waits = [wait for younger_than, wait in STORY_AGAIN if age < younger_than]
    wait = waits[0] if waits else OLD_STORY_AGAIN
    steps = [wait for _, wait in STORY_AGAIN] + [OLD_STORY_AGAIN]
    return now + (steps[max(steps.index(wait) - 1, 0)] if changes else wait)


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalState:
    """How a visit leaves an address; again: it did not bring what is there, and is tried again with back-off."""

    state: State
    why: str | None = None
    again: bool = False


UNCHANGED = FinalState(state="unchanged")


def state_after(item: Mapping[str, Any], kind: Kind | None) -> FinalState:
    """The state in which an item (plain data) with new words leaves its address; kind: of its visit.

    A page that a pipeline dropped is not asked for again; a list is, for the addresses that it announces.
    """
    if item["type"] == "unread" and item["reason"] == DROPPED:
        return FinalState(state="unread" if kind in LISTS else "excluded", why=DROPPED)
    if item["type"] == "unread":
        return _left_unread(item["reason"])
    broken = _kinds(item["problems"]) & {BROKEN}
    missing = broken | (_kinds(item["problems"]) & {"cut", "paywall"} if item["type"] == "article" else set())
    return (
        FinalState(state="partial", why=", ".join(sorted(missing)), again=bool(broken))
        if missing
        else FinalState(state="done")
    )


def _left_unread(reason: str) -> FinalState:
    if reason in ("server_error", "bad_status", BROKEN):
        return FinalState(state="failed", why=reason, again=True)
    states: dict[str, State] = {"moved": "moved", "gone": "gone", "not_modified": "unchanged"}
    return FinalState(state=states.get(reason, "unread"), why=None if reason == "not_modified" else reason)


def _kinds(problems: Sequence[Mapping[str, Any]]) -> set[str]:
    return {problem["kind"] for problem in problems}


# Whole addresses of news first, then lists, then stories; other pages last.
RANKS: dict[str, int] = {"feed": 0, "rest": 0, "front": 1, "sitemap": 1, "listing": 2, "story": 3, "page": 4}
# Lists without an end that show again what others have.
_LAST = re.compile(r"//[^/]+/(?:tags?|topics?|author)/")
_OF_A_PART = re.compile(r"//[^/]+/[^/]+/.")
_RANK, _VISITED = 100_000_000, 10_000_000
_FARTHEST = 1_000_000  # pages, that a turn stays within its rank
_PAGE = re.compile(r"[?&](page|paged|start)=(?:\d+,)*(\d{1,7})(?:&|$)|/(page/)(\d{1,7})(?:\?|$)", re.A)


def queue_priority(address: str, kind: str, dated_on: date | None, heard_at: datetime, *, visited: bool) -> int:
    """Smaller is sooner: by kind, never visited before visited, the newest day first.

    An address without a day counts as of the day when it was heard of: a front page dates nothing, and
    shows what is new. A list's page N takes its turn with stories N days old: all lists go on side by side,
    and however long one is, nothing waits for its end.
    """
    page = page_of(address) if kind == "listing" else 0
    age = date.max.toordinal() - (dated_on or heard_at.date()).toordinal() + page
    if kind == "listing" and _LAST.search(address):
        return RANKS["page"] * _RANK + visited * _VISITED + age
    # A list of posts that has given its newest, what counts those of a year, and the feed of a section take their turn
    # among the lists.
    later = kind == "rest" and (visited or dated_on is not None)
    later |= kind == "feed" and _OF_A_PART.search(address) is not None
    return RANKS["story" if page else "listing" if later else kind] * _RANK + visited * _VISITED + age


def page_of(address: str) -> int:
    """Which page of a list an address names, from 0.

    `start` counts stories, ten on a page; `/page/N` and `paged` count from 1.
    """
    found = _PAGE.search(address)
    if found is None:
        return 0
    name, number = (found[1], int(found[2])) if found[1] else (found[3], int(found[4]))
    page = {"page": number, "start": number // 10}.get(name, max(number - 1, 0))
    return min(page, _FARTHEST)
