"""Limits of a crawl, against endless sites; each has a name, which the ledger stores.

A rule depends only on the address and how it was found, so that rereading a page excludes the same addresses. No rule
excludes an address given by a person.
"""

import re
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import parse_qsl

from storage.ledger.states import Budget, FoundBy, Kind

DEEPEST = 40  # links from a seed; the next page of the same list adds none
# Links from a seed. By https://www.sitemaps.org/protocol.html an index must not name an index; some sites nest once.
DEEPEST_SITEMAP = 4
MOST_PAGES = 20_000  # of one list; the longest known list has 6,000
MOST_STORIES = 10 * MOST_PAGES  # `start=` of the lists of 2008 counts stories, ten on a page
MOST_SEGMENTS = 20  # of a path, as in Heritrix; the newspaper's longest has five
MOST_ANNOUNCED = 1_000  # addresses on one page; the fullest known has 300
MOST_NAMED = 50_000  # addresses in one sitemap or feed, by the sitemap protocol
MOST_SITEMAPS = 1_000  # in one index; the whole paper fills about 60 with 2,000 addresses each
MOST_LISTS_WATCHED = 1_000  # the most recent ones
MOST_IDLE = 20  # consecutive pages of a list that announce nothing new
# Addresses in the ledger, over all runs; the longest section has 52,000 stories on 3,500 pages.
MOST_OF_A_LIST = 10_000
MOST_UNDER_A_PATH = 200_000
MOST_SITEMAPS_IN_ALL = 2_000
MOST_FROM_SITEMAPS = 10_000_000  # 200 full ones

_NUMBERED = re.compile(r"(/page/)(\d+)$", re.A)
_FIRST = re.compile(r"([^/?]*)([/?])")
_NUMBERS = re.compile(r"\d{1,7}(?:,\d{1,7}){0,3}", re.A)  # one number for each list on the page
_DAYS = re.compile(r"/(?:\d{4}/\d{1,2}(?:/\d{1,2})?|\d{4}-\d{2}-\d{2})")


def limit_passed(address: str, path: str, depth: int) -> str | None:
    """The rule that excludes an address; None if none does.

    path: of the address, decoded.
    """
    if depth > DEEPEST:
        return f"deeper than {DEEPEST} links"
    segments = path.split("/")[1:]
    if len(segments) > MOST_SEGMENTS:
        return f"more than {MOST_SEGMENTS} path segments"
    if _repeats(segments):
        return "path segments that repeat"
    if segments[0].casefold() == "calendar" or _DAYS.fullmatch("/" + "/".join(segments[1:])) or _DAYS.fullmatch(path):
        return "a day or month of a calendar"
    return _page_beyond_limit(address)


def budget(address: str, kind: Kind, found_by: FoundBy, section: str | None) -> Budget | None:
    """The budget that a new address counts against; None for a picture, for one given by a person, and for seeds.

    section: the short name of its section, or None.
    """
    if found_by in ("asked", "front", "section") or kind == "picture":
        return None
    scheme, _, host, rest = address.split("/", 3)
    origin = f"{scheme}//{host}/"
    if kind == "sitemap":
        return Budget(
            name=f"budget of sitemaps: {MOST_SITEMAPS_IN_ALL:,}", start=f"{origin}sitemap", most=MOST_SITEMAPS_IN_ALL
        )
    if found_by == "sitemap":
        return Budget(
            name=f"budget of sitemaps: {MOST_FROM_SITEMAPS:,} addresses", start=origin, most=MOST_FROM_SITEMAPS
        )
    first = _FIRST.match(rest)
    if first is None:
        return None
    most = MOST_OF_A_LIST if first[2] == "?" else MOST_UNDER_A_PATH
    name = f"section {section}" if section else f"/{first[1]}"
    return Budget(name=f"budget of {name}: {most:,} addresses", start=origin + first[0], most=most)


def too_many(layout: str) -> int:
    """The largest number of addresses that are followed from one page of a layout."""
    return {"sitemap_index": MOST_SITEMAPS, "sitemap": MOST_NAMED, "feed": MOST_NAMED}.get(layout, MOST_ANNOUNCED)


def is_later_page(here: str, onward: str) -> bool:
    """Whether `onward` is a later page of the list at `here`; both are canonical addresses."""
    one, two = _list_and_page(here), _list_and_page(onward)
    return one[0] == two[0] and _page_numbers(*one[1:]) < _page_numbers(*two[1:])


class IdlePages:
    """Counter of consecutive pages of a list that announce nothing new, as after the end of a pager."""

    def __init__(self) -> None:
        self._lists: OrderedDict[str, _ListState] = OrderedDict()

    def count(self, address: str, announced: Collection[str]) -> int:
        """The number of consecutive pages of the list at an address that announced nothing new, this one included."""
        name, *page_and_query = _list_and_page(address)
        page = "?".join(filter(None, page_and_query))
        state = self._lists.pop(name, _ListState())
        if not page or not state.announced.issuperset(announced):
            state = _ListState(page, frozenset(announced))
        elif page != state.page:
            state = _ListState(page, state.announced, state.idle + 1)
        self._lists[name] = state
        if len(self._lists) > MOST_LISTS_WATCHED:
            self._lists.popitem(last=False)
        return state.idle


@dataclass(frozen=True, slots=True)
class _ListState:
    """State of one list.

    page: as its address names it.
    announced: addresses on the last page with anything new.
    idle: pages since.
    """

    page: str = ""
    announced: frozenset[str] = frozenset()
    idle: int = 0


def _repeats(segments: list[str]) -> bool:
    """Whether some segments come three times in a row: /a/b/a/b/a/b."""
    for size in range(1, len(segments) // 3 + 1):
        for at in range(len(segments) - 3 * size + 1):
            first, second, third = (segments[at + turn * size : at + (turn + 1) * size] for turn in range(3))
            if first == second == third:
                return True
    return False


def _page_beyond_limit(address: str) -> str | None:
    _, number, query = _list_and_page(address)
    values = dict(parse_qsl(query))
    for name, value, most in (
        *((f"?{name}=", values.get(name), MOST_PAGES) for name in ("page", "paged")),
        ("?start=", values.get("start"), MOST_STORIES),
        ("/page/", number or None, MOST_PAGES),
    ):
        if value is not None and not (_NUMBERS.fullmatch(value) and max(map(int, value.split(","))) < most):
            return f"{name} is no number below {most:,}"
    return None


def _list_and_page(address: str) -> tuple[str, str, str]:
    """The address of a list, the number that `/page/N` gives to its page ("" without), and the query."""
    name, _, query = address.partition("?")
    numbered = _NUMBERED.search(name)
    return (name[: numbered.start()] if numbered else name).rstrip("/"), numbered[2] if numbered else "", query


def _page_numbers(number: str, query: str) -> tuple[int, ...]:
    fields = dict(parse_qsl(query))
    values = (*(fields.get(name, "") for name in ("page", "paged", "start")), number)
    return tuple(int(value) if _NUMBERS.fullmatch(value) and "," not in value else 0 for value in values)
