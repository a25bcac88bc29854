"""Views of a search: hits with marked snippets beside their facets, and the trend of words over time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from difflib import get_close_matches
from typing import Any, get_args
from urllib.parse import urlencode

from sqlalchemy import Connection

from postscraper.newspapers import NEWSPAPERS
from postscraper.phrases import MARKS
from postscraper.urls import redirect_target
from postscraper.web.pages import PAGE, Elsewhere, Entry, Page, Parameter, ResultList, Room, Row
from storage.errors import BadQuery
from storage.query.history.gone import gone as absences
from storage.query.search import search
from storage.query.search.facets import facets
from storage.query.search.filters import Filters, Named, names
from storage.query.search.search import Sort
from storage.query.search.spelling import Spelling
from storage.query.search.trend import Period, trend

_ON_A_PAGE = 20
_MOST_QUESTIONS = 5  # of a trend: as many lines as can be told apart


def view(
    room: Room, connection: Connection, q: str, sort: Sort, limit: int, page: int, gone: bool, **given: Any
) -> dict[str, Any]:
    words = q.strip()
    if words.startswith(("http://", "https://", "www.", "/")):
        raise Elsewhere(f"/story?{urlencode({'url': words})}")
    filters, spelling = _limits(**given)
    absent = [each.story_id for each in absences(connection, redirect_target) if each.back_at is None]
    of_absent = replace(filters, stories=tuple(absent))
    chosen = of_absent if gone else filters
    hits, counts, absent_hits, fault = [], None, 0, None
    try:
        shown = search.Page(sort=sort, limit=limit, number=page, marks=MARKS)
        hits = search.search(connection, words, chosen, shown, spelling)
        counts = facets(connection, words, chosen, spelling) if words else None
        if counts and counts.stories and absent:
            absent_hits = search.count(connection, words, of_absent, spelling)
    except BadQuery as error:
        fault = str(error)
    known = names(connection)
    total = counts.stories if counts else 0
    ranked = search.ranked(connection, words, chosen, spelling) if total and sort == "best" else total
    pages = -(-ranked // limit)
    return {
        "title": f"Search: {words}" if words else "Search",
        "q": words,
        "fault": fault,
        "notice": _notice(known, filters) or _beyond(page, pages),
        "total": total,
        "page": page,
        "pages": pages,
        "limit": limit,
        "ranked": ranked,
        "hits": [asdict(hit) for hit in hits],
        "facets": counts,
        "gone": absent_hits,
        "sections": known["section"],
        "layouts": known["layout"],
    }


def _notice(known: Mapping[Named, Sequence[str]], filters: Filters) -> str | None:
    """A sentence for a filter that no story can pass; None without one."""
    for name, values in known.items():
        value = getattr(filters, name)
        if value is not None and value.lower() not in [each.lower() for each in values]:
            noun = {"layout": "design"}.get(name, name)
            near = get_close_matches(value, values, n=1)
            return f"The archive has no {noun} “{value}”{f'; did you mean “{near[0]}”?' if near else '.'}"
    return None


def _beyond(page: int, pages: int) -> str | None:
    last = f"; the last is {pages:,}" if pages > 1 else "; there is one" if pages else ""
    return f"There is no page {page:,}{last}." if page > max(pages, 1) else None


def _limits(unique: bool | None, forms: bool, variants: bool, **given: Any) -> tuple[Filters, Spelling]:
    """given: the other fields of `Filters`, by their names."""
    return Filters(unique=unique or None, **given), Spelling(forms=forms, variants=variants)


def trend_view(room: Room, connection: Connection, q: str, by: Period, **given: Any) -> dict[str, Any]:
    typed = [each.strip() for each in q.split(";") if each.strip()]
    questions = typed[:_MOST_QUESTIONS]
    too_many = f"Only the first {_MOST_QUESTIONS} questions are compared." if len(typed) > len(questions) else None
    filters, spelling = _limits(**given)
    curves, fault = None, None
    try:
        curves = trend(connection, questions, filters, by, spelling) if questions else None
    except BadQuery as error:
        fault = str(error)
    known = names(connection)
    data: dict[str, Any] = {
        "title": f"Trend: {'; '.join(questions)}" if questions else "Trend",
        "questions": questions,
        "fault": fault,
        "notice": _notice(known, filters) or too_many,
        "by": by,
        "periods": (),
        "all_stories": (),
        "series": [],
        "sections": known["section"],
    }
    if curves is not None:
        data |= {"periods": curves.periods, "all_stories": curves.all_stories}
        data["series"] = [
            {"words": each.words, "stories": each.stories, "undated": each.undated, "shares": list(curves.shares(each))}
            for each in curves.series
        ]
    return data


def _hit_entry(row: Row) -> Entry:
    return Entry(
        name=row["canonical_url"],
        path=f"/story/{row['story_id']}",
        title=row["headline"],
        updated=row["updated_at"],
        summary=row["snippet"],
        author=row["byline"],
    )


_HITS = ResultList(
    rows=lambda data: data["hits"],
    columns=("story_id", "published_on", "section", "byline", "headline", "canonical_url", "revision", "snippet"),
    entry=_hit_entry,
)


def _periods(data: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for each in data["series"]:
        rows = zip(data["periods"], each["stories"], data["all_stories"], each["shares"], strict=True)
        for row in rows:
            yield {"words": each["words"], **dict(zip(_TREND.columns[1:], row, strict=True))}


_TREND = ResultList(rows=_periods, columns=("words", "period", "stories", "all_stories", "share"))

_LANGUAGES = tuple(dict.fromkeys(each.code for paper in NEWSPAPERS.values() for each in paper.languages))
_WORDS = "Words; “a phrase”, -without, this OR that, begin*, NEAR(a b, 5)."
_FILTERS = (
    Parameter(name="since", means="Published on this day or later: 2018-06-20, 2018-06 or 2018.", kind="first day"),
    Parameter(name="until", means="Published on this day or earlier.", kind="last day"),
    Parameter(name="year", means="Published in this year.", kind="number", most=9999),
    Parameter(name="section", means="Of this section, as the paper prints it."),
    Parameter(name="author", means="With these words in the byline."),
    Parameter(name="language", means="In this language.", choices=_LANGUAGES),
    Parameter(name="layout", means="Whose newest wording is of this design."),
    Parameter(name="edited", means="Changed by the paper, not by a redesign alone; 0: not.", kind="yes"),
    Parameter(name="corrected", means="With a note of correction; 0: without.", kind="yes"),
    Parameter(name="unique", means="Of nearly equal stories only the first.", kind="yes"),
    Parameter(name="forms", means="Other forms of English words, too.", kind="yes", default=False),
    Parameter(name="variants", means="Other spellings of romanised names, too.", kind="yes", default=False),
)
PAGES = (
    Page(
        name="search",
        path="/search",
        heavy=True,
        view=view,
        summary="Stories in which the words occur, English and Khmer.",
        list=_HITS,
        parameters=(
            Parameter(name="q", means=_WORDS, default=""),
            *_FILTERS,
            Parameter(name="gone", means="Whose address answers without them now.", kind="yes", default=False),
            Parameter(name="sort", means="The order.", choices=get_args(Sort), default="best"),
            Parameter(name="limit", means="Stories on a page.", kind="number", most=100, default=_ON_A_PAGE),
            PAGE,
        ),
    ),
    Page(
        name="trend",
        path="/trend",
        heavy=True,
        view=trend_view,
        summary="Words over time, by their share of all stories.",
        list=_TREND,
        parameters=(
            Parameter(name="q", means="Questions, as of a search, with a semicolon between two.", default=""),
            *_FILTERS,
            Parameter(name="by", means="The period.", choices=get_args(Period), default="year"),
        ),
    ),
)
