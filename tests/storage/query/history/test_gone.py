"""Stories whose address answers without them, and as of a moment before and after."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from postscraper.items import Problem, Unread
from postscraper.urls import redirect_target
from storage.archive import Archive
from storage.ledger.states import Discovery
from storage.query.history.as_of import story_as_of
from storage.query.history.gone import Gone, gone, last_gone
from tests.helpers.items import SITE, article, at, receipt

CANAL = f"{SITE}/national/canal"


def answer(reason: Any, hours: float, detail: str = "", **changes: Any) -> Unread:
    return Unread(reason=reason, detail=detail, url=CANAL, capture=receipt(CANAL, hours, f"{reason}{hours}", **changes))


def asked(folder: Path, *items: Any) -> list[Gone]:
    with Archive.open(folder) as archive:
        archive.ledger.discover([Discovery(url=f"{SITE}/national", address=f"{SITE}/national", kind="listing")], at(0))
        archive.ledger.discover(
            [Discovery(url=f"{SITE}/national/b", address=f"{SITE}/national/b", kind="story")], at(0)
        )
        archive.add_many([(item, None) for item in items])
        return archive.ask(gone, redirect_target)


@pytest.mark.parametrize(
    ("reason", "status", "detail", "how"),
    [
        ("gone", 404, "", "404"),
        ("gone", 410, "", "410"),
        ("soft_404", 200, "", "soft 404"),
        ("moved", 301, "/", "redirected to the front"),
        ("moved", 302, "http://phnompenhpost.com", "redirected to the front"),
        ("moved", 302, "https://www.phnompenhpost.com/national/", "redirected to a list"),
        ("moved", 301, f"{SITE}/national/b", None),
        ("moved", 301, "", None),
        ("moved", 301, "/?p=12", None),
        ("server_error", 503, "", None),
        ("challenge", 403, "", None),
    ],
)
def test_which_answers_say_that_a_story_is_gone(
    tmp_path: Path, reason: str, status: int, detail: str, how: str | None
) -> None:
    found = asked(tmp_path, article(hours=0), answer(reason, 5, detail, status=status))
    assert [each.how for each in found] == ([how] if how else [])


def test_absences_page_by_page(tmp_path: Path) -> None:
    stories = [article(f"s{n}", hours=0) for n in range(5)]
    answers = [
        Unread(reason="gone", detail="", url=story.url, capture=receipt(story.url, n + 1, f"{n}", status=404))
        for n, story in enumerate(stories)
    ]
    every = asked(tmp_path, *stories, *answers)
    assert len(every) == 5
    with Archive.open(tmp_path) as archive:
        pages = [archive.ask(last_gone, redirect_target, limit=2, offset=offset) for offset in (0, 2, 4, 6)]
    assert [total for total, _ in pages] == [5] * 4
    assert [each for _, page in pages for each in page] == every[::-1]


def test_an_absence_ends_with_the_next_capture_of_the_story(tmp_path: Path) -> None:
    first, second = article(hours=1, body="One."), article(hours=2, body="Two.")
    answers = [answer("gone", hours, status=404) for hours in (0, 3, 4, 8)]
    found = asked(tmp_path, first, second, *answers, article(hours=6, body="Two.", page="again"))
    spans = [(each.revision, each.last_held_at, each.gone_by, each.last_gone_at, each.back_at) for each in found]
    assert spans == [(2, at(2), at(3), at(4), at(6)), (2, at(6), at(8), at(8), None)]


def test_an_unchanged_page_is_there_and_a_feed_shows_no_address(tmp_path: Path) -> None:
    part = replace(article(hours=7, layout="feed"), capture=receipt(f"{SITE}/feed", 7, "feed", part=CANAL))
    found = asked(
        tmp_path, article(hours=0), answer("not_modified", 2, status=304), answer("gone", 3, status=404), part
    )
    assert [(each.last_held_at, each.back_at) for each in found] == [(at(2), None)]
    found = asked(tmp_path, answer("not_modified", 9, status=304))
    assert [each.back_at for each in found] == [at(9)]


def test_a_story_that_only_a_feed_brought_is_held(tmp_path: Path) -> None:
    part = replace(article(hours=1, layout="feed"), capture=receipt(f"{SITE}/feed", 1, "feed", part=CANAL))
    assert [each.gone_by for each in asked(tmp_path, part, answer("gone", 3, status=404))] == [at(3)]


def test_a_story_as_of_a_moment(tmp_path: Path) -> None:
    piece = (Problem(kind="cut", detail="cut"), Problem(kind="broken_transfer", detail="short"))
    items = (
        article(hours=1, body="One.", published_on=at(0).date()),
        article(hours=2, body="Tw", problems=piece),
        answer("not_modified", 3, status=304),
        answer("gone", 4, status=404),
        article(hours=6, body="Two."),
    )
    asked(tmp_path, *items)
    with Archive.open(tmp_path, readonly=True) as archive:
        row = archive.story(CANAL).row

        def stood(hours: float, last_day: int = -1) -> Any:
            day = at(0).date() + timedelta(days=last_day)
            return archive.ask(story_as_of, row, at(hours), day, redirect_target)

        def seen(hours: float) -> tuple[Any, ...]:
            each = stood(hours)
            return each.state, each.revision, each.item["body"][0]["text"], each.captured_at, each.seen_at, each.age

        assert stood(0.5) is None
        assert (stood(0.5, 0).state, stood(0.5, 0).age) == ("seen later", -timedelta(hours=0.5))
        assert seen(1) == ("stands", 1, "One.", at(1), at(1), timedelta())
        assert seen(2.5) == ("stands", 1, "One.", at(1), at(2), timedelta(hours=0.5))
        assert seen(3.5) == ("stands", 1, "One.", at(1), at(3), timedelta(hours=0.5))
        assert seen(4) == ("gone", 1, "One.", at(1), at(3), timedelta(hours=1))
        assert seen(7) == ("stands", 2, "Two.", at(6), at(6), timedelta(hours=1))


def untimed(item: Any) -> Any:
    return replace(item, capture=replace(item.capture, captured_at=None))


def test_a_story_of_unknown_time_that_is_gone(tmp_path: Path) -> None:
    unchanged = answer("not_modified", 1, status=304)
    (found,) = asked(tmp_path, untimed(article(page="p1")), unchanged, answer("gone", 2, status=404))
    assert (found.revision, found.last_held_at, found.gone_by) == (1, at(1), at(2))


def test_a_story_of_unknown_time_as_of_a_day(tmp_path: Path) -> None:
    with Archive.open(tmp_path) as archive:
        archive.add(untimed(article(page="p1", published_on=at(0).date())))
        row = archive.story(1).row
        found = archive.ask(story_as_of, row, at(9), at(9).date(), redirect_target)
        assert found is not None
        assert (found.revision, found.captured_at, found.age) == (1, None, None)
        archive.add(article(hours=2, body="Other words entirely."))
        row = archive.story(1).row
        found = archive.ask(story_as_of, row, at(9), at(9).date(), redirect_target)
        assert found is not None
        assert (found.revision, found.captured_at) == (2, at(2))
