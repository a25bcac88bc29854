"""Each fault of the newspaper on loopback does what its name says."""

import json

import pytest
from parsel import Selector

from tests.standins import faults as common_faults
from tests.standins.serving import Answer, Exchange, ask
from tests.wordpress import faults
from tests.wordpress.answers import POSTS, feed, page, rest, text
from tests.wordpress.site import Site
from tests.wordpress.written import ferry_returns, new_boats, weavers


def test_conditional_feed_requests(site: Site) -> None:
    first = ask(site.origin + "/feed/")
    etag, modified = first.headers["etag"], first.headers["last-modified"]
    for condition in ({"If_None_Match": etag}, {"If_Modified_Since": modified}):
        again = ask(site.origin + "/feed/", **condition)
        assert (again.status, again.body) == (304, b"")
    site.proxy.always(faults.without_validators)
    again = ask(site.origin + "/feed/", If_None_Match=etag)
    assert again.status == 200
    assert not {"etag", "last-modified"} & again.headers.keys()


KINDS = {
    "html": ferry_returns.path,
    "feed": "/category/national/feed/",
    "rest": f"{POSTS}?per_page=1",
    "sitemap": "/wp-sitemap.xml",
    "robots": "/robots.txt",
    "file": "/wp-content/uploads/2026/03/ferry.jpg",
}


def challenged(site: Site) -> set[str]:
    answers = {kind: ask(site.origin + path) for kind, path in KINDS.items()}
    closed = {kind for kind, answer in answers.items() if answer.status == 403}
    assert all(answers[kind].headers["cf-mitigated"] == "challenge" for kind in closed)
    assert all(answer.status == 200 for kind, answer in answers.items() if kind not in closed)
    return closed


@pytest.mark.parametrize("closed", [("html",), ("feed",), ("rest",), ("html", "rest"), faults.KINDS])
def test_challenge(site: Site, closed: tuple[faults.Kind, ...]) -> None:
    site.proxy.always(faults.challenge(*closed))
    assert challenged(site) == set(closed)


def test_challenge_on_all_but_robots(site: Site) -> None:
    site.proxy.always(faults.challenge())
    assert challenged(site) == set(KINDS) - {"robots"}
    site.proxy.mend()
    assert challenged(site) == set()


def test_rest_wants_a_log_in(site: Site) -> None:
    site.proxy.always(faults.rest_log_in)
    for path in ("/wp-json/", POSTS, "/?rest_route=/wp/v2/posts"):
        answer = ask(site.origin + path)
        assert (answer.status, json.loads(answer.body)["data"]) == (401, {"status": 401})
    assert ask(site.origin + "/feed/").status == 200


def test_rest_gone(site: Site) -> None:
    site.proxy.always(faults.rest_gone)
    for path in ("/wp-json/", POSTS, "/?rest_route=/wp/v2/posts"):
        answer = ask(site.origin + path)
        assert (answer.status, answer.headers["content-type"]) == (404, "text/html; charset=UTF-8")
    answer = ask(site.origin + ferry_returns.path)
    assert answer.status == 200
    assert "link" not in answer.headers or "api.w.org" not in answer.headers["link"]
    assert not Selector(answer.body.decode()).css('link[rel="https://api.w.org/"]')


def test_feed_with_excerpts_alone(site: Site) -> None:
    site.proxy.always(faults.feed_excerpts)
    item = next(item for item in feed(site) if item.xpath("string(link)").get() == site.url(ferry_returns))
    assert not item.xpath("content:encoded")
    assert item.xpath("string(description)").get() == ferry_returns.excerpt


def test_feed_with_a_footer(site: Site) -> None:
    site.proxy.always(faults.feed_footer)
    item = next(item for item in feed(site) if item.xpath("string(link)").get() == site.url(weavers))
    footer = f"The post {weavers.headline} appeared first on The River Post."
    assert text(item.xpath("string(content:encoded)").get() or "").endswith(text(footer))
    assert text(item.xpath("string(description)").get() or "").endswith(text(footer))


@pytest.mark.parametrize(
    ("fault", "place", "code"),
    [
        (faults.embed_author_fails(), "author", "rest_user_invalid_id"),
        (faults.embed_picture_fails(), "wp:featuredmedia", "rest_post_invalid_id"),
    ],
)
def test_embedding_fails(site: Site, fault: common_faults.Fault, place: str, code: str) -> None:
    site.proxy.always(fault)
    embedded = rest(site, f"{POSTS}/{ferry_returns.id}?_embed=1")["_embedded"]
    assert embedded[place][0]["code"] == code
    assert embedded[place][0]["data"] == {"status": 404}
    assert {"author", "wp:featuredmedia"} <= embedded.keys()


def test_embedding_of_one_picture_fails(site: Site) -> None:
    assert ferry_returns.featured
    site.proxy.always(faults.embed_picture_fails(ferry_returns.featured.id))
    given = {each["id"]: each for each in rest(site, f"{POSTS}?per_page=100&_embed=1")}
    failed = {number for number, each in given.items() if "code" in each["_embedded"].get("wp:featuredmedia", [{}])[0]}
    assert failed == {story.id for story in site.stories if story.featured == ferry_returns.featured}
    assert len(failed) < 10


def test_cap_of_per_page(site: Site) -> None:
    site.proxy.always(faults.rest_cap(10))
    answer = ask(f"{site.origin}{POSTS}?per_page=100")
    assert len(json.loads(answer.body)) == 10
    assert (answer.headers["x-wp-total"], answer.headers["x-wp-totalpages"]) == ("61", "7")


def ids(site: Site, path: str) -> list[int]:
    return [each["id"] for each in rest(site, path)]


def test_stale_cache_gives_page_one(site: Site) -> None:
    asked = f"{POSTS}?per_page=20&_fields=id&page="
    second, listed = ids(site, f"{asked}2"), page(site, "/category/national/page/2/").css("article").getall()
    assert ids(site, f"{asked}1") != second
    site.proxy.always(faults.first_page_only)
    assert ids(site, f"{asked}1") == ids(site, f"{asked}2") == ids(site, f"{asked}9")
    assert ids(site, f"{asked}2") != second
    assert page(site, "/category/national/page/2/").css("article").getall() != listed
    links = [[item.xpath("string(link)").get() for item in feed(site, path)] for path in ("/feed/", "/feed/?paged=3")]
    assert links[0] == links[1]


def test_sections_missing(site: Site) -> None:
    site.proxy.always(faults.sections_missing)
    for path in ("/category/national/", "/category/national/feed/", "/category/national/page/2/"):
        assert ask(site.origin + path).status == 404
    assert ask(site.origin + ferry_returns.path).status == 200


def test_robots(site: Site) -> None:
    def served() -> Answer:
        return ask(site.origin + "/robots.txt")

    own = served().body.decode()
    assert "Disallow: /wp-admin/\n" in own
    assert f"Sitemap: {site.home}/wp-sitemap.xml\n" in own
    for wording in (faults.CLOSED_TO_REST, faults.robots_naming(f"{site.home}/sitemap_index.xml")):
        site.proxy.mend()
        site.proxy.always(faults.robots(wording))
        assert served().body.decode() == wording
        assert served().headers["content-type"].startswith("text/plain")


def test_faults_join(site: Site) -> None:
    site.proxy.always(faults.rest_gone, faults.feed_excerpts, faults.robots(faults.CLOSED))
    site.proxy.fault(common_faults.too_many(7), "/feed/")
    assert ask(f"{site.origin}/feed/").status == 429
    assert not any(item.xpath("content:encoded") for item in feed(site))
    assert ask(site.origin + "/wp-json/").status == 404
    assert ask(site.origin + "/robots.txt").body.decode() == faults.CLOSED


def test_log_of_requests(site: Site) -> None:
    ask(f"{site.origin}/national/nothing/?a=%20b", User_Agent="reader/1")
    site.proxy.always(faults.challenge())
    ask(site.origin + new_boats.path)
    assert site.proxy.log == [
        Exchange("GET", "/national/nothing/?a=%20b", 404, "reader/1"),
        Exchange("GET", new_boats.path, 403, ""),
    ]


def test_php_has_nothing_to_complain_of(site: Site) -> None:
    """Not in any test so far either."""
    for path in KINDS.values():
        ask(site.origin + path)
    assert site.complaints() == []
    assert ask(site.origin, X_Standin="no-such-fault").status == 500
    assert "UnhandledMatchError" in "".join(site.complaints())
