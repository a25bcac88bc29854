"""Addresses: every form that the paper's pages were met under, and one form for each page."""

from dataclasses import replace
from urllib.parse import quote, unquote, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from postscraper.extraction.page import edition_of, language_of
from postscraper.languages import Language
from postscraper.newspaper import Newspaper
from postscraper.newspapers import POST, POSTKHMER
from postscraper.urls import (
    absolute,
    canonical,
    is_front,
    machine_kind,
    newspaper_at,
    page_of,
    page_only,
    path_of,
    root_kind,
)

WWW = "https://www.phnompenhpost.com"
KHMER = "ព័ត៌មានជាតិ"
PAGE = f"{WWW}/national/river-clinic"


@pytest.mark.parametrize(
    "address",
    [
        "http://www.phnompenhpost.com/national/river-clinic",
        "https://phnompenhpost.com/national/river-clinic",
        "http://m.phnompenhpost.com/national/river-clinic",
        "http://mail.phnompenhpost.com/national/river-clinic",
        "https://www.phnompenhpost.com/national/river-clinic/",
        "https://www.phnompenhpost.com//national//river-clinic",
        "https://WWW.PhnomPenhPost.com/national/river-clinic",
        "https://www.phnompenhpost.com:443/national/river-clinic",
        "http://www.phnompenhpost.com:80/national/river-clinic",
        "https://www.phnompenhpost.com./national/river-clinic",
        f"{PAGE}?utm_source=newsletter&fbclid=IwAR0",
        f"{PAGE}?page=0",
        f"{PAGE}#comments",
    ],
)
def test_a_story_has_one_address(address: str) -> None:
    assert canonical(address) == PAGE


@pytest.mark.parametrize(
    "address",
    [
        f"{WWW}/national/1997-coup-now-bad-dream-0",
        f"{WWW}/national/-indonesia-night-market-",
        f"{WWW}/politics-0",
        f"{WWW}/node/104287",
        f"{WWW}/author/kun-kourchettana/21453",
        f"{WWW}/index.php/2012060856672/National-news/strike-action-pays-off.html",
        f"{WWW}/2013020761221/Business/mill-reopens.html",
        f"{WWW}/taxonomy/term/1306/*/feed",
        f"{WWW}/search?keys=canal",
        f"{WWW}/national?page=3",
        f"{WWW}/index.php?option=com_ezrealty",
        f"{WWW}/category/national/page/2",
        f"{WWW}/category/national?paged=2",
        f"{WWW}/?p=90412",
        f"{WWW}/?author=7&cat=3&m=202603&s=canal&tag=rice",
        *(f"{WWW}/?{query}" for query in ("s=", "paged=2&s=canal", "feed=rss2", "name=a-story", "pagename=about-us")),
        *(
            f"{WWW}/?{query}"
            for query in ("author_name=sok", "category_name=national", "monthnum=3&year=2026", "q=node%2F7")
        ),
        f"{WWW}/category/national?feed=rss2",
        "https://www.postkhmer.com/national/2021-08-31-1039-222720.html",
        "https://www.postkhmer.com/gallery/2025-10-25-1016-257424",
    ],
)
def test_what_tells_pages_apart_stays(address: str) -> None:
    assert canonical(address) == address


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (f"{WWW}/national?page=1&ihojjsriotdxbjcc=", f"{WWW}/national?page=1"),
        (f"{WWW}/supplements?page=2&-param--type=Supplements", f"{WWW}/supplements?page=2"),
        (f"{WWW}/search/node/canal?page=1&", f"{WWW}/search/node/canal?page=1"),
        (f"{WWW}/category/national/page/1/", f"{WWW}/category/national"),
        (f"{WWW}/category/national/page/2/", f"{WWW}/category/national/page/2"),
        (f"{WWW}/page/1/page/1?s=canal", f"{WWW}/?s=canal"),
        (f"{WWW}/category/national?paged=1", f"{WWW}/category/national"),
        (f"{WWW}/?paged=1&preview=true&cat=&utm_source=x", f"{WWW}/"),
        (f"{WWW}/national/river-clinic?name=a&day=3&s=", PAGE),
    ],
)
def test_the_noise_of_a_list_address_goes(address: str, expected: str) -> None:
    assert canonical(address) == expected


def test_khmer_slugs_are_one_however_they_are_written() -> None:
    encoded = f"https://www.postkhmer.com/{quote(KHMER)}/{quote('ទូក-៣៨')}"
    assert canonical(f"http://postkhmer.com/{KHMER}/ទូក-៣៨") == encoded
    assert canonical(encoded.lower().replace("%e1", "%E1")) == encoded
    assert path_of(encoded) == f"/{KHMER}/ទូក-៣៨"


def test_escapes_that_are_no_text_stay_as_they_are() -> None:
    assert canonical(f"{WWW}/a%2Fb%zz%ff") == f"{WWW}/a%2Fb%zz%FF"


def test_other_hosts_keep_their_own_rules() -> None:
    assert canonical("http://m.example.org:8080/a/?b=2&a=1&utm_medium=x") == "http://m.example.org:8080/a?b=2&a=1"
    assert canonical("http://[::1]:8000/a") == "http://[::1]:8000/a"


def test_a_mirror_stands_for_the_paper_only_where_it_is_named() -> None:
    mirror = "http://127.0.0.1:8123/national/river-clinic"
    assert canonical(mirror, {"127.0.0.1:8123": "phnompenhpost.com"}) == PAGE
    assert canonical(mirror) == mirror


@pytest.mark.parametrize(
    "address", ["", "/national", "https:///national", "http://h.example:99999999/", "http://[::1/"]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        canonical(address)


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        ("/national/a", f"{WWW}/national/a"),
        ("a-neighbour", f"{WWW}/national/a-neighbour"),
        ("?page=1", f"{WWW}/national/river-clinic?page=1"),
        ("//cdn.example.org/a.jpg", "https://cdn.example.org/a.jpg"),
        ("/a/../b", f"{WWW}/b"),
        ("/../../etc/passwd", f"{WWW}/etc/passwd"),
        (" /national/a\n", f"{WWW}/national/a"),
        ("/national/a#top", f"{WWW}/national/a"),
        ("HTTP://Example.org/A", "http://Example.org/A"),
        ("javascript:alert(1)", None),
        (" \t\njava\tscript:alert(1)", None),
        ("data:text/html;base64,PHNjcmlwdD4=", None),
        ("mailto:desk@example.org", None),
        ("file:///etc/passwd", None),
        ("http://[::1/", None),
        ("http:///a", None),
        ("", None),
        (" \n", None),
        ("#footnote-1", None),
    ],
)
def test_links_are_absolute_or_none(href: str, expected: str | None) -> None:
    assert absolute(PAGE, href) == expected


def test_the_next_page_keeps_its_host_and_loses_the_noise() -> None:
    assert (
        page_only("http://127.0.0.1:8123/national?page=2&ihojjsriotdxbjcc=") == "http://127.0.0.1:8123/national?page=2"
    )
    assert page_of(f"{WWW}/national?page=12") == 12
    assert [page_of(f"{WWW}/national{query}") for query in ("", "?page=", "?page=-1", "?page=١", "?page=9999999")] == [
        0
    ] * 5


def test_wordpress_counts_the_pages_of_a_list_from_1() -> None:
    asked = ("category/national", "page/1/", "category/national/page/2", "page/12/?s=canal", "?paged=3", "page/x")
    assert [page_of(f"{WWW}/{each}") for each in asked] == [0, 0, 1, 11, 2, 0]


def test_the_edition_is_told_by_the_host() -> None:
    assert edition_of("https://www.postkhmer.com/national/a", POST) == "km"
    assert edition_of(PAGE, POST) == "en"
    assert edition_of("http://127.0.0.1:8000/national/a", POSTKHMER) == "km", "a mirror's address is of the one crawled"


@pytest.mark.parametrize(
    ("url", "paper"),
    [
        ("http://m.postkhmer.com/a", POSTKHMER),
        ("https://PhnomPenhPost.com:443/a", POST),
        ("https://www.phnompenhpost.com.evil.example/a", None),
        ("https://notphnompenhpost.com/a", None),
        ("mailto:a@phnompenhpost.com", None),
    ],
)
def test_a_newspaper_is_found_by_its_hosts(url: str, paper: Newspaper | None) -> None:
    assert newspaper_at(url) is paper


def test_a_language_is_told_by_its_script_wherever_that_begins() -> None:
    # The letters of Russian begin with two different bytes in UTF-8, those of Khmer with one.
    russian = Language(code="ru", letters="\u0401-\u0451")
    paper = replace(POST, languages=(*POSTKHMER.languages[:1], russian, *POST.languages[:1]))
    texts = {"km": "សាលារាជធានី", "ru": "Мост закрыт", "en": "The bridge – “Мост” – is closed, says the city hall"}
    assert {code: language_of(text, paper) for code, text in texts.items()} == {code: code for code in texts}


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        *((path, "front") for path in ("/", "/?utm_source=x", "/?page=0", "/?paged=1", "/?preview=true")),
        *((path, "story") for path in ("/?p=90412", "/?name=a-story", "/index.php?p=7", "/?cat=3&p=7", "/?p=7&page=2")),
        *(
            (path, "page")
            for path in ("/?page_id=7", "/?pagename=about-us", "/?q=node/7", "/?option=com_user", "/index.php")
        ),
        *((path, "listing") for path in ("/?s=canal", "/?s=", "/?s=canal&paged=2", "/index.php?s=canal", "/?paged=2")),
        *(
            (path, "listing")
            for path in ("/?cat=3", "/?tag=rice", "/?author=7", "/?m=202603", "/?year=2026", "/?page=1")
        ),
        *((path, None) for path in ("/national", "/national/a-story?p=7", "/page/2?s=canal")),
    ],
)
def test_a_query_makes_another_page_of_the_front_pages_address(path: str, kind: str | None) -> None:
    assert root_kind(canonical(WWW + path)) == kind
    # The later pages of the front page, too, are where WordPress and Drupal show it.
    assert is_front(canonical(WWW + path)) == (kind == "front" or path in ("/?paged=2", "/?page=1", "/index.php"))


PARTS = st.text(alphabet=st.sampled_from("abz-_.~%2Fe1ព័តé/?&=#:@[]\\ \t+;*0"), max_size=30)
ADDRESSES = st.builds(
    "{}://{}{}/{}?{}".format,
    st.sampled_from(["http", "https", "HTTP"]),
    st.sampled_from(["www.", "", "m.", "mail.", "evil.", "www.phnompenhpost.com@"]),
    st.sampled_from(
        ["phnompenhpost.com", "postkhmer.com", "PhnomPenhPost.com:80", "example.org", "127.0.0.1", "[::1]:8000"]
    ),
    PARTS,
    PARTS,
)


@given(ADDRESSES)
@example("http://phnompenhpost.com/%25%32%66/?page=1&page=0")
@example("http://phnompenhpost.com//page/1;sid=/page/1/?paged=1")
def test_the_one_form_is_its_own_one_form(address: str) -> None:
    try:
        once = canonical(address)
    except ValueError:
        return
    assert canonical(once) == once


@given(
    st.text(alphabet=st.characters(min_codepoint=0x1780, max_codepoint=0x17FF) | st.sampled_from("a-9é"), min_size=1)
)
@example("ក\u17dd\u17d2")
def test_khmer_escapes_are_kept_without_work_only_in_their_one_form(slug: str) -> None:
    worked_for = canonical(f"http://postkhmer.com//{quote(slug)}/")
    assert canonical(f"https://www.postkhmer.com/{quote(slug)}") == worked_for


@given(PARTS)
@example("%E1%9E%80%E1%9E%ff-%zz%e1%9e")
def test_a_path_is_decoded_as_the_standard_library_does(part: str) -> None:
    address = f"{WWW}/{part}"
    assert path_of(address) == (unquote(urlsplit(address).path).rstrip("/") or "/")


@given(ADDRESSES)
def test_an_address_never_leaves_its_host(address: str) -> None:
    try:
        before, after = urlsplit(address).hostname, urlsplit(canonical(address)).hostname
    except ValueError:
        return
    assert before is not None
    assert after == before or (after or "").removeprefix("www.") == before.removeprefix("www.").removeprefix(
        "m."
    ).removeprefix("mail.")
    assert (after in ("127.0.0.1", "::1")) == (before in ("127.0.0.1", "::1"))


@given(st.text(max_size=60) | PARTS)
def test_a_link_on_a_page_is_http_or_none(href: str) -> None:
    found = absolute(PAGE, href)
    if found is not None:
        assert urlsplit(found).scheme in ("http", "https")
        assert urlsplit(found).netloc
        assert "#" not in found


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        *((path, "sitemap") for path in ("/sitemap.xml", "/sitemap_index.xml", "/wp-sitemap.xml", "/sitemap.xml.gz")),
        *((path, "sitemap") for path in ("/wp-sitemap-posts-post-1.xml", "/post-sitemap2.xml", "/sitemap-2018-06.xml")),
        *((path, "feed") for path in ("/rss.xml", "/feed/", "/category/x/feed/", "/feed/atom/", "/national/feed.xml")),
        *(
            (path, "feed")
            for path in ("/taxonomy/term/1/*/feed", "/tag/rice/feed", "/national/feed", "/news.rss", "/ATOM.XML")
        ),
        *((path, None) for path in ("/", "/national", "/national/feeding-ducks", "/national/sitemap-of-the-old-town")),
        *((path, "comments") for path in ("/comments/feed/", "/national/a-story/feed", "/national/a-story/feed/atom/")),
        *((path, "feed") for path in ("/?feed=rss2", "/?cat=3&feed=atom", "/category/national?feed=rss2")),
        *((path, "comments") for path in ("/?feed=comments-rss2", "/national/a-story?feed=rss2")),
        *((path, None) for path in ("/?feed=", "/national/a-story?feed=newsletter", "/?s=feed=rss2")),
        *((path, "rest") for path in ("/wp-json/wp/v2/posts?page=2", "/?rest_route=/wp/v2/posts")),
        *((path, None) for path in ("/national/a-story", "/national/xml", "/national/wp-json-for-all")),
    ],
)
def test_what_lies_at_an_address_for_machines(path: str, kind: str | None) -> None:
    assert machine_kind(WWW + path) == kind
