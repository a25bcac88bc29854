"""The paper's own pages, kept beside the checkout for they are other people's words.

The tests know where things stand in the files and read the expected words from them; no sentence
of the paper is written here.
"""

import re
from datetime import UTC, date, datetime
from html import escape
from pathlib import Path

import pytest

from postscraper.items import Article, Capture
from postscraper.newspapers import POST
from postscraper.reading.read import read

ADDRESS = "https://www.phnompenhpost.com/business/cryptos-illegal-kingdom-regulators"
FILES = "https://www.phnompenhpost.com/sites/default/files/styles"


def read_article(html: str, url: str, captured_at: datetime) -> Article:
    item = read(Capture(url=url, captured_at=captured_at, body=html.encode(), source="test"), POST)
    assert isinstance(item, Article), item
    return item


@pytest.fixture
def real_html(real_pages: Path) -> str:
    return (real_pages / "post-article-2018-06-20.html").read_text("utf-8")


@pytest.fixture
def article_2018(real_html: str) -> Article:
    return read_article(real_html, ADDRESS, datetime(2018, 6, 20, 5, tzinfo=UTC))


def test_the_facts_of_the_2018_page(article_2018: Article) -> None:
    article = article_2018
    assert (article.layout, article.language) == ("drupal_2017", "en")
    assert article.url == article.canonical_url == ADDRESS
    assert article.node_id == 104287
    assert article.headline == "Cryptos illegal in the Kingdom: regulators"
    assert (article.kicker, article.standfirst, article.dateline) == (None, None, None)
    assert (article.byline, article.authors, article.agency) == ("Kun Kourchettana", ("Kun Kourchettana",), None)
    assert (article.section, article.tags) == ("Business", ("Cambodian Cryptocurrency",))
    assert article.published_text == "20 June 2018 | 08:10 ICT"
    assert article.published_at == datetime(2018, 6, 20, 1, 10, tzinfo=UTC)
    assert article.published_on == date(2018, 6, 20)
    assert article.modified_at is None, "the page says it was modified before it was published"
    assert article.headline_variants == {
        "title": "Cryptos illegal in the Kingdom: regulators, Business, Phnom Penh Post",
        "og": "Cryptos illegal in the Kingdom: regulators",
    }
    assert article.links == ()
    assert article.problems == ()


def test_the_picture_of_the_2018_page(article_2018: Article, real_html: str) -> None:
    (picture,) = article_2018.images
    printed = one_of(r'caption-inner">([^<]+)<', real_html)
    assert picture.url == f"{FILES}/image_780x440/public/field/image/b_15.jpg?itok=MH7SzGGs"
    assert picture.caption_text == printed
    assert printed == f"{picture.caption} {picture.credit}"
    assert picture.credit == "Photo supplied"
    assert (picture.alt, picture.block) == (None, None)


def test_the_body_of_the_2018_page(article_2018: Article, real_html: str) -> None:
    written = one_of(r'id="ArticleBody">(.*?)</div>', real_html)
    assert [block.text for block in article_2018.body] == re.findall(r"<p>(.*?)</p>", written)
    assert [block.kind for block in article_2018.body] == ["paragraph"] * 13


def test_the_lists_of_the_2018_page_are_no_part_of_the_body(article_2018: Article, real_html: str) -> None:
    lists = [(teaser.list, teaser.position) for teaser in article_2018.teasers]
    assert lists == [("MOST VIEWED", number) for number in (1, 2, 3, 4)] + [("Related articles", 1)]
    summaries = [" ".join(text.split()) for text in re.findall(r"<p>([^<]*)</p></li>", real_html)]
    assert [teaser.summary for teaser in article_2018.teasers] == [*summaries, None]
    assert [teaser.url.split(".com")[1] for teaser in article_2018.teasers] == [
        "/national/prince-injured-wife-dies-after-accident",
        "/national/bun-heang-mocks-us-threatens-its-citizens-scathing-open-letter",
        "/national/police-warn-boycott-fb-group-involved-clean-fingers-campaign",
        "/national/ranariddh-seriously-injured-his-wife-dies-accident-preah-sihanouk",
        "/business/nbc-signs-blockchain-agreement",
    ]
    assert all((teaser.image_url or "").startswith(FILES) for teaser in article_2018.teasers)
    body = "\n".join(block.text for block in article_2018.body)
    for teaser in article_2018.teasers:
        assert teaser.headline
        assert teaser.headline not in body
        assert teaser.summary is None or teaser.summary[:40] not in body
    for boilerplate in ("Contact author", "Username", "MOST VIEWED", "Copyright", "Photo supplied"):
        assert boilerplate not in body


def test_the_page_of_december_2021(real_pages: Path, real_html: str) -> None:
    lines = (real_pages / "post-article-2021-12.txt").read_text("utf-8").splitlines()
    headline, caption, paragraphs, teasers = seed(lines)
    url = "https://www.phnompenhpost.com/national/pm-solicits-peacekeeper-training-help-japan"
    page = in_markup(real_html.replace(ADDRESS, url), headline, caption, paragraphs, teasers)
    article = read_article(page, url, datetime(2022, 1, 11, tzinfo=UTC))
    assert article.headline == headline
    assert article.canonical_url == url
    assert [block.text for block in article.body] == paragraphs
    assert len(paragraphs) == 17
    assert [block.kind for block in article.body] == ["paragraph"] * 17
    (picture,) = article.images
    assert (f"{picture.caption} {picture.credit}", picture.credit, picture.alt) == (caption, "SPM", None)
    found = [(each.list, each.position, each.headline, each.summary) for each in article.teasers]
    assert found == [(None, number, *teaser) for number, teaser in enumerate(teasers, 1)]
    assert len(found) == 6
    everything = "\n".join(paragraphs)
    assert headline not in everything
    assert caption not in everything
    assert article.problems == ()


def one_of(pattern: str, text: str) -> str:
    found = re.findall(pattern, text, re.S)
    assert len(found) == 1, pattern
    return str(found[0])


def seed(lines: list[str]) -> tuple[str, str, list[str], list[tuple[str, str]]]:
    """Headline, caption, paragraphs and teasers of the text dump that the project started from."""
    filled = [line.strip() for line in lines if line.strip()]
    headline = filled[1]
    assert filled[0].endswith(f"Phnom Penh Post - {headline}")
    assert filled[2] == "Content image - Phnom Penh Post"
    assert filled[4] == headline
    first = next(number for number, line in enumerate(filled) if line.startswith("•"))
    cards = filled[first:]
    teasers = [(name.removeprefix("•").strip(), text) for name, text in zip(cards[::2], cards[1::2], strict=True)]
    return headline, filled[3], filled[5:first], teasers


def in_markup(page: str, headline: str, caption: str, paragraphs: list[str], teasers: list[tuple[str, str]]) -> str:
    """The words in the markup of the real page of 2018, in place of its own."""
    own_headline = one_of(r'span itemprop="name">([^<]+)</span>\n</h2>', page)
    own_caption = one_of(r'caption-inner">([^<]+)<', page)
    body = "\n".join(f"<p>{escape(text, quote=False)}</p>" for text in paragraphs)
    cards = "\n".join(
        f'<li><a href="/national/{number}-story"><img src="/sites/{number}.jpg" alt=""></a>'
        f'<a href="/national/{number}-story">{escape(name)}</a><p>{escape(text)} </p></li>'
        for number, (name, text) in enumerate(teasers)
    )
    page = page.replace(own_headline, escape(headline)).replace(own_caption, escape(caption))
    page = re.sub(
        r'(id="ArticleBody">\n).*?(\n</div>)', lambda found: found[1] + body + found[2], page, count=1, flags=re.S
    )
    page = re.sub(r"<h2>MOST VIEWED</h2>\n", "", page)
    page = re.sub(
        r'(<ul>)<li class="first">.*?(\n</ul>)', lambda found: found[1] + cards + found[2], page, count=1, flags=re.S
    )
    return re.sub(r'<div class="block-acticle-list .*?</ul></div></div>', "", page, flags=re.S)
