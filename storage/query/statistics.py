"""Counts of the archive."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
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
    by_day = _by(connection, Story.published_on)
    days = sorted(day for day in by_day if day is not None)
    captures = _captures(connection)
    of_pages = [row for row in captures if row.outcome != "unread"]
    unread = [row for row in captures if row.outcome == "unread"]
    return Stats(
        **_totals(connection),
        first_on=days[0] if days else None,
        last_on=days[-1] if days else None,
        stories_by_year=_by_year(by_day),
        stories_by_section=_by(connection, Story.section),
        stories_by_language=_by(connection, Story.language),
        captures_by_layout=_added(of_pages, "layout"),
        captures_by_outcome=_added(captures, "outcome"),
        captures_by_source=_added(captures, "source"),
        unread_by_reason=_added(unread, "reason"),
        ledger=_by(connection, Address.state),
        gaps=list(gaps(days)),
    )


def sections(connection: Connection) -> list[str]:
    """Sections as printed, the largest first."""
    return [name for name in _by(connection, Story.section) if name is not None]


def layouts(connection: Connection) -> list[str]:
    """Layouts of the captures, the commonest first."""
    return [name for name in _by(connection, Capture.layout) if name is not None]


def _totals(connection: Connection) -> dict[str, int]:
    counts = {
        "stories": select(func.count()).select_from(Story),
        "revisions": select(func.count()).select_from(Revision),
        "captures": select(func.count()).select_from(Capture),
        "sightings": select(func.count()).select_from(Sighting),
        "same_words": select(func.count()).select_from(Story).where(Story.same_words_as.is_not(None)),
    }
    return {name: connection.execute(query).scalar_one() for name, query in counts.items()}


def _by(connection: Connection, column: Any) -> dict[Any, int]:
    """Counts by the column's values, the largest first."""
    query = select(column, func.count()).group_by(column)
    return dict(connection.execute(query.order_by(func.count().desc(), column)).all())


def _captures(connection: Connection) -> list[Any]:
    """Counts by all four values at once, in the order of an index that has them all."""
    values = (Capture.outcome, Capture.reason, Capture.layout, Capture.source)
    return list(connection.execute(select(*values, func.count().label("captures")).group_by(*values)))


def _added(rows: Sequence[Any], name: str) -> dict[Any, int]:
    """Counts by one of the values, the largest first."""
    counts: Counter[Any] = Counter()
    for row in rows:
        counts[getattr(row, name)] += row.captures
    return dict(sorted(counts.items(), key=lambda each: (-each[1], each[0] is not None, each[0])))


def _by_year(by_day: Mapping[date | None, int]) -> dict[int | None, int]:
    years: Counter[int | None] = Counter()
    for day, count in by_day.items():
        years[day.year if day else None] += count
    return dict(sorted(years.items(), key=lambda each: (each[0] is None, each[0] or 0)))


def gaps(days: Sequence[date]) -> Iterator[tuple[date, date]]:
    """The spans without a day between neighbours of a sorted list."""
    one = timedelta(days=1)
    for before, after in pairwise(days):
        if after - before > one:
            yield before + one, after - one
