"""Trend of words: stories with them by month or year, beside all stories of that time.

A count alone says little, for the paper printed more stories in one year than in another: every count comes with the
number of all stories that pass the same filters, and a period without any story has no share.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, text

from storage.query.search.filters import Filters
from storage.query.search.search import MATCHES, expression
from storage.query.search.spelling import EXACT, Spelling

Period = Literal["year", "month"]

_DIGITS: dict[Period, int] = {"year": 4, "month": 7}  # characters of a month, as 2018-06, that name the period
_BY_PERIOD = """
SELECT substr(month, 1, :digits) AS period, sum(stories)
FROM (SELECT facets_id, count(DISTINCT story_id) AS stories {rows} GROUP BY facets_id)
JOIN facets ON facets.id = facets_id GROUP BY period
"""
_ALL = "FROM search_row WHERE newest AND {condition}"


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
    values = {"digits": _DIGITS[by], **filters.values()}
    condition = filters.on_rows()

    def counts(rows: str, query: str | None) -> dict[str | None, int]:
        found = connection.execute(text(_BY_PERIOD.format(rows=rows)), {"query": query, **values})
        return {period: int(stories) for period, stories in found}

    queries = [expression(connection, words, spelling)[0] for words in questions]
    every = counts(_ALL.format(condition=condition), None)
    matches = MATCHES.format(condition=condition)
    found = [counts(matches, query) if query else {} for query in queries]
    periods = tuple(_periods([period for period in every if period is not None]))
    return Trend(
        by=by,
        periods=periods,
        all_stories=tuple(every.get(period, 0) for period in periods),
        all_undated=every.get(None, 0),
        series=tuple(
            Series(words=words, stories=tuple(of.get(period, 0) for period in periods), undated=of.get(None, 0))
            for words, of in zip(questions, found, strict=True)
        ),
    )


def _periods(found: Sequence[str]) -> Iterator[str]:
    """All years or months from the first to the last."""
    if not found:
        return
    first, last = min(found), max(found)
    year, month = int(first[:4]), int(first[5:] or 0)
    while (period := f"{year:04}-{month:02}" if month else f"{year:04}") <= last:
        yield period
        year, month = (year + 1, min(month, 1)) if month in (0, 12) else (year, month + 1)
