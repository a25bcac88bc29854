"""The time of the next visit."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.ledger.states import Kind, due_again

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("kind", "published_on", "changes", "page", "wait"),
    [
        ("front", None, 0, 0, HOUR),
        ("feed", None, 0, 0, HOUR),
        ("sitemap", None, 0, 0, HOUR),
        ("listing", None, 0, 0, HOUR),
        ("listing", None, 0, 3, 7 * DAY),
        ("story", date(2026, 11, 22), 0, 0, 6 * HOUR),
        ("story", date(2026, 11, 21), 0, 0, DAY),
        ("story", date(2026, 11, 16), 0, 0, DAY),
        ("story", date(2026, 11, 15), 0, 0, 7 * DAY),
        ("story", date(2026, 10, 1), 0, 0, 90 * DAY),
        ("story", date(1994, 1, 1), 0, 0, 365 * DAY),
        ("story", None, 0, 0, 90 * DAY),
        ("story", date(2026, 11, 22), 2, 0, 6 * HOUR),
        ("story", date(2026, 11, 16), 1, 0, 6 * HOUR),
        ("story", date(1994, 1, 1), 1, 0, 90 * DAY),
        ("page", None, 0, 0, 90 * DAY),
        ("story", date(2030, 1, 1), 0, 0, 6 * HOUR),  # dated in the future, as pages of jobs are
    ],
)
def test_due_again(kind: Kind, published_on: date | None, changes: int, page: int, wait: timedelta) -> None:
    assert due_again(kind, published_on, changes, NOW, page=page) == NOW + wait


@given(st.dates(date(1992, 1, 1), date(2026, 11, 22)), st.dates(date(1992, 1, 1), date(2026, 11, 22)))
def test_an_older_story_never_comes_sooner(one: date, other: date) -> None:
    older, newer = sorted((one, other))
    assert due_again("story", older, 0, NOW) >= due_again("story", newer, 0, NOW)
