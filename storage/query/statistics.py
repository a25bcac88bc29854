"""Counts of the archive."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, func, select, text

from storage.database.engine import is_sqlite
from storage.database.schema import Address, Capture, Revision, Sighting, Story
from storage.database.values import day


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """stories_by_year: by year of publication, None for stories without a day.

    gaps: spans of days without a story, both ends included, between the first and the last day with one.
    ledger: addresses by state.
    """

    stories: int
    revisions: int
    captures: int
    sightings: int
    same_words: int
    first_on: date | None
    last_on: date | None
    stories_by_year: dict[int | None, int]
    stories_by_section: dict[str | None, int]
    stories_by_language: dict[str, int]
    captures_by_layout: dict[str | None, int]
    captures_by_outcome: dict[str, int]
    captures_by_source: dict[str, int]
    unread_by_reason: dict[str, int]
    ledger: dict[str, int]
    gaps: list[tuple[date, date]]


def stats(connection: Connection) -> Stats:
    stories, days, captures = _stories(connection), _days(connection), _captures(connection)
    of_pages = [row for row in captures if row.outcome != "unread"]
    unread = [row for row in captures if row.outcome == "unread"]
    return Stats(
        **_totals(connection),
        first_on=days[0] if days else None,
        last_on=days[-1] if days else None,
        stories_by_year=_by_year(stories),
        stories_by_section=_added(stories, "section"),
        stories_by_language=_added(stories, "language"),
        captures_by_layout=_added(of_pages, "layout"),
        captures_by_outcome=_added(captures, "outcome"),
        captures_by_source=_added(captures, "source"),
        unread_by_reason=_added(unread, "reason"),
        ledger=_added(_states(connection), "state"),
        gaps=list(gaps(days)),
    )


def layouts(connection: Connection) -> list[str]:
    """Layouts of the captures, the commonest first."""
    return [name for name in _added(_captures(connection), "layout") if name is not None]


def _totals(connection: Connection) -> dict[str, int]:
    counts = {
        "stories": select(func.count()).select_from(Story),
        "revisions": select(func.count()).select_from(Revision),
        "captures": select(func.count()).select_from(Capture),
        "sightings": select(func.count()).select_from(Sighting),
        "same_words": select(func.count()).select_from(Story).where(Story.same_words_as.is_not(None)),
    }
    return {name: connection.execute(query).scalar_one() for name, query in counts.items()}


_COUNTED = "SELECT substr(month, 1, 4) AS year, section, language, sum(stories) AS number FROM facets WHERE stories"
_ONE_BY_ONE = (
    "SELECT substr(CAST(published_on AS TEXT), 1, 4) AS year, section, language, count(*) AS number FROM story"
)


def _stories(connection: Connection) -> list[Any]:
    """Counts by year, section and language, which SQLite's archives have at hand."""
    counted = _COUNTED if is_sqlite(connection) else _ONE_BY_ONE
    return list(connection.execute(text(f"{counted} GROUP BY 1, 2, 3")))


# From day to day by the index: the others of a day are passed over.
_NEXT_DAY = """
WITH RECURSIVE following(day) AS (
    SELECT min(published_on) FROM story
    UNION ALL
    SELECT (SELECT min(published_on) FROM story WHERE published_on > day) FROM following WHERE day IS NOT NULL
)
SELECT CAST(day AS TEXT) FROM following WHERE day IS NOT NULL
"""


def _days(connection: Connection) -> list[date]:
    """The days with a story, in their order."""
    return [each for each in map(day, connection.execute(text(_NEXT_DAY)).scalars()) if each is not None]


def _captures(connection: Connection) -> list[Any]:
    """Counts by all four values at once, in the order of an index that has them all."""
    values = (Capture.outcome, Capture.reason, Capture.layout, Capture.source)
    return list(connection.execute(select(*values, func.count().label("number")).group_by(*values)))


def _states(connection: Connection) -> list[Any]:
    return list(connection.execute(select(Address.state, func.count().label("number")).group_by(Address.state)))


def _added(rows: Sequence[Any], name: str) -> dict[Any, int]:
    """Counts by one of the values, the largest first."""
    counts: Counter[Any] = Counter()
    for row in rows:
        counts[getattr(row, name)] += row.number
    return dict(sorted(counts.items(), key=lambda each: (-each[1], each[0] is not None, each[0])))


def _by_year(rows: Sequence[Any]) -> dict[int | None, int]:
    years = {year and int(year): count for year, count in _added(rows, "year").items()}
    return dict(sorted(years.items(), key=lambda each: (each[0] is None, each[0] or 0)))


def gaps(days: Sequence[date]) -> Iterator[tuple[date, date]]:
    """The spans without a day between neighbours of a sorted list."""
    one = timedelta(days=1)
    for before, after in pairwise(days):
        if after - before > one:
            yield before + one, after - one
