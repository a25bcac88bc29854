"""What themes print around the headline: byline, date, featured picture, and lines of other names."""

from datetime import date

import pytest

from postscraper.items import Article
from tests.layouts.test_wordpress import SITE, dated, meta, read_page, story

CARD = (
    '<article class="post-7 type-post hentry"><h1 class="entry-title">A story</h1>{}'
    '<div class="entry-content"><p>Words.</p></div></article>'
)


@pytest.mark.parametrize(
    "picture",
    [
        '<div class="hero"><img class="wp-post-image" src="/a-800x500.jpg" alt="Boats"></div>',
        '<div class="hero"><img src="/a-800x500.jpg" alt="Boats"></div>',
    ],
)
def test_a_featured_picture_in_a_box_of_any_name(picture: str) -> None:
    head = '<meta property="og:image" content="https://cdn.example.org/uploads/a.jpg?w=1200">'
    above = f'{picture}<div class="page">{CARD.format("")}</div>'
    for page in (CARD.format(picture), above):
        article = read_page(f"<main>{page}</main>", head=head)
        assert isinstance(article, Article)
        assert [(image.url, image.alt) for image in article.images] == [(f"{SITE}/a-800x500.jpg", "Boats")]


@pytest.mark.parametrize(
    "other",
    [
        '<article class="post-8 type-post hentry"><h1 class="entry-title">The next story</h1></article>',
        '<div class="logo"><h1 class="entry-title"><a href="/">The Phnom Penh Post</a></h1></div>',
    ],
)
def test_a_heading_of_the_first_rank_that_is_not_the_storys(other: str) -> None:
    article = read_page(f"<main>{CARD.format('')}{other}</main>")
    assert isinstance(article, Article), article
    assert article.headline == "A story"


def test_a_picture_of_a_list_is_not_the_storys() -> None:
    link = '<a href="/a/c/"><img class="wp-post-image" src="/b.jpg"></a>'
    article = story(header=f'<article class="post-8 type-post hentry">{link}</article>')
    assert (article.images, article.problems) == ((), ())


@pytest.mark.parametrize(
    "caption", ['<span class="image-caption">{}</span>', '<div class="theme_featured_caption">{}</div>']
)
def test_a_caption_beside_the_featured_picture_is_its_own(caption: str) -> None:
    picture = '<div class="featured-image"><img src="/a.jpg"></div>'
    article = story(header=picture + caption.format("Boats wait. Photo: Heng Vuthy"))
    assert [(each.caption, each.credit) for each in article.images] == [("Boats wait.", "Heng Vuthy")]
    assert article.problems == ()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('<div class="deck">What the second engine cost the village</div>', True),
        ('<div class="meta"><span>1,204 views</span><span>3 minutes</span></div>', False),
        ('<p id="breadcrumbs"><a href="/">Home</a> » <a href="/category/a/">News</a></p>', False),
        ("<div><style>.theme { color: red; margin: 0; padding: 0 }</style></div>", False),
    ],
)
def test_a_line_of_its_own_is_reported_whatever_its_element(line: str, told: bool) -> None:
    expected = [("unread_words", "What the second engine cost the village")] if told else []
    assert [(each.kind, each.text) for each in story(header=line).problems] == expected


@pytest.mark.parametrize(
    "names",
    [
        '<li><a rel="author" href="/author/a/">Sok Dara</a></li><li><a rel="author" href="/author/b/">Ann Lee</a></li>',
        '<a rel="author" href="/author/a/">Sok Dara</a> <a rel="author" href="/author/b/">Ann Lee</a>',
    ],
)
def test_names_that_only_boxes_set_apart_are_two(names: str) -> None:
    article = story(header=f'<ul class="authors">{names}</ul>')
    assert (article.byline, article.authors) == ("Sok Dara, Ann Lee", ("Sok Dara", "Ann Lee"))


def test_the_label_of_the_last_design_is_no_part_of_the_byline() -> None:
    assert story(header='<p class="byline">Reporter : Sok Dara</p>').byline == "Sok Dara"


@pytest.mark.parametrize(
    ("printed", "on"),
    [
        ("Updated May 15, 2026", None),
        ("Last updated on: 15 May 2026", None),
        ("កែប្រែចុងក្រោយ ថ្ងៃទី ១៥ ខែឧសភា ឆ្នាំ២០២៦", None),
        ("May 14, 2026 Updated May 15, 2026", date(2026, 5, 14)),
        ("Updated: 15 May 2026 | Published: 14 May 2026", date(2026, 5, 14)),
    ],
)
def test_the_day_of_a_change_is_no_day_of_publication(printed: str, on: date | None) -> None:
    article = story(header=f'<span class="posted-on">{printed}</span>')
    assert (article.published_on, article.published_text) == (on, printed if on else None)


def test_the_moment_of_a_change_is_none_of_publication() -> None:
    header = dated("2026-05-15T09:30:00+07:00", "Updated May 15, 2026")
    assert story(header=header).published_on is None
    article = story(header=header, head=meta("published", "2026-05-14T02:30:00Z"))
    assert (article.published_on, article.problems) == (date(2026, 5, 14), ())
