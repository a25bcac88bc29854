"""Holdings of other archives: listed once, handed out in order, ended in one state."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import text

from storage.archive import Archive
from storage.holdings.models import Candidate, CdxEntry
from storage.ledger.selection import Selection
from tests.helpers.items import SITE, article, at

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
ALL = Selection()
NAME, QUERY = "wayback", "url=phnompenhpost.com"


def listed(slug: str = "canal", hours: float = 0, digest: str | None = None) -> CdxEntry:
    moment = at(hours).replace(microsecond=0)
    return CdxEntry(url=f"{SITE}/national/{slug}", captured_at=moment, digest=digest or f"{slug} {hours}", status=200)


def placed(slug: str = "canal", hours: float = 0, **changes: Any) -> Candidate:
    found = listed(slug, hours, changes.pop("digest", None))
    return Candidate(**({"entry": found, "address": found.url, "section": "national"} | changes))


def took(archive: Archive, *page: Candidate, resume_key: str | None = None) -> int:
    return archive.holdings.add_listing(NAME, QUERY, page, resume_key, NOW)


def leased(archive: Archive, wanted: Selection = ALL, now: datetime = NOW, limit: int = 50) -> list[str]:
    found = archive.holdings.lease(NAME, limit, wanted, now)
    return [f"{each.entry.url.rsplit('/', 1)[1]} {each.entry.captured_at:%H}" for each in found]


def states(archive: Archive) -> list[tuple[Any, ...]]:
    with archive.connect() as connection:
        rows = connection.execute(text("SELECT url, state, why, due_at IS NULL FROM holding ORDER BY url, captured_at"))
        return [(row[0].rsplit("/", 1)[1], *row[1:]) for row in rows]


def test_a_page_of_an_index_is_written_down_once(archive: Archive) -> None:
    page = (placed(), placed(hours=5), placed("boats", passed_over="no stories under /boats"))
    assert took(archive, *page, resume_key="next") == 3
    assert took(archive, *page, placed("boats", 1)) == 1
    assert states(archive) == [
        ("boats", "passed over", "no stories under /boats", 1),
        ("boats", "known", None, 0),
        ("canal", "known", None, 0),
        ("canal", "known", None, 0),
    ]
    assert archive.holdings.counts(NAME) == {"known": 3, "passed over": 1}
    assert archive.holdings.counts("commoncrawl") == {}


def test_how_far_an_index_was_read(archive: Archive) -> None:
    holdings = archive.holdings
    assert holdings.index_query(NAME, QUERY) is None
    told = []
    for number, resume_key in enumerate(("a", "b", None, "c")):
        took(archive, placed(hours=number), resume_key=resume_key)
        row = holdings.index_query(NAME, QUERY)
        assert row is not None
        told.append((row.resume_key, row.pages, row.listed, row.finished_at is not None))
    assert told == [("a", 1, 1, False), ("b", 2, 2, False), (None, 3, 3, True), ("c", 1, 1, False)]


def test_each_address_once_before_any_a_second_time(archive: Archive) -> None:
    took(archive, placed(hours=1), placed(hours=2), placed("boats", 3), placed(hours=4))
    assert leased(archive, limit=2) == ["canal 02", "boats 04"]
    assert leased(archive) == ["canal 03", "canal 05"], "what is leased is not given twice"
    assert leased(archive) == []
    assert leased(archive, now=NOW + timedelta(days=365)) == [], "however long the archive lets the run wait"
    assert not archive.holdings.waiting(NAME, ALL)
    archive.holdings.begin(NAME, NOW)
    assert archive.holdings.due(NAME, ALL, NOW, 3) == 3
    assert archive.holdings.due(NAME, ALL, NOW, 9) == 4


def test_a_run_asks_for_what_it_wants(archive: Archive) -> None:
    took(archive, placed(), placed("boats", 24, section="business"), placed("rice", 48, section=None))
    day = at(24).date()
    due = archive.holdings.due
    assert due(NAME, Selection(sections=["business"]), NOW, 9) == 1
    assert due(NAME, Selection(since=day), NOW, 9) == 2
    assert due(NAME, Selection(until=day), NOW, 9) == 2
    assert due(NAME, Selection(addresses=[f"{SITE}/national/rice"]), NOW, 9) == 1
    assert due(NAME, Selection(host="www.phnompenhpost.com"), NOW, 9) == 3
    assert due(NAME, Selection(host="www.postkhmer.com"), NOW, 9) == 0
    assert archive.holdings.waiting(NAME, Selection(since=day, until=day))
    assert leased(archive, Selection(since=day, until=day)) == ["boats 01"]
    assert not archive.holdings.waiting(NAME, Selection(since=date(2020, 1, 1)))


def test_every_capture_ends_in_one_state(archive: Archive) -> None:
    names = ("failed", "gone", "given-back", "passed")
    took(archive, *(placed(name) for name in names))
    leased(archive)
    archive.holdings.failed(NAME, listed("failed"), "status 503", NOW)
    archive.holdings.mark(NAME, listed("gone"), "gone", "status 404")
    archive.holdings.give_back(NAME, [listed("given-back")], NOW)
    archive.holdings.mark(NAME, listed("passed"), "passed over", "too large")
    assert leased(archive) == ["given-back 01"]
    assert leased(archive, now=NOW + timedelta(seconds=5)) == ["failed 01"]
    for _ in range(3):
        archive.holdings.failed(NAME, listed("failed"), "status 503", NOW)
    assert states(archive)[0] == ("failed", "failed", "status 503", 1), "left to the next run"
    assert leased(archive, now=NOW + timedelta(minutes=5)) == []
    archive.holdings.begin(NAME, NOW)
    assert leased(archive) == ["failed 01", "given-back 01"]


def test_a_capture_that_comes_in_is_held(archive: Archive) -> None:
    took(archive, placed(hours=0), placed(hours=1))
    archive.add(article(hours=0, source="wayback"))
    archive.add(article(hours=1, source="live"))
    assert [row[1] for row in states(archive)] == ["held", "known"]


def test_the_same_bytes_of_the_same_address_are_not_asked_for(archive: Archive) -> None:
    took(archive, placed(hours=0, digest="A"), placed("boats", 0, digest="A"))
    leased(archive)
    archive.add(article(hours=0, source="wayback"))
    took(archive, placed(hours=7, digest="A"), placed("boats", 7, digest="A"), placed(hours=8, digest="B"))
    assert states(archive) == [
        ("boats", "known", None, 1),
        ("boats", "known", None, 0),
        ("canal", "held", None, 1),
        ("canal", "held", "the same bytes are held", 1),
        ("canal", "known", None, 0),
    ]


def test_what_is_held_by_now_is_passed_by_when_its_turn_comes(archive: Archive) -> None:
    took(archive, placed(hours=0, digest="A"), placed(hours=1, digest="B"), placed(hours=2, digest="B"))
    archive.add(article(hours=1, source="wayback"))
    assert leased(archive) == ["canal 01"]
    assert [row[1:3] for row in states(archive)][1:] == [("held", None), ("held", "the same bytes are held")]


def test_who_asks_by_name_is_above_the_rules(archive: Archive) -> None:
    took(archive, placed(passed_over="no stories under /national"))
    assert leased(archive) == []
    took(archive, placed())
    assert leased(archive) == ["canal 01"]


def test_refusals_are_counted_by_the_day(archive: Archive) -> None:
    holdings, today = archive.holdings, NOW.date()
    assert holdings.refusals(NAME, today) == 0
    assert [holdings.refused(NAME, today), holdings.refused(NAME, today)] == [1, 2]
    tomorrow = today + timedelta(days=1)
    assert (holdings.refusals(NAME, tomorrow), holdings.refused(NAME, tomorrow, 2)) == (0, 2)
    assert holdings.refusals("commoncrawl", tomorrow) == 0
