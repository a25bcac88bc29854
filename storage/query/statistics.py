"""Counts of the archive."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, func, select

from storage.database.schema import Address, Capture, Revision, Sighting, Story


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
    days = _days(connection)
    return Stats(
        **totals(connection),
        first_on=days[0] if days else None,
        last_on=days[-1] if days else None,
        stories_by_year=_by_year(connection),
        stories_by_section=counts(connection, Story.section),
        stories_by_language=counts(connection, Story.language),
        captures_by_layout=counts(connection, Capture.layout, Capture.outcome != "unread"),
        captures_by_outcome=counts(connection, Capture.outcome),
        captures_by_source=counts(connection, Capture.source),
        unread_by_reason=counts(connection, Capture.reason, Capture.outcome == "unread"),
        ledger=counts(connection, Address.state),
        gaps=list(gaps(days)),
    )


def sections(connection: Connection) -> list[str]:
    """Sections as printed, the largest first."""
    return [name for name in counts(connection, Story.section) if name is not None]


def layouts(connection: Connection) -> list[str]:
    """Layouts of the captures, the commonest first."""
    return [name for name in counts(connection, Capture.layout) if name is not None]


def totals(connection: Connection) -> dict[str, int]:
    """The counts of whole tables in `Stats`."""
    queries = {
        "stories": select(func.count()).select_from(Story),
        "revisions": select(func.count()).select_from(Revision),
        "captures": select(func.count()).select_from(Capture),
        "sightings": select(func.count()).select_from(Sighting),
        "same_words": select(func.count()).select_from(Story).where(Story.same_words_as.is_not(None)),
    }
    return {name: connection.execute(query).scalar_one() for name, query in queries.items()}


def counts(connection: Connection, column: Any, *conditions: Any) -> dict[Any, int]:
    """Counts of rows by a column's values, the largest first."""
    query = select(column, func.count()).where(*conditions).group_by(column)
    return dict(connection.execute(query.order_by(func.count().desc(), column)).all())


def _by_year(connection: Connection) -> dict[int | None, int]:
    years: Counter[int | None] = Counter()
    for day, count in counts(connection, Story.published_on).items():
        years[day.year if day else None] += count
    return dict(sorted(years.items(), key=lambda each: (each[0] is None, each[0] or 0)))


def _days(connection: Connection) -> list[date]:
    days = select(Story.published_on).where(Story.published_on.is_not(None)).distinct()
    return [day for day in connection.execute(days.order_by(Story.published_on)).scalars() if day is not None]


def gaps(days: Sequence[date]) -> Iterator[tuple[date, date]]:
    """The spans without a day between neighbours of a sorted list."""
    one = timedelta(days=1)
    for before, after in pairwise(days):
        if after - before > one:
            yield before + one, after - one
