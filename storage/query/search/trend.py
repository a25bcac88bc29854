"""Trend of words: stories with them by month or year, beside all stories of that time.

A count alone says little, for the paper printed more stories in one year than in another: every count comes with the
number of all stories that pass the same filters, on request with that of their words, and a period without any story
has no share.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, text

from storage.query.search.facets import COUNTED, by_facets
from storage.query.search.filters import Filters
from storage.query.search.search import expression
from storage.query.search.spelling import EXACT, Spelling

MOST_PERIODS = 1_200

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
_SIZES = """
SELECT substr(month, 1, :digits), sz FROM search_row JOIN facets ON facets.id = facets_id
JOIN words_docsize ON words_docsize.id = revision_id WHERE newest AND month IS NOT NULL AND {condition}
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
    all_words: of the newest wordings of all these stories, of Khmer letter clusters; None where they were not counted.
    """

    by: Period
    periods: tuple[str, ...]
    all_stories: tuple[int, ...]
    all_undated: int
    series: tuple[Series, ...]
    all_words: tuple[int, ...] | None = None

    def shares(self, series: Series) -> Iterator[float | None]:
        """The part of each period's stories that have the words, 0 to 1; None for a period without a story."""
        for count, of_all in zip(series.stories, self.all_stories, strict=True):
            yield count / of_all if of_all else None

    def per_million_words(self, series: Series) -> Iterator[float | None]:
        """The stories with the words for each million words of the period; None for a period without a word."""
        for count, words in zip(series.stories, self.all_words or (0,) * len(self.periods), strict=True):
            yield 1_000_000 * count / words if words else None


def trend(
    connection: Connection,
    questions: Sequence[str],
    filters: Filters,
    by: Period = "year",
    spelling: Spelling = EXACT,
    *,
    count_words: bool = False,
) -> Trend:
    """Stories by period that match each question, a search of its own; periods are those that the filters name.

    count_words: also the words of all stories, for which the size of each is read. Raises BadQuery, Unsupported.
    """

    def by_period(counted: str, **values: Any) -> dict[str | None, int]:
        rows = connection.execute(text(counted), {"digits": _DIGITS[by], **values})
        return {period: int(stories) for period, stories in rows}

    queries = [expression(connection, words, spelling)[0] for words in questions]
    counts = [by_period(_MATCHING, counts=json.dumps(by_facets(connection, query, filters))) for query in queries]
    if filters.are_of_facets:
        every = by_period(_ALL.format(condition=filters.on_facets()), **filters.values())
    else:
        every = by_period(_ALL_ONE_BY_ONE.format(condition=filters.on_rows()), **filters.values())
    periods = tuple(_periods([period for period in every if period is not None], filters))
    words_of = _words(connection, filters.on_rows(), {"digits": _DIGITS[by], **filters.values()}) if count_words else {}
    return Trend(
        by=by,
        periods=periods,
        all_stories=tuple(every.get(period, 0) for period in periods),
        all_undated=every.get(None, 0),
        series=tuple(
            Series(words=words, stories=tuple(of.get(period, 0) for period in periods), undated=of.get(None, 0))
            for words, of in zip(questions, counts, strict=True)
        ),
        all_words=tuple(words_of.get(period, 0) for period in periods) if count_words else None,
    )


def _words(connection: Connection, condition: str, values: Mapping[str, Any]) -> Counter[str]:
    """Words by period, from the sizes that FTS5 stores of each text: a varint a column (sqlite.org/fts5.html)."""
    words: Counter[str] = Counter()
    for period, sizes in connection.execute(text(_SIZES.format(condition=condition)), values):
        number = 0
        for byte in sizes:
            number = number << 7 | byte & 127
            if byte < 128:
                words[period] += number
                number = 0
    return words


def _periods(named: Sequence[str], filters: Filters) -> Iterator[str]:
    """All years or months from the first to the last with a story, and those before and after that the filters name.

    Filters that name more than MOST_PERIODS, as `since` the year 1, add none.
    """
    if not named:
        return
    first, last = min(named), max(named)
    digits = len(first)
    if filters.year:
        begin, end = f"{filters.year:04}-01", f"{filters.year:04}-12"
    else:
        begin, end = str(filters.since or first), str(filters.until or last)
    begin, end = min(first, begin[:digits]), max(last, end[:digits])
    if (int(end[:4]) - int(begin[:4]) + 1) * (12 if digits > 4 else 1) <= MOST_PERIODS:
        first, last = begin, end
    year, month = int(first[:4]), int(first[5:] or 0)
    while (period := f"{year:04}-{month:02}" if month else f"{year:04}") <= last:
        yield period
        year, month = (year + 1, min(month, 1)) if month in (0, 12) else (year, month + 1)
