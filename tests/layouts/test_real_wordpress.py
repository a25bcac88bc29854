"""Pages of other newspapers on WordPress, in seven themes, kept beside the checkout for they are other people's words.

For three of them another program's reading is there to compare with; of the others the tests know where things stand.
No sentence of a newspaper is written here but the few words by which a place is found.
"""

import gzip
import json
import re
from datetime import UTC, date, datetime
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from postscraper.items import Article, Capture, Item, Unread
from postscraper.newspapers import POST
from postscraper.reading.read import read

SEEN = datetime(2025, 12, 1, tzinfo=UTC)


@pytest.fixture
def folder(real_pages: Path) -> Path:
    found = real_pages.parent / "wordpress"
    if not found.is_dir():
        pytest.skip("the pages of other newspapers are not beside this checkout")
    return found


def html_of(folder: Path, name: str) -> str:
    return gzip.decompress((folder / f"{name}.html.gz").read_bytes()).decode()


def read_item(html: str, url: str) -> Item:
    """As if the other newspaper's host were one of the Post's."""
    capture = Capture(url=url, captured_at=SEEN, body=html.encode(), source="test")
    return read(capture, POST, {urlsplit(url).netloc: "phnompenhpost.com"})


def read_article(html: str, url: str) -> Article:
    item = read_item(html, url)
    assert isinstance(item, Article), item
    assert item.layout == "wordpress_2026"
    return item


def own_address(html: str) -> str:
    found = re.search(r"<link rel=\"?canonical\"? href=\"([^\"]+)", html)
    assert found
    return found[1]


# Where this reading differs from the other program's, and why this one is kept: paragraphs of its own, told by their
# first words.
DIFFERENT = {
    "TheNamibian_2023_11_16": ("“While we are",),  # a line break parts two words; there nothing does
    "TheNamibian_2024_02_20": (
        "Melber speculates",  # one paragraph with a line break in it is two there
        "– additional reporting",  # a list of one item in the content, a second author, is left out there
    ),
    "MexicoNewsDaily_2025_04_16": ("With reports from",),  # the story's sources are left out there
}
LEFT_OUT_THERE = ("– additional reporting", "With reports from")


@pytest.mark.parametrize(
    ("name", "version", "on"),
    [
        ("TheNamibian_2023_11_16", "V1", date(2023, 11, 15)),
        ("TheNamibian_2024_02_20", "V1_1", date(2024, 2, 20)),
        ("MexicoNewsDaily_2025_04_16", "V1", date(2025, 2, 11)),
    ],
)
def test_another_program_reads_the_same(folder: Path, name: str, version: str, on: date) -> None:
    paper = name.partition("_")[0]
    truth = json.loads((folder / f"{paper}.json").read_text("utf-8"))[version]
    addresses = json.loads((folder / f"{paper}.meta.txt").read_text("utf-8"))
    article = read_article(html_of(folder, name), addresses[f"{name}.html.gz"]["url"])
    assert article.headline == truth["title"]
    assert list(article.authors) == truth["authors"]
    assert (article.published_at, article.published_on) == (datetime.fromisoformat(truth["publishing_date"]), on)
    sections = truth["body"]["sections"]
    body = [
        *truth["body"]["summary"],
        *(text for each in sections for text in (*each["headline"], *each["paragraphs"])),
    ]
    found = [block.text for block in article.body]
    assert [text for text in found if text not in body] == [text for text in found if text.startswith(DIFFERENT[name])]
    words = "".join(text for text in found if not text.startswith(LEFT_OUT_THERE))
    assert words.replace(" ", "") == "".join(body).replace(" ", "")
    # A name alone below a picture is its credit here, as the Post prints it, and its caption there.
    assert [image.caption or image.credit for image in article.images] == [each["caption"] for each in truth["images"]]
    assert [image.credit for image in article.images if image.caption] == [
        next(iter(each["authors"]), None) for each in truth["images"] if " " in (each["caption"] or "")[15:]
    ]


# The others: the newspaper's page, where its content begins and ends in the source, and what its header says.
OTHERS = [
    ("caymancompass.com-prison", 'id="s-meter-reminder"', 'id="s-pay-barrier"', "James Whittaker", "Issues", 1),
    ("nowgrenada.com-pm", 'class="content-inner ">', '<div class="jeg_post_tags', None, "Business", 9),
    ("stluciatimes.com-dea", 'class="td-a-ad id_top_ad', 'id="atatags-', "Editorial Staff", "Headlines", 8),
    (
        "thenassauguardian.com-hikes",
        '<div class="entry-content entry',
        '<div class="stream-item',
        "Paige McCartney",
        "Business",
        11,
    ),
    (
        "ticotimes.net-migration",
        'class="td_block_wrap tdb_single_content',
        '<div class="tdb-author-box',
        "Ileana Fernandez",
        None,
        10,
    ),
]
PARAGRAPH = re.compile(r"<p\b[^>]*>(.*?)(?=</p>|<p\b|<div|<figure)", re.S)  # some close none
FURNITURE = (
    "Share",
    "Facebook",
    "WhatsApp",
    "Advertisement",
    "Related",
    "Tags:",
    "Subscribe",
    "Newsletter",
    "Comments",
    "Read more",
)


@pytest.mark.parametrize(("name", "begins", "ends", "byline", "section", "paragraphs"), OTHERS)
def test_every_word_of_the_content_and_none_of_the_theme(
    folder: Path, name: str, begins: str, ends: str, byline: str | None, section: str | None, paragraphs: int
) -> None:
    html = html_of(folder, name)
    article = read_article(html, own_address(html))
    written = html[html.index(begins, html.index("<h1")) :]
    written = written[: written.index(ends, 500)]
    expected = [text for each in PARAGRAPH.findall(written) if (text := without_tags(each))]
    assert len(expected) == paragraphs
    found = [block.text for block in article.body]
    # A box without a name, and so as an editor writes it: nothing tells it apart.
    house = [text for text in found if text.startswith("NOW Grenada is not responsible")]
    assert [text for text in found if text not in house] == expected
    assert article.headline == without_tags(one_of(r"<h1[^>]*>(.*?)</h1>", html[: html.index(begins)]))
    assert (article.byline, article.section) == (byline, section)
    body = "\n".join(found)
    assert not [teaser.headline for teaser in article.teasers if (teaser.headline or "?") in body]
    assert not [word for word in FURNITURE if word in body]


def without_tags(markup: str) -> str:
    return " ".join(unescape(re.sub(r"<br[^>]*>", " ", re.sub(r"<(?!br)[^>]+>", "", markup))).split())


def one_of(pattern: str, html: str) -> str:
    found = set(re.findall(pattern, html, re.S))
    assert len(found) == 1, pattern
    return str(found.pop())


def test_the_days_facts_and_pictures_of_the_others(folder: Path) -> None:
    read = {name: read_article(html, own_address(html)) for name, *_ in OTHERS if (html := html_of(folder, name))}
    cayman, grenada, lucia, nassau, tico = read.values()
    assert [each.published_on for each in read.values()] == [
        *(date(2022, 5, 4), date(2022, 4, 21), date(2022, 4, 28), date(2022, 4, 21), date(2022, 4, 21))
    ]
    # An old AIOSEO gives the hour of UTC with the offset of the paper's own clock.
    assert [each.kind for each in grenada.problems] == ["odd_date"]
    assert [each.published_at is None for each in read.values()] == [False, True, False, False, False]
    assert [each.kind for each in cayman.problems] == ["paywall"], "one paragraph, and a barrier behind it"
    assert [each.published_text for each in (lucia, nassau)] == ["6 hours ago", "20 hours ago"]
    assert [(each.credit, each.block) for each in cayman.images] == [("Alvaro Serey", None), (None, 0)]
    assert [(each.credit, each.caption, each.block) for each in tico.images] == [("Pedro Pardo / AFP", None, None)]
    assert [each.block for each in grenada.images] == [None, 4]
    assert (grenada.images[1].caption or "").startswith("Discussions underway")
    assert cayman.standfirst == without_tags(
        one_of(r'class="td-post-sub-title">(.*?)</p>', html_of(folder, OTHERS[0][0]))
    )


def test_a_page_of_joomla_is_none_of_wordpress(folder: Path) -> None:
    html = html_of(folder, "joomla15-tolonews-2016-04-19")
    item = read_item(html, own_address(html))
    assert isinstance(item, Unread)
    assert item.detail.startswith("joomla_2008 ")
