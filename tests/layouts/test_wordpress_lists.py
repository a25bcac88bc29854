"""Lists of WordPress in themes of known and of unknown names."""

from datetime import date

import pytest

from postscraper.items import Listing
from tests.layouts.test_wordpress import SITE, read_page, story

URL = f"{SITE}/national/s-{{}}/"


def listed(body: str, *, classes: str = "archive category", path: str = "/category/national/") -> Listing:
    item = read_page(f'<main><h1 class="page-title">National</h1>{body}</main>', classes=classes, path=path)
    assert isinstance(item, Listing), item
    return item


def card(inside: str) -> str:
    return f'<article class="post-7 type-post hentry">{inside}</article>'


TITLE = '<h2 class="entry-title"><a href="/national/s-1/">Story 1</a></h2>'


@pytest.mark.parametrize(
    "cards",
    [
        '<div class="col"><div class="card"><a href="{url}"><img src="/t.jpg"></a><div class="body">'
        '<h5><a href="{url}">Story {n}</a></h5><p>Summary {n}.</p></div></div></div>',
        '<a class="tile" href="{url}"><img src="/t.jpg"><h3>Story {n}</h3><p>Summary {n}.</p></a>',
        '<li><h3><a href="{url}">Story {n}</a></h3><p>Summary {n}.</p><img src="/t.jpg"></li>',
    ],
)
@pytest.mark.parametrize("count", [1, 3])
def test_cards_of_no_known_name(cards: str, count: int) -> None:
    item = listed("".join(cards.format(url=URL.format(n), n=n) for n in range(1, count + 1)))
    assert [(each.position, each.headline, each.url, each.summary, each.image_url) for each in item.teasers] == [
        (n, f"Story {n}", URL.format(n), f"Summary {n}.", f"{SITE}/t.jpg") for n in range(1, count + 1)
    ]
    assert (item.section, item.problems) == ("National", ())


def test_headings_that_lead_to_no_story_are_no_cards() -> None:
    links = "/category/sport/", "/", "/author/sok/", "https://example.org/national/s-9/"
    headings = "".join(f'<div><h3><a href="{link}">More</a></h3></div>' for link in links)
    item = listed(f'{headings}<nav><h3><a href="/national/s-8/">Menu</a></h3></nav>{card(TITLE)}')
    assert [each.headline for each in item.teasers] == ["Story 1"]


@pytest.mark.parametrize(
    ("body", "classes", "told"),
    [
        ('<ul class="latest"><li><a href="/national/s-1/">Story 1</a></li></ul>', "archive category", True),
        ('<section class="no-results not-found"><p>Nothing found.</p></section>', "archive category", False),
        ("<p>Nothing found.</p>", "search search-no-results", False),
    ],
)
def test_a_list_without_a_card_is_reported(body: str, classes: str, told: bool) -> None:
    item = listed(body, classes=classes, path="/?s=x" if "search" in classes else "/category/national/")
    assert item.teasers == ()
    assert [each.detail for each in item.problems] == ["no card of a list is known on the page"] * told


@pytest.mark.parametrize(
    "label", ['<h4><a href="/category/sport/">Sport</a></h4>', '<a class="cat" href="/category/sport/">Sport</a>']
)
def test_the_name_of_a_section_above_a_headline_is_no_headline(label: str) -> None:
    item = listed(card(label + TITLE))
    assert [(each.headline, each.url) for each in item.teasers] == [("Story 1", URL.format(1))]
    assert item.problems == ()


@pytest.mark.parametrize("name", ["elementor-post-date", "date"])
def test_dates_of_cards_by_their_names(name: str) -> None:
    (teaser,) = listed(card(f'{TITLE}<span class="{name}">14 May 2026</span>')).teasers
    assert (teaser.published_on, teaser.published_text) == (date(2026, 5, 14), "14 May 2026")


def test_a_block_that_prints_the_change_prints_no_publication() -> None:
    block = (
        '<div class="wp-block-post-date wp-block-post-date__modified-date">'
        '<time datetime="2026-05-15T09:30:00+07:00">May 15, 2026</time></div>'
    )
    assert story(header=block).published_on is None
    (teaser,) = listed(card(TITLE + block)).teasers
    assert teaser.published_on is None


def test_a_picture_that_is_drawn_behind_a_card() -> None:
    (teaser,) = listed(card(f'<span style="background-image:url(/t.jpg)"></span>{TITLE}')).teasers
    assert teaser.image_url == f"{SITE}/t.jpg"


def test_words_of_different_blocks_stand_apart() -> None:
    (teaser,) = listed(card(f'{TITLE}<div class="entry-summary"><p>One.</p><p>Two.</p></div>')).teasers
    assert teaser.summary == "One. Two."
    figure = '<figure><img src="/a.jpg"><figcaption><p>A boat.</p><p>Photo: Heng Vuthy</p></figcaption></figure>'
    assert [(each.caption, each.credit) for each in story(figure).images] == [("A boat.", "Heng Vuthy")]


@pytest.mark.parametrize("kind", ["page-template page-template-front", "page-template-default"])
def test_a_front_page_that_editors_built(kind: str) -> None:
    item = listed(card(TITLE), classes=f"home {kind} page page-id-2", path="/")
    assert [each.headline for each in item.teasers] == ["Story 1"]
