"""A story by REST API and feed, as small answers: what an odd field leaves of it, and that it is that of the page."""

import codecs
import json
from datetime import UTC, datetime
from html import escape
from typing import Any

import pytest

from postscraper.items import Article, Capture, Item, Listing, Unread
from postscraper.newspapers import POST
from postscraper.reading.read import read_all
from tests.layouts import test_wordpress as pages

SITE = "https://www.phnompenhpost.com"
POSTS = f"{SITE}/wp-json/wp/v2/posts?_embed=1"
SEEN = datetime(2026, 6, 3, tzinfo=UTC)


def post(content: str = "<p>Words.</p>", **fields: Any) -> dict[str, Any]:
    return {
        "id": 7,
        "type": "post",
        "date": "2026-05-14T09:30:00",
        "date_gmt": "2026-05-14T02:30:00",
        "link": f"{SITE}/national/a-story/",
        "title": {"rendered": "A story"},
        "content": {"rendered": content, "protected": False},
        "author": 1,
        "featured_media": 0,
        **fields,
    }


def items(answer: str | bytes, url: str = POSTS) -> tuple[Item, ...]:
    body = answer if isinstance(answer, bytes) else answer.encode()
    return read_all(Capture(url=url, captured_at=SEEN, body=body, source="test"), POST)


def story(content: str = "<p>Words.</p>", **fields: Any) -> Article:
    listing, article = items(json.dumps([post(content, **fields)]))
    assert isinstance(listing, Listing)
    assert isinstance(article, Article), article
    return article


def fed(content: str) -> Article:
    xml = (
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>Post</title><item>'
        f"<title>A story</title><link>{SITE}/national/a-story/</link><description>About it.</description>"
        f"<content:encoded>{escape(content)}</content:encoded></item></channel></rss>"
    )
    _, article = items(xml, f"{SITE}/feed/")
    assert isinstance(article, Article), article
    return article


def test_a_picture_that_is_not_in_the_answer_is_none() -> None:
    failed = {"code": "rest_post_invalid_id", "message": "Invalid post ID."}
    for embedded in ({}, {"wp:featuredmedia": [failed]}, {"wp:featuredmedia": [{"source_url": ""}]}):
        listing, article = items(json.dumps([post(featured_media=9, _embedded=embedded)]))
        assert isinstance(listing, Listing)
        assert isinstance(article, Article)
        assert [each.image_url for each in listing.teasers] == [None]
        assert (article.images, article.not_printed) == ((), ("byline", "captions"))
        expected = [("damage", "Invalid post ID.")] if failed in embedded.get("wp:featuredmedia", ()) else []
        assert [(each.kind, each.text) for each in article.problems] == expected


def test_a_post_without_an_address_is_no_story() -> None:
    (listing,) = items(json.dumps([post(link="")]))
    assert isinstance(listing, Listing)
    assert (listing.teasers, [each.kind for each in listing.problems]) == ((), ["unread_words"])
    (item,) = items(json.dumps(post(link=None)), f"{SITE}/wp-json/wp/v2/posts/7")
    assert isinstance(item, Unread)
    assert item.reason == "another_paper"


@pytest.mark.parametrize("stray", ["</div>", "</section></div></article>", "</p></div></div>"])
def test_a_stray_end_tag_ends_no_story(stray: str) -> None:
    content = f"<p>One.</p>{stray}<p>Two.</p><blockquote>Three.</blockquote>"
    for article in (story(content), fed(content)):
        assert [block.text for block in article.body] == ["One.", "Two.", "Three."]
        assert article.problems == ()
    # On a page nothing tells the story's words from the theme's, once they have left their box.
    on_page = pages.story(content)
    assert [block.text for block in on_page.body] == ["One."]
    assert [(each.kind, each.text) for each in on_page.problems] == [
        ("unread_words", "Two."),
        ("unread_words", "Three."),
    ]


@pytest.mark.parametrize("opened", ["<div>", "<div class='wp-block-group'>", "<blockquote>", "<ul><li>", "<strong>"])
def test_what_is_never_closed_swallows_nothing(opened: str) -> None:
    for article in (story(f"<p>One.</p>{opened}Two."), fed(f"<p>One.</p>{opened}Two.")):
        assert [block.text for block in article.body] == ["One.", "Two."]
        assert article.problems == ()


@pytest.mark.parametrize(
    "opened", ["<!-- ", "<style>", "<textarea>", "<noscript>", '<a href="/x>', '<a href="/x><b class="">', "<object>"]
)
def test_words_that_an_open_tag_swallows_are_told(opened: str) -> None:
    content = f"<p>One.</p>{opened}<p>Two.</p><p>Three.</p>"
    for article in (story(content), fed(content)):
        assert article.body[0].text == "One."
        assert "Two." not in article.body[-1].text
        assert [each.kind for each in article.problems] == ["cut"]


@pytest.mark.parametrize(
    ("excerpt", "standfirst"),
    [
        ("<p>The ferry at Prek Dach &hellip;</p>", None),
        ("<p>The ferry at Prek Dach...</p>", None),
        ('<p>The ferry at Prek Dach … <a class="more-link" href="/x">អានបន្ត</a></p>', None),
        ("<p>The ferry at Prek Dach [&hellip;]</p>", None),
        ("<p>A second engine halves the queue.</p>", "A second engine halves the queue."),
        ("<p>… and a third engine.</p>", "… and a third engine."),
    ],
)
def test_the_first_words_of_a_story_are_no_standfirst(excerpt: str, standfirst: str | None) -> None:
    assert story("<p>The ferry at Prek Dach ran twice.</p>", excerpt={"rendered": excerpt}).standfirst == standfirst


def test_a_byte_order_mark_before_the_answer() -> None:
    found = items(codecs.BOM_UTF8 + json.dumps([post()]).encode())
    assert [item.type for item in found] == ["listing", "article"]


def test_a_post_of_another_type_is_no_story() -> None:
    url = f"{SITE}/wp-json/wp/v2/pages/7"
    (item,) = items(json.dumps(post(type="page", link=f"{SITE}/about-us/")), url)
    assert isinstance(item, Unread)
    assert (item.reason, item.detail) == ("not_an_article", "a post of another type: page")
    assert story(type="opinion").headline == "A story"


@pytest.mark.parametrize(
    ("fields", "byline", "not_printed"),
    [
        ({}, "admin", ()),
        ({"coauthors": [12]}, None, ("byline",)),
        ({"coauthors": []}, "admin", ()),
        ({"authors": [{"display_name": "Sok Dara"}, {"display_name": "Ann &amp; Lee"}]}, "Sok Dara, Ann & Lee", ()),
        ({"authors": []}, "admin", ()),
    ],
)
def test_the_account_that_posted_a_story_is_not_its_author(
    fields: dict[str, Any], byline: str | None, not_printed: tuple[str, ...]
) -> None:
    article = story(_embedded={"author": [{"name": "admin"}]}, **fields)
    assert (article.byline, article.not_printed) == (byline, not_printed)
