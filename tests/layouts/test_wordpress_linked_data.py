"""JSON-LD of WordPress pages, as plugins and themes write it: of this story, of others, and broken."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.layouts.test_wordpress import SITE, story

MOMENT = "2026-05-14T02:30:00+00:00"
AT = datetime(2026, 5, 14, 2, 30, tzinfo=UTC)


def script(data: Any, kind: str = "application/ld+json") -> str:
    return f'<script type="{kind}">{data if isinstance(data, str) else json.dumps(data)}</script>'


def of_story(**fields: Any) -> dict[str, Any]:
    return {"@type": "NewsArticle", "datePublished": MOMENT, **fields}


@pytest.mark.parametrize(
    "head",
    [
        script(of_story(), "application/ld+json; charset=utf-8"),
        script(f"//<![CDATA[\n{json.dumps(of_story())}\n//]]>"),
        script(f"/* <![CDATA[ */{json.dumps(of_story())}/* ]]> */"),
        script(f"<!--{json.dumps(of_story())}-->"),
        script(f'{{"@type": "NewsArticle", "headline": "A\nstory", "datePublished": "{MOMENT}"}}'),
        script([{"@graph": [of_story()]}]),
        script({"@type": "WebPage", "mainEntity": of_story()}),
    ],
)
def test_data_in_any_wrapping(head: str) -> None:
    article = story(head=head)
    assert (article.published_at, article.problems) == (AT, ())


@pytest.mark.parametrize("named", ["url", "@id", "mainEntityOfPage"])
def test_of_several_stories_it_is_the_pages_own(named: str) -> None:
    own, other = f"{SITE}/a/b/#article", f"{SITE}/a/the-next-story/"
    as_page = {"@id": own} if named == "mainEntityOfPage" else own
    heads = script(of_story(url=other, datePublished="2026-05-10T02:30:00+00:00")), script(of_story(**{named: as_page}))
    article = story(head="".join(heads))
    assert (article.published_at, article.problems) == (AT, ())
    assert story(head=heads[0]).published_at is None, "of another story alone"


@pytest.mark.parametrize("address", [SITE, f"{SITE}/category/national/", "https://feeds.example.org/x"])
def test_an_address_that_is_no_storys_says_nothing(address: str) -> None:
    assert story(head=script(of_story(mainEntityOfPage=address))).published_at == AT


def test_broken_data_of_a_story_is_reported() -> None:
    broken = f'{{"@type": "NewsArticle", "headline": "A "story"", "datePublished": "{MOMENT}"}}'
    article = story(head=script(broken))
    assert article.published_at is None
    assert [(each.kind, each.detail) for each in article.problems] == [("damage", "broken JSON-LD")]
    assert story(head=script('{"@type": "Organization",}')).problems == ()


@pytest.mark.parametrize("keywords", ["boats, ferries", ["boats", "ferries"]])
def test_keywords_in_one_text_are_each_a_tag(keywords: str | list[str]) -> None:
    assert story(head=script(of_story(keywords=keywords))).tags == ("boats", "ferries")


def test_categories_and_tags_in_one_text() -> None:
    article = story(head=script(of_story(articleSection="Boats, A, Ferries")))
    assert (article.section, article.tags) == ("A", ("Boats", "Ferries")), "the address names the section"
    assert article.published_on == date(2026, 5, 14)
