"""Trend of words: stories with them by month or year, beside all stories of that time.

A count alone says little, for the paper printed more stories in one year than in another: every count comes with the
number of all stories that pass the same filters, and a period without any story has no share.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, text

from storage.query.search.facets import COUNTED, by_facets
from storage.query.search.filters import Filters
from storage.query.search.search import expression
from storage.query.search.spelling import EXACT, Spelling

Period = Literal["year", "month"]

_DIGITS: dict[Period, int] = {"year": 4, "month": 7}  # characters of a month, as 2018-06, that name the period
_PERIOD = "SELECT substr(month, 1, :digits) AS period"
_MATCHING = f"{_PERIOD}, sum(counted.value) {COUNTED} GROUP BY period"
# By days, authors and families the stories are counted one by one; by all other filters they have been counted.
_ALL = f"{_PERIOD}, sum(stories) FROM facets WHERE stories AND {{condition}} GROUP BY period"
_ALL_ONE_BY_ONE = f"""
{_PERIOD}, sum(number) FROM (SELECT facets_id, count(*) AS number FROM search_row WHERE newest AND {{condition}}
GROUP BY facets_id) JOIN facets ON facets.id = facets_id GROUP BY period
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One question of a trend. stories: counts in the order of the trend's periods; undated: of unknown day."""

    words: str
    stories: tuple[int, ...]
    undated: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """Counts by period; periods: `2018` or `2018-06`, without a gap from the first with a story to the last.

    all_stories: that pass the filters, in each period, with the words or without; all_undated: of unknown day.
    """

    by: Period
    periods: tuple[str, ...]
    all_stories: tuple[int, ...]
    all_undated: int
    series: tuple[Series, ...]

    def shares(self, series: Series) -> Iterator[float | None]:
        """The part of each period's stories that have the words, 0 to 1; None for a period without a story."""
        for count, of_all in zip(series.stories, self.all_stories, strict=True):
            yield count / of_all if of_all else None


def trend(
    connection: Connection, questions: Sequence[str], filters: Filters, by: Period = "year", spelling: Spelling = EXACT
) -> Trend:
    """Stories by period that match each question, a search of its own. Raises BadQuery, Unsupported."""

    def by_period(counted: str, **values: Any) -> dict[str | None, int]:
        rows = connection.execute(text(counted), {"digits": _DIGITS[by], **values})
        return {period: int(stories) for period, stories in rows}

    queries = [expression(connection, words, spelling)[0] for words in questions]
    counts = [by_period(_MATCHING, counts=json.dumps(by_facets(connection, query, filters))) for query in queries]
    if filters.are_of_facets:
        every = by_period(_ALL.format(condition=filters.on_facets()), **filters.values())
    else:
        every = by_period(_ALL_ONE_BY_ONE.format(condition=filters.on_rows()), **filters.values())
    periods = tuple(_periods([period for period in every if period is not None]))
    return Trend(
        by=by,
        periods=periods,
        all_stories=tuple(every.get(period, 0) for period in periods),
        all_undated=every.get(None, 0),
        series=tuple(
            Series(words=words, stories=tuple(of.get(period, 0) for period in periods), undated=of.get(None, 0))
            for words, of in zip(questions, counts, strict=True)
        ),
    )


def _periods(named: Sequence[str]) -> Iterator[str]:
    """All years or months from the first to the last."""
    if not named:
        return
    first, last = min(named), max(named)
    year, month = int(first[:4]), int(first[5:] or 0)
    while (period := f"{year:04}-{month:02}" if month else f"{year:04}") <= last:
        yield period
        year, month = (year + 1, min(month, 1)) if month in (0, 12) else (year, month + 1)
