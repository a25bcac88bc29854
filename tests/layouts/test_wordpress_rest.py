"""Posts of the REST API as small answers: what a field that is missing, failed or odd leaves of a story."""

import json
from datetime import UTC, datetime
from typing import Any

from postscraper.items import Article, Capture, Item, Listing, Unread
from postscraper.newspapers import POST
from postscraper.reading.read import read_all

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
