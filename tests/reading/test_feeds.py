"""Feeds and sitemaps: what they list, and what is refused."""

import gzip
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from postscraper.items import Article, Capture, DatedTeaser, Item, Listing, Unread
from postscraper.newspapers import POST
from postscraper.reading.read import read, read_all
from postscraper.urls import LONGEST_ADDRESS
from tests.helpers.hostile_pages import Outcome, outcomes

STORY = "https://www.phnompenhpost.com/national/canal"


def reading(body: str | bytes, url: str = "https://www.phnompenhpost.com/rss.xml", **headers: str) -> Item:
    return read(
        Capture(
            url=url,
            captured_at=datetime(2019, 5, 20, tzinfo=UTC),
            body=body.encode() if isinstance(body, str) else body,
            headers=tuple((name.replace("_", "-"), value) for name, value in headers.items()),
            source="test",
        ),
        POST,
    )


def listed(body: str | bytes, **more: str) -> Listing:
    found = reading(body, **more)
    assert isinstance(found, Listing), found
    return found


def only(found: Listing) -> DatedTeaser:
    assert len(found.teasers) == 1
    assert isinstance(found.teasers[0], DatedTeaser)
    return found.teasers[0]


def rss(item: str, channel: str = "") -> str:
    return f"<rss version='2.0'><channel>{channel}<item>{item}</item></channel></rss>"


def sitemap(*addresses: str) -> str:
    return "<urlset>" + "".join(f"<url><loc>{each}</loc></url>" for each in addresses) + "</urlset>"


def test_rss_2() -> None:
    found = listed(
        rss(
            f"<title>Rain &amp;amp; wind</title><link>{STORY}</link><pubDate>Tue, 14 May 2019 23:30:00 +0000</pubDate>"
            "<description>&lt;p&gt;One.&lt;/p&gt;&lt;p&gt;Two.&lt;/p&gt;&lt;script&gt;x()&lt;/script&gt;</description>"
            "<enclosure url='/a.jpg' type='image/jpeg' length='9'/>",
            "<title>National | Phnom Penh Post</title><link>https://www.phnompenhpost.com/national</link>",
        )
    )
    teaser = only(found)
    assert (found.layout, found.language, found.section, found.problems) == ("feed", "en", "National", ())
    assert (teaser.headline, teaser.url, teaser.summary) == ("Rain & wind", STORY, "One. Two.")
    assert teaser.image_url == "https://www.phnompenhpost.com/a.jpg"
    # 23:30 in Greenwich is the next morning in Phnom Penh.
    assert (teaser.published_on, teaser.published_at) == (date(2019, 5, 15), datetime(2019, 5, 14, 23, 30, tzinfo=UTC))
    assert teaser.published_text == "Tue, 14 May 2019 23:30:00 +0000"


def test_the_whole_paper_is_no_section() -> None:
    assert listed(rss(f"<link>{STORY}</link>", "<title>The Post</title><link>/</link>")).section is None


def test_rss_1() -> None:
    found = listed(
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'>"
        "<channel><title>Post</title><link>https://www.phnompenhpost.com/</link><items/></channel>"
        f"<item rdf:about='{STORY}'><title>Canal</title><link>{STORY}</link>"
        "<dc:date>2019-05-14</dc:date></item></rdf:RDF>"
    )
    teaser = only(found)
    assert (teaser.headline, teaser.published_on, teaser.published_at) == ("Canal", date(2019, 5, 14), None)


def test_atom() -> None:
    found = listed(
        "<atom:feed xmlns:atom='http://www.w3.org/2005/Atom'><atom:link rel='next' href='/feed?page=2'/><atom:entry>"
        f"<atom:link rel='replies' href='{STORY}#c'/><atom:link href='{STORY}'/><atom:title>Canal</atom:title>"
        "<atom:published>2019-05-14T07:30:00+07:00</atom:published><atom:updated>2019-05-15T00:00:00Z</atom:updated>"
        "</atom:entry></atom:feed>"
    )
    assert found.next_url == "https://www.phnompenhpost.com/feed?page=2"
    assert only(found).url == STORY
    assert only(found).published_at == datetime(2019, 5, 14, 0, 30, tzinfo=UTC)


def test_a_change_is_no_publication() -> None:
    atom = f"<feed><entry><link href='{STORY}'/><updated>2019-05-15T00:00:00Z</updated></entry></feed>"
    plan = f"<urlset><url><loc>{STORY}</loc><lastmod>2019-05-15</lastmod></url></urlset>"
    for body, text in ((atom, "2019-05-15T00:00:00Z"), (plan, "2019-05-15")):
        teaser = only(listed(body))
        assert (teaser.published_at, teaser.published_on, teaser.published_text) == (None, None, text)


def test_the_address_behind_a_service() -> None:
    body = rss(f"<link>http://feedproxy.example/~r/x</link><feedburner:origLink>{STORY}</feedburner:origLink>")
    assert only(listed(body)).url == STORY


def test_a_sitemap_has_no_headlines() -> None:
    body = (
        f"<urlset xmlns:news='n' xmlns:image='i'><url><loc>{STORY}</loc>"
        "<news:news><news:title>Canal</news:title></news:news>"
        "<image:image><image:loc>https://www.phnompenhpost.com/a.jpg</image:loc></image:image></url></urlset>"
    )
    found = listed(body, url="https://www.phnompenhpost.com/sitemap.xml?page=2")
    assert (found.layout, found.page, only(found).headline, only(found).url) == ("sitemap", 2, None, STORY)


def test_a_sitemap_index() -> None:
    found = listed("<sitemapindex><sitemap><loc>https://www.phnompenhpost.com/s-1.xml</loc></sitemap></sitemapindex>")
    assert (found.layout, only(found).url) == ("sitemap_index", "https://www.phnompenhpost.com/s-1.xml")


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/x",
        "http://[::1]/x",
        "https://www.phnompenhpost.com@evil.example/x",
        "https://me:secret@www.phnompenhpost.com/x",
        "https://www.phnompenhpost.com:22/x",
        "https://www.phnompenhpost.com:99999999/x",
        "https://phnompenhpost.com.evil.example/x",
        "ftp://www.phnompenhpost.com/x",
        "javascript:alert(1)",
        "https://www.phnompenhpost.com/" + "x" * LONGEST_ADDRESS,
    ],
)
def test_addresses_that_must_not_be_followed(address: str) -> None:
    found = listed(sitemap(address, STORY))
    assert only(found).url == STORY
    assert [problem.kind for problem in found.problems] == ["unread_words"]


def test_one_address_once_whatever_host_names_it() -> None:
    found = listed(sitemap(STORY, STORY.replace("https://www.", "http://m."), STORY + "/", STORY + "-0"))
    assert [each.url for each in found.teasers] == [STORY, STORY + "-0"]
    assert [each.position for each in found.teasers] == [1, 2]


@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "utf-16-le", "cp1252"])
def test_character_sets(charset: str) -> None:
    body = f"<?xml version='1.0' encoding='{charset}'?>" + rss(f"<title>Café “Rex”</title><link>{STORY}</link>")
    found = listed(body.encode(charset), content_type=f"application/xml; charset={charset}")
    assert only(found).headline == "Café “Rex”"


def test_the_declaration_tells_the_character_set_where_the_header_does_not() -> None:
    body = f"<?xml version='1.0' encoding='windows-1252'?>{rss(f'<title>Café</title><link>{STORY}</link>')}"
    assert only(listed(body.encode("cp1252"), content_type="application/xml")).headline == "Café"


def test_gzip_is_undone() -> None:
    body = gzip.compress(sitemap(STORY).encode())
    assert only(listed(body, url="https://www.phnompenhpost.com/sitemap.xml.gz")).url == STORY


def test_what_breaks_off_is_kept_and_reported() -> None:
    body = sitemap(STORY, STORY + "-1")
    found = listed(body[: body.index("-1</loc>")])
    assert [each.url for each in found.teasers] == [STORY]
    assert [problem.kind for problem in found.problems] == ["cut"]


def test_a_list_of_addresses_that_breaks_off_drops_its_last() -> None:
    body = gzip.compress(f"{STORY}\n{STORY}-1\n{STORY}-22".encode())[:-9]
    found = listed(body, url="https://www.phnompenhpost.com/sitemap.txt")
    assert STORY + "-22" not in [each.url for each in found.teasers]
    assert "cut" in [problem.kind for problem in found.problems]


def test_careless_signs_are_mended_and_reported() -> None:
    found = listed(rss(f"<title>Bread & butter&nbsp;&eacute;\x0b</title><link>{STORY}?page=1&keys=2</link>"))
    assert (only(found).headline, only(found).url) == ("Bread & butter é", STORY + "?page=1&keys=2")
    assert [problem.kind for problem in found.problems] == ["damage"]


def test_a_cdata_section_stays_as_it_is() -> None:
    found = listed(rss(f"<title><![CDATA[Bread & butter]]></title><link>{STORY}</link>"))
    assert (only(found).headline, found.problems) == ("Bread & butter", ())


@pytest.mark.parametrize("printed", ["Tue, 14 May 2119 07:30:00 +0700", "Tue, 99 May 2019", "yesterday"])
def test_odd_dates(printed: str) -> None:
    found = listed(rss(f"<link>{STORY}</link><pubDate>{printed}</pubDate>"))
    assert (only(found).published_at, only(found).published_on, only(found).published_text) == (None, None, printed)
    assert [problem.kind for problem in found.problems] == ["odd_date"]


DOCTYPE = "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/hostname'>]>"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (f"<?xml version='1.0'?>{DOCTYPE}<urlset><url><loc>&a;</loc></url></urlset>", "feed"),
        (f"<?xml version='1.0'?>{DOCTYPE}{rss('<title>&a;</title>')}".encode("utf-16"), "feed"),
        (f"<urlset>{DOCTYPE}</urlset>", "feed"),
        ("<urlset" + "<a>" * 10, "feed"),
        ("<urlset>" + "<a>" * 200 + "</a>" * 200 + "</urlset>", "hostile_markup"),
        ("<rss", "feed"),
        ("<html><head><title>National</title></head><body><p>A page.</p></body></html>", "soft_404"),
    ],
)
def test_refused(body: str | bytes, reason: str) -> None:
    found = reading(body)
    assert isinstance(found, Unread), found
    assert found.reason == reason


def test_a_feed_of_another_paper() -> None:
    found = reading(rss("<link>https://other.example/a</link>"), url="https://other.example/rss.xml")
    assert isinstance(found, Unread)
    assert found.reason == "another_paper"


def test_fifty_thousand_addresses_and_no_more() -> None:
    found = listed(sitemap(*(f"{STORY}-{number}" for number in range(50_001))))
    assert len(found.teasers) == 50_000
    assert [problem.kind for problem in found.problems] == ["cut"]


def wrong(outcome: Outcome) -> str | None:
    """What is wrong with an outcome, in a sentence; None when it is as it must be."""
    item, wanted = outcome.item, outcome.expect["outcome"]
    if wanted == "reject_feed":
        return None if item["type"] == "unread" else f"{outcome.id}: not refused"
    urls = [each["url"] for each in item.get("teasers", [])]
    if wanted == "list_urls" and urls != outcome.expect["urls"]:
        return f"{outcome.id}: {urls[:5]}"
    if item["type"] == "listing" and outcome.cut != ("truncated" in outcome.expect["flags"]):
        return f"{outcome.id}: cut is {outcome.cut}"
    return None


@pytest.mark.long
@pytest.mark.parametrize(("kind", "fewest"), [("sitemap", 30), ("feed", 15)])
def test_hostile_ones(kind: str, fewest: int, tmp_path: Path) -> None:
    found = outcomes(kind, tmp_path)
    assert len(found) >= fewest
    assert [fault for each in found if (fault := each.beyond_limits() or wrong(each))] == []


def test_addresses_are_seen_from_xml_base_and_bases_may_nest() -> None:
    found = listed(
        '<rss xml:base="https://www.phnompenhpost.com/national/" version="2.0"><channel><link>index</link>'
        '<item><title>One</title><link>a-b</link></item><item xml:base="../sport/"><title>Two</title>'
        '<link xml:base="match/">c-d</link><description>&lt;img src="e.jpg"&gt;Words.</description>'
        '<enclosure type="image/jpeg" url="f.jpg"/></item></channel></rss>'
    )
    assert [each.url for each in found.teasers] == [
        "https://www.phnompenhpost.com/national/a-b",
        "https://www.phnompenhpost.com/sport/match/c-d",
    ]
    assert found.teasers[1].image_url == "https://www.phnompenhpost.com/sport/f.jpg"


def test_a_whole_story_is_read_with_its_base_and_the_doubts_of_its_byline() -> None:
    body = (
        '<rss xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        '<channel><item xml:base="https://www.phnompenhpost.com/sport/"><title>One</title><link>a-b</link>'
        "<dc:creator>Sok Dara and 24 others</dc:creator><content:encoded>&lt;p>Some &lt;a href='c-d'>words&lt;/a>."
        "&lt;/p>&lt;p>More.&lt;/p>&lt;img src='/e.jpg'></content:encoded></item></channel></rss>"
    )
    seen = Capture(url="https://www.phnompenhpost.com/feed/", captured_at=None, body=body.encode(), source="test")
    _, story = read_all(seen, POST)
    assert isinstance(story, Article)
    assert [each.url for each in story.links] == ["https://www.phnompenhpost.com/sport/c-d"]
    assert [each.url for each in story.images] == ["https://www.phnompenhpost.com/e.jpg"]
    assert (story.authors, [each.text for each in story.problems]) == (("Sok Dara",), ["24 others"])


@pytest.mark.parametrize("kind", ["sitemap", "feed"])
def test_the_longest_khmer_address_is_listed(kind: str) -> None:
    address = "https://www.postkhmer.com/" + "%E1%9E%80" * 285
    assert len(address) > 2_500
    body = sitemap(address) if kind == "sitemap" else rss(f"<title>A</title><link>{address}</link>")
    assert [each.url for each in listed(body).teasers] == [address]
