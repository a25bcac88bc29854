"""Arguments of a run, and the links that it follows."""

from dataclasses import replace
from datetime import UTC, date, datetime
from urllib.parse import quote

import pytest

from postscraper.errors import BadRequest
from postscraper.items import Article, Block, Capture, DatedTeaser, Link, Listing, Unread
from postscraper.newspapers import POST, POSTKHMER
from postscraper.reading.read import read
from postscraper.run.discovery import Discoverer
from postscraper.run.limits import DEEPEST
from postscraper.run.scope import Scope, scope
from postscraper.sources.captures import is_page
from postscraper.sources.wordpress import is_categories, year_of

HOME = "https://www.phnompenhpost.com"
RECEIPT = Capture(
    url=f"{HOME}/national", captured_at=datetime(2020, 5, 1, tzinfo=UTC), body=b"x", source="live"
).receipt()


def teaser(path: str, day: date | None = None) -> DatedTeaser:
    return DatedTeaser(list="LATEST", position=1, headline="h", url=HOME + path, published_on=day)


def listing(*teasers: DatedTeaser, next_url: str | None = None) -> Listing:
    return Listing(
        layout="drupal_2017",
        language="en",
        url=f"{HOME}/national",
        canonical_url=f"{HOME}/national",
        teasers=teasers,
        next_url=next_url,
        capture=RECEIPT,
    )


def discoverer_of(**wanted: object) -> Discoverer:
    return Discoverer(POST, replace(Scope(), **wanted), {"127.0.0.1:8000": "phnompenhpost.com"})  # type: ignore[arg-type]


def test_reads_all_arguments() -> None:
    found = scope(POST, {"section": "national,business", "since": "2020-01-01", "until": "2020-12-31", "limit": "7"})
    assert found.sections == ("national", "business")
    assert (found.since, found.until, found.limit) == (date(2020, 1, 1), date(2020, 12, 31), 7)


def test_several_addresses_may_hold_commas() -> None:
    found = scope(POST, {"url": f"{HOME}/a/b,c http://m.phnompenhpost.com/d,{HOME}/e"})
    assert found.urls == (f"{HOME}/a/b,c", "http://m.phnompenhpost.com/d", f"{HOME}/e")
    found = scope(POST, {"url": "phnompenhpost.com/a,www.phnompenhpost.com/b,c /d /e,f"})
    assert found.urls == ("https://phnompenhpost.com/a", f"{HOME}/b,c", f"{HOME}/d", f"{HOME}/e,f")


@pytest.mark.parametrize(
    ("since", "until", "days"),
    [
        ("2018", "2018", (date(2018, 1, 1), date(2018, 12, 31))),
        ("2018-06", "2020-02", (date(2018, 6, 1), date(2020, 2, 29))),
        ("2018-06-20", "2018-06", (date(2018, 6, 20), date(2018, 6, 30))),
    ],
)
def test_a_year_or_a_month_is_a_span_of_days(since: str, until: str, days: tuple[date, date]) -> None:
    found = scope(POST, {"since": since, "until": until})
    assert (found.since, found.until) == days


def test_crawls_are_named_one_by_one() -> None:
    words = {"source": "commoncrawl", "crawl": "CC-MAIN-2018-26, CC-MAIN-2012,CC-MAIN-2018-26"}
    assert scope(POST, words).crawls == ("CC-MAIN-2018-26", "CC-MAIN-2012")
    assert scope(POST, {"source": "commoncrawl"}).crawls == ()


@pytest.mark.parametrize(
    "arguments",
    [
        {"source": "live", "path": "x"},
        {"source": "wayback", "path": "x"},
        {"source": "wayback", "crawl": "CC-MAIN-2018-26"},
        {"source": "commoncrawl", "crawl": "CC-MAIN-2018-26", "path": "x"},
        {"source": "commoncrawl", "crawl": "June 2018"},
        {"source": "commoncrawl", "crawl": "CC-NEWS-2018-13"},
        {"source": "commoncrawl", "crawl": "CC-NEWS-2018-06,CC-MAIN-2018-26"},
        {"since": "2021-01-02", "until": "2021-01-01"},
        {"limit": "0"},
        {"limit": "-3"},
        {"until": "2020-02-30"},
        {"until": "2020-13"},
        {"since": "20"},
        {"since": "0000"},
        {"section": "national,buisness"},
    ],
)
def test_refuses_with_a_sentence(arguments: dict[str, str]) -> None:
    with pytest.raises(BadRequest, match=r"\w+ "):
        scope(POST, arguments)


@pytest.mark.parametrize(
    ("path", "kind", "section"),
    [
        ("/", "front", None),
        ("/national", "listing", "national"),
        ("/National/", "listing", "national"),
        ("/national/some-story", "story", "national"),
        ("/national-politics/some-story", "story", None),
        ("/node/104287", "story", None),
        ("/index.php/2012060856672/National-news/strike.html", "story", None),
        ("/author/sok-dara/12", "listing", None),
        ("/taxonomy/term/1/all/feed", "feed", None),
        ("/category/national", "listing", "national"),
        ("/category/national/page/2", "listing", "national"),
        ("/page/2", "listing", None),
        ("/?s=canal&paged=2", "listing", None),
        ("/?p=90412", "story", None),
        ("/?page_id=7", "page", None),
        ("/?feed=rss2", "feed", None),
        ("/category-of-rice", "page", None),
        ("/sitemap.xml", "sitemap", None),
        ("/about-us", "page", None),
    ],
)
def test_an_address_tells_its_kind(path: str, kind: str, section: str | None) -> None:
    address = discoverer_of().visit(listing(teaser(path))).discoveries[0]
    assert (address.kind, address.section) == (kind, section)


def test_foreign_hosts_are_not_heard_and_mirrors_are_the_paper() -> None:
    heard = (
        discoverer_of()
        .visit(
            listing(
                DatedTeaser(list=None, position=1, headline="h", url="https://example.org/national/x"),
                DatedTeaser(list=None, position=2, headline="h", url="http://127.0.0.1:8000/national/x/?utm_source=a"),
                DatedTeaser(list=None, position=3, headline="h", url="http://m.phnompenhpost.com/national/x"),
                DatedTeaser(list=None, position=4, headline="h", url="https://www.postkhmer.com/national/x"),
            )
        )
        .discoveries
    )
    assert {each.address for each in heard} == {f"{HOME}/national/x"}


def test_what_is_no_story_is_excluded_by_name() -> None:
    rules = {
        path: discoverer_of().visit(listing(teaser(path))).discoveries[0].excluded_by
        for path in ("/jobs/a/b", "/national/a.jpg", "/national/a")
    }
    assert rules == {
        "/jobs/a/b": "no stories under /jobs",
        "/national/a.jpg": "a file, not a page",
        "/national/a": None,
    }


def test_depth_ends_endless_sites() -> None:
    page = listing(teaser("/national/a"))
    assert discoverer_of().visit(page, depth=DEEPEST - 1).discoveries[0].excluded_by is None
    assert discoverer_of().visit(page, depth=DEEPEST).discoveries[0].excluded_by == f"deeper than {DEEPEST} links"


def test_pagers_stop_before_since() -> None:
    old, new = date(2019, 12, 31), date(2020, 1, 1)
    pages = [listing(teaser("/national/a", day), next_url=f"{HOME}/national?page=1") for day in (old, new)]
    rules = [discoverer_of(since=new).visit(page).discoveries[-1].excluded_by for page in pages]
    assert rules == ["all before since=2020-01-01", None]


def test_redirects_lead_to_an_address_of_their_own() -> None:
    moved = Unread(reason="moved", detail="/business/b", url=f"{HOME}/national/a", capture=RECEIPT)
    assert [(each.address, each.found_by) for each in discoverer_of().visit(moved).discoveries] == [
        (f"{HOME}/business/b", "redirect")
    ]


def test_a_khmer_address_in_a_redirect_is_read_as_it_was_meant() -> None:
    """Servers write it as bare UTF-8, which a header keeps as Latin-1 characters."""
    khmer = "/ព័ត៌មានជាតិ/ទូក"
    for written in (khmer.encode().decode("latin-1"), quote(khmer), f"{HOME}{khmer}".encode().decode("latin-1")):
        answer = Capture(
            url=f"{HOME}/a/b",
            captured_at=RECEIPT.captured_at,
            body=b"",
            source="live",
            status=301,
            headers=(("Location", written),),
        )
        (heard,) = discoverer_of().visit(read(answer, POST)).discoveries
        assert heard.address == HOME + quote(khmer)
        same = replace(answer, url=f"{HOME}{quote(khmer)}/")
        assert not is_page(same, {}), "to the address itself, which is still to be visited"


def test_links_of_a_story_are_heard() -> None:
    story = Article(
        layout="drupal_2017",
        language="en",
        url=f"{HOME}/national/a",
        canonical_url=f"{HOME}/national/a",
        headline="h",
        body=(Block(kind="paragraph", text="t"),),
        links=(Link(url=f"{HOME}/opinion/b", text="b", block=0),),
        capture=RECEIPT,
    )
    visit = discoverer_of().visit(story)
    assert visit.kind == "story"
    assert [each.address for each in visit.discoveries] == [f"{HOME}/opinion/b"]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        ("Fri, 01 May 2020 00:02:00 GMT", 120.0),
        ("999999999", 600.0),
        ("soon", None),
        ("-5", None),
        ("Fri, 01 May 2099 00:00:00 GMT", 600.0),
    ],
)
def test_retry_after_in_both_forms(value: str, seconds: float | None) -> None:
    assert pause_of(503, value) == seconds


@pytest.mark.parametrize("status", [429, 503, 301, 302, 307])
def test_a_status_with_which_retry_after_has_a_meaning(status: int) -> None:
    assert pause_of(status, "120") == 120.0


@pytest.mark.parametrize("status", [200, 403, 404, 410, 500, 502, None])
def test_with_any_other_status_retry_after_asks_for_nothing(status: int | None) -> None:
    assert pause_of(status, "120") is None


def pause_of(status: int | None, value: str) -> float | None:
    busy = Capture(
        url=f"{HOME}/national",
        captured_at=datetime(2020, 5, 1, tzinfo=UTC),
        body=b"",
        source="live",
        status=status,
        headers=(("Retry-After", value),),
    )
    item = Unread(reason="server_error", detail="a sentence", url=busy.url, capture=busy.receipt())
    return discoverer_of().visit(item, busy).retry_after_seconds


def test_starts_with_what_is_asked() -> None:
    rest, section = Discoverer(POST, Scope(sections=("sport",)), {}).seeds()
    assert (rest.kind, rest.address.partition("?")[0]) == ("rest", f"{HOME}/wp-json/wp/v2/categories")
    assert (section.kind, section.address) == ("listing", f"{HOME}/sport")
    whole = [each.kind for each in Discoverer(POSTKHMER, Scope(), {}).seeds()]
    assert {"front", "sitemap", "feed", "rest", "listing"} == set(whole)
    assert "rest" not in {each.kind for each in Discoverer(replace(POST, rest_api=False), Scope(), {}).seeds()}


def test_the_years_whose_stories_are_counted_begin_with_the_newspaper() -> None:
    paper = replace(POST, founded_on=date(2018, 3, 1))
    url = next(seed.url for seed in Discoverer(paper, Scope(), {}).seeds() if is_categories(seed.url))
    categories = replace(listing(), layout="wordpress_rest", url=url, canonical_url=url)
    counts = Discoverer(paper, Scope(), {}).visit(categories).discoveries
    assert [(each.dated_on, year_of(each.url)) for each in counts] == [
        (date(year, 12, 31), year) for year in (2018, 2019, 2020)
    ]
