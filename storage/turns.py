"""Whose turn it is: the order in which the ledger hands out addresses."""

import re
from datetime import date, datetime

# Whole addresses of news first, then lists, then stories; other pages last.
RANKS: dict[str, int] = {"feed": 0, "rest": 0, "front": 1, "sitemap": 1, "listing": 2, "story": 3, "page": 4}
# Lists without an end that show again what others have.
_LAST = re.compile(r"//[^/]+/(?:tags?|topics?|author)/")
_OF_A_PART = re.compile(r"//[^/]+/[^/]+/.")
_RANK, _VISITED = 100_000_000, 10_000_000
_FARTHEST = 1_000_000  # pages, that a turn stays within its rank
_PAGE = re.compile(r"[?&](page|paged|start)=(?:\d+,)*(\d{1,7})(?:&|$)|/(page/)(\d{1,7})(?:\?|$)", re.A)


def priority(address: str, kind: str, dated_on: date | None, heard_at: datetime, *, visited: bool) -> int:
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
