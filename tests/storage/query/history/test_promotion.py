"""Where a story stood: no more than the captures of the pages show."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from postscraper.items import Problem, Unread
from storage.archive import Archive
from storage.ledger.states import Discovery, Kind, Visit
from storage.query.history.promotion import Promotion, headlines, promotion
from tests.helpers.items import SITE, article, at, listing, receipt, teaser, unread

CANAL = f"{SITE}/national/canal"
BROKE_OFF = (Problem(kind="cut", detail="no closing html tag"),)


def asked(folder: Path, *items: Any) -> Promotion:
    """Of the canal, from items, or pairs of an item and the kind of its page."""
    with Archive.open(folder) as archive:
        pairs = [each if isinstance(each, tuple) else (each, "front") for each in items]
        archive.add_many([(item, visit(item, kind)) for item, kind in pairs])
        return archive.ask(promotion, CANAL)


def visit(item: Any, kind: Kind) -> Visit:
    found = Discovery(url=item.url, address=item.url, kind=kind)
    return Visit(address=item.url, kind=kind, discoveries=(found,))


def front(hours: float, *slugs: str, **changes: Any) -> Any:
    teasers = (teaser(slug, n, list=None) for n, slug in enumerate(slugs, 1))
    return replace(listing(*teasers, hours=hours, slug=""), **changes)


def answer(reason: Any, hours: float, slug: str = "", **changes: Any) -> Unread:
    url = f"{SITE}/{slug}"
    return Unread(reason=reason, detail="", url=url, capture=receipt(url, hours, reason, **changes))


def spans(found: Promotion) -> list[tuple[Any, ...]]:
    return [(each.not_yet_at, each.seen_from, each.seen_to, each.gone_by, each.captures) for each in found.stays]


def test_a_story_stays_from_capture_to_capture(tmp_path: Path) -> None:
    pages = (front(0, "well"), front(1, "canal"), front(2, "well", "canal"), front(9, "well"), front(10, "canal"))
    found = asked(tmp_path, *pages)
    assert spans(found) == [(at(0), at(1), at(2), at(9), 2), (at(9), at(10), at(10), None, 1)]
    assert [(place.at, place.position) for place in found.stays[0].places] == [(at(1), 1), (at(2), 2)]
    assert (found.stays[0].best, found.stays[0].kind, found.stays[0].page) == (1, "front", f"{SITE}/")


def test_captures_may_come_in_any_order(tmp_path: Path) -> None:
    found = asked(tmp_path, front(9, "canal"), front(5, "well"), front(1, "canal"))
    assert spans(found) == [(None, at(1), at(1), at(5), 1), (at(5), at(9), at(9), None, 1)]


def test_a_page_that_broke_off_does_not_show_that_a_story_is_gone(tmp_path: Path) -> None:
    found = asked(tmp_path, front(0, "canal"), front(1, "well", problems=BROKE_OFF), front(2, "canal"))
    assert spans(found) == [(None, at(0), at(2), None, 2)]
    found = asked(tmp_path, front(3, "canal", "well", problems=BROKE_OFF))
    assert spans(found) == [(None, at(0), at(3), None, 3)]


def test_an_unchanged_page_shows_what_it_showed_to_the_same_source(tmp_path: Path) -> None:
    shown = front(0, "canal"), front(4, "well")
    other = answer("not_modified", 2, status=304, source="wayback")
    found = asked(tmp_path, *shown, answer("not_modified", 1, status=304), other, answer("not_modified", 5, status=304))
    assert spans(found) == [(None, at(0), at(1), at(4), 2)]


def test_what_is_no_page_says_nothing(tmp_path: Path) -> None:
    found = asked(tmp_path, front(0, "canal"), answer("challenge", 1), answer("gone", 2), front(3, "canal"))
    assert spans(found) == [(None, at(0), at(3), None, 2)]


def test_each_list_of_a_page_is_a_place_of_its_own(tmp_path: Path) -> None:
    cards = (
        teaser("canal", 3, list="LATEST", headline="Canal!"),
        teaser("canal", 1, list=None),
        teaser("canal", 9, list=None),
    )
    found = asked(tmp_path, listing(*cards, hours=0, slug=""))
    assert [(each.list, each.best, len(each.wordings)) for each in found.stays] == [(None, 1, 1), ("LATEST", 3, 1)]


def test_machines_lists_are_no_promotion_and_side_lists_are_told_apart(tmp_path: Path) -> None:
    beside = (article("well", hours=1, teasers=(teaser("canal", 4),)), "story")
    more = (article("rope", hours=3, teasers=(teaser("canal", 2),)), "story")
    sitemap = (listing(teaser("canal", headline=None), hours=2, slug="sitemap.xml"), "sitemap")
    feed = (listing(teaser("canal"), hours=2, slug="feed"), "feed")
    found = asked(tmp_path, beside, more, sitemap, feed)
    assert [each.kind for each in found.stays] == ["feed"]
    assert [(each.list, each.pages, each.best, each.seen_from) for each in found.beside] == [
        ("MOST VIEWED", 2, 2, at(1))
    ]


def test_a_capture_of_unknown_time_is_counted_and_left_out(tmp_path: Path) -> None:
    undated = front(0, "canal")
    found = asked(tmp_path, replace(undated, capture=replace(undated.capture, captured_at=None)))
    assert (found.stays, found.undated) == ((), 1)


def test_headlines_by_place(tmp_path: Path) -> None:
    variants = {"title": "The canal, National, Phnom Penh Post", "og": "A canal"}
    page = article(hours=0, headline_variants=variants)
    feed = article(hours=2, layout="feed", headline="Canal, anew", not_printed=("captions",))
    numbered = article("2021-08-31-1039-222720", hours=0)
    with Archive.open(tmp_path) as archive:
        archive.add_many([(page, None), (feed, None), (numbered, None)])
        archive.add(front(1, "canal"), visit(front(1, "canal"), "front"))
        archive.add(unread(hours=3))
        found = archive.ask(headlines, archive.story(CANAL).row)
        none = archive.ask(headlines, archive.story(numbered.url).row)
    assert [(each.place, each.headline, each.first_seen_at) for each in found] == [
        ("page", "The canal", at(0)),
        ("title", "The canal, National, Phnom Penh Post", at(0)),
        ("og", "A canal", at(0)),
        ("feed", "Canal, anew", at(2)),
        ("front", "canal", at(1)),
        ("address", "canal", None),
    ]
    assert [each.place for each in none] == ["page"]
