"""Sample pages with one thing changed: what is printed otherwise is read right, or its problem is told."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from postscraper.items import Article, Capture, Unread
from postscraper.newspapers import POST
from postscraper.reading.read import read
from postscraper.sources.folder import capture

SAMPLES = Path(__file__).parents[2] / "samples/phnompenhpost"
CLINIC = SAMPLES / "drupal_2017/river-clinic.html"
ADDRESS = "https://www.phnompenhpost.com/national/river-clinic-opens-koh-thom"
LINE = " | Publication date 11 June 2018 | 17:42 ICT"


def changed(sample: Path, *changes: tuple[str, str]) -> Capture:
    page = capture(sample, name="test")
    text = page.body.decode()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return replace(page, body=text.encode())


def story(page: Capture) -> Article:
    item = read(page, POST)
    assert isinstance(item, Article)
    return item


@pytest.mark.parametrize(
    ("line", "at"),
    [
        ("Publication Date 11 June 2018 | 17:42 ICT", datetime(2018, 6, 11, 10, 42, tzinfo=UTC)),
        ("PUBLICATION DATE: 11 June 2018 | 17:42 ICT", datetime(2018, 6, 11, 10, 42, tzinfo=UTC)),
        ("Publication date 11 Jun 2018 | 17:42 | ICT", datetime(2018, 6, 11, 10, 42, tzinfo=UTC)),
        ("Publication date 11 June 2018 | 5:42 PM ICT", datetime(2018, 6, 11, 10, 42, tzinfo=UTC)),
        ("Publication date ១១ មិថុនា ២០១៨ | ១៧:៤២ ICT", datetime(2018, 6, 11, 10, 42, tzinfo=UTC)),
        ("11 June 2018 | 17:42 ICT", datetime(2018, 6, 11, 10, 42, tzinfo=UTC)),
        ("Publication date 11 June 2018", None),
        ("Publication date 11 June 2018 | 05:42", None),
    ],
)
def test_a_line_of_byline_and_date_in_any_form(line: str, at: datetime | None) -> None:
    item = story(changed(CLINIC, (LINE, f" | {line}")))
    assert (item.authors, item.published_on, item.published_at) == (("Sem Bopha",), date(2018, 6, 11), at)
    assert item.problems == ()


@pytest.mark.parametrize(
    "line", ["Publication date Monday", "Issued 11/06/2018", "Publication date 31 June 2018 | 17:42 ICT"]
)
def test_a_line_that_is_not_understood_gives_no_date_and_a_problem(line: str) -> None:
    item = story(changed(CLINIC, (LINE, f" | {line}")))
    assert (item.authors, item.published_on, item.published_at) == (("Sem Bopha",), None, None)
    assert [each.kind for each in item.problems] == ["odd_date"]


def test_a_hidden_day_is_taken_when_none_is_printed_and_told() -> None:
    item = story(changed(CLINIC, (LINE, "")))
    assert (item.published_on, item.published_at, item.published_text) == (date(2018, 6, 11), None, "Mon, 11 June 2018")
    assert [(each.kind, each.text) for each in item.problems] == [
        ("odd_date", "Mon, 11 June 2018; 2018-06-11T17:50+07:00")
    ]


def test_hidden_days_that_differ_are_not_taken() -> None:
    item = story(changed(CLINIC, (LINE, ""), (">Mon, 11 June 2018<", ">Sun, 10 June 2018<")))
    assert (item.published_on, item.published_text) == (None, None)
    assert [each.kind for each in item.problems] == ["odd_date"]


@pytest.mark.parametrize(
    ("modified", "kept"),
    [
        ("2018-06-11T18:42+07:00", datetime(2018, 6, 11, 11, 42, tzinfo=UTC)),
        ("2018-06-13T18:42+07:00", None),
    ],
)
def test_a_change_after_the_capture_is_none(modified: str, kept: datetime | None) -> None:
    assert story(changed(CLINIC, ("2018-06-11T17:42+07:00", modified))).modified_at == kept


@pytest.mark.parametrize(
    ("time", "at"),
    [("15:04", 8), ("3:04 PM", 8), ("3:04 AM", 20), ("12:04 PM", 5), ("12:04 am", 17)],
)
def test_a_clock_of_twelve_hours_is_read_by_its_half(time: str, at: int) -> None:
    item = story(changed(SAMPLES / "joomla_2008/dry-season-wells.html", ("2010 15:04 Suos", f"2010 {time} Suos")))
    assert item.published_at is not None
    assert item.published_at.hour == at
    assert item.authors == ("Suos Malina",)


OWN = f'<link rel="canonical" href="{ADDRESS}"/>'
OPEN_GRAPH = f'property="og:url" content="{ADDRESS}"'


@pytest.mark.parametrize(
    "named",
    [
        *(
            "/national",
            "/category/national",
            "/tag/clinic",
            "/author/sem-bopha/21377",
            "/user/login",
            "/search?s=clinic",
        ),
        *("/", "https://example.org/", "https://example.org/national/river-clinic-opens-koh-thom", "/national?page=2"),
        *("http://www.phnompenhpost.com:99999/national/x-y", "http://www.phnompenhpost.com:PORT/national/x-y"),
        *("http://[::1/national/x-y", "/index.php/National-news/", "mailto:desk@example.org"),
    ],
)
def test_an_address_that_cannot_be_a_storys_is_not_believed(named: str) -> None:
    own = f'<link rel="canonical" href="{named}"/>'
    item = story(changed(CLINIC, (OWN, own), (OPEN_GRAPH, f'property="og:url" content="{named}"')))
    assert item.canonical_url == ADDRESS
    assert [(each.kind, each.text) for each in item.problems] == [("odd_address", named)]


@pytest.mark.parametrize("named", ["/national/another-slug", "http://m.phnompenhpost.com/national/another-slug/"])
def test_another_address_of_the_story_is_believed(named: str) -> None:
    item = story(changed(CLINIC, (OWN, f'<link rel="canonical" href="{named}"/>')))
    assert item.canonical_url == "https://www.phnompenhpost.com/national/another-slug"
    assert item.problems == ()


def test_stories_that_name_their_section_stay_apart() -> None:
    page = changed(CLINIC, (OWN, '<link rel="canonical" href="/national"/>'), (OPEN_GRAPH, ""))
    twins = [story(replace(page, url=f"https://www.phnompenhpost.com/national/{slug}")) for slug in ("a-b", "c-d")]
    assert [each.canonical_url[-3:] for each in twins] == ["a-b", "c-d"]


def test_addresses_are_seen_from_the_base_that_the_page_names() -> None:
    markup = '<p>A <a href="c/d">ferry</a>.</p><img src="files/a.jpg">'
    item = story(
        changed(
            CLINIC,
            ("<head>", '<head><base target="_top"><base href="/other/deep/">'),
            (OWN, '<link rel="canonical" href="../../national/from-base-slug"/>'),
            ('id="ArticleBody">', f'id="ArticleBody">{markup}'),
        )
    )
    assert item.canonical_url == "https://www.phnompenhpost.com/national/from-base-slug"
    assert item.links[0].url == "https://www.phnompenhpost.com/other/deep/c/d"
    assert item.images[-1].url == "https://www.phnompenhpost.com/other/deep/files/a.jpg"


GIF = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
MAIN_PICTURES = {
    "drupal_2013/flood-wall": "floodwall_heng.jpg",
    "drupal_2017/river-clinic": "koh-thom-clinic_2.jpg",
    "inhouse_2023/bridge-lights": "8_12_2025_b118.jpg",
    "mobile_2017/school-bus": "prey_sala_bus.jpg",
}


@pytest.mark.parametrize(
    "late", [f'src="{GIF}" data-src=', 'src="/spacer.gif" data-lazy-src=', "data-src=", "data-bg="]
)
@pytest.mark.parametrize("name", MAIN_PICTURES)
def test_a_main_picture_that_a_script_loads_is_the_same_picture(name: str, late: str) -> None:
    sample = SAMPLES / f"{name}.html"
    usual = story(capture(sample, name="test"))
    (address,) = set(re.findall(rf'<img[^>]* src=("[^"]*{MAIN_PICTURES[name]}[^"]*")', sample.read_text("utf-8")))
    lazy = story(changed(sample, (f"src={address}", f"{late}{address}")))
    assert usual.images
    assert (lazy.images, lazy.body, lazy.problems) == (usual.images, usual.body, usual.problems)


def test_a_picture_in_the_background_has_the_caption_in_its_box() -> None:
    box = (
        '<div class="node-image" style="background-image:url(/sites/default/files/field/image/boats.jpg)">'
        '<div class="node-image-caption">Boats wait. Hin Vicheka</div></div>'
    )
    item = story(changed(CLINIC, ('id="ArticleBody">', f'id="ArticleBody">{box}')))
    picture = item.images[-1]
    assert (picture.url.rsplit("/", 1)[1], picture.caption, picture.credit, picture.block) == (
        *("boats.jpg", "Boats wait.", "Hin Vicheka"),
        0,
    )
    assert item.problems == ()


@pytest.mark.parametrize("layout", ["drupal_2013", "drupal_2017"])
def test_the_front_page_under_another_address_is_none(layout: str) -> None:
    front = capture(SAMPLES / layout / "front.html")
    items = [
        read(replace(front, url=f"https://www.phnompenhpost.com/{query}"), POST) for query in ("", "?page=1", "?s=a")
    ]
    assert [item.type for item in items] == ["listing", "listing", "unread"]
    assert isinstance(items[2], Unread)
    assert (items[2].reason, items[2].detail) == ("soft_404", "the address answers with the front page")
