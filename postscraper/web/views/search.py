"""View of a search: hits with marked snippets, and what limits them."""

from datetime import date
from typing import Any, get_args

from sqlalchemy import Connection

from postscraper.web.pages import Elsewhere, Page, Parameter, Room
from postscraper.web.rendering import MARKS
from postscraper.web.views.stories import number_at
from storage.errors import BadQuery
from storage.query import statistics
from storage.query.search import search
from storage.query.search.search import MOST_RANKED, Limits, Sort

_ON_A_PAGE = 20


def view(
    room: Room,
    connection: Connection,
    q: str,
    since: date | None,
    until: date | None,
    section: str | None,
    author: str | None,
    sort: Sort,
    limit: int,
    page: int,
) -> dict[str, Any]:
    words = q.strip()
    if words.startswith(("http://", "https://", "www.", "/")) and (number := number_at(connection, words)):
        raise Elsewhere(f"/story/{number}")
    limits = Limits(
        since=since,
        until=until,
        section=section or None,
        author=author or None,
        sort=sort,
        limit=limit,
        page=page,
        marks=MARKS,
    )
    fault = None
    hits, total = [], 0
    try:
        hits = search.search(connection, words, limits)
        total = search.count(connection, words, limits)
    except BadQuery as error:
        fault = str(error)
    reachable = min(total, MOST_RANKED) if sort == "best" else total
    return {
        "title": f"Search: {words}" if words else "Search",
        "q": words,
        "fault": fault,
        "total": total,
        "page": page,
        "pages": -(-reachable // limit),
        "limit": limit,
        "ranked": reachable,
        "hits": [_hit(each) for each in hits],
        "sections": statistics.sections(connection),
    }


def _hit(hit: Any) -> dict[str, Any]:
    names = ("story_id", "canonical_url", "headline", "published_on", "section", "byline", "snippet", "revision")
    return {name: getattr(hit, name) for name in (*names, "newest", "same_words_as")}


_SEARCH = Page(
    name="search",
    path="/search",
    view=view,
    summary="Stories in which the words occur, English and Khmer.",
    forms=("json", "csv", "atom"),
    parameters=(
        Parameter(name="q", means="Words; “a phrase”, -without, this OR that, begin*, NEAR(a b, 5).", default=""),
        Parameter(name="since", means="Published on this day or later: 2018-06-20, 2018-06 or 2018.", kind="first day"),
        Parameter(name="until", means="Published on this day or earlier.", kind="last day"),
        Parameter(name="section", means="Of this section, as the paper prints it."),
        Parameter(name="author", means="With these words in the byline."),
        Parameter(name="sort", means="The order.", choices=get_args(Sort), default="best"),
        Parameter(name="limit", means="Stories on a page.", kind="number", most=100, default=_ON_A_PAGE),
        Parameter(name="page", means="The page, from 1.", kind="number", most=1_000_000, default=1),
    ),
)
PAGES = (_SEARCH,)
