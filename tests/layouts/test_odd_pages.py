"""Pages and WARC files kept beside the checkout, each odd in a way of its own, and the right value of each.

They are other people's, so that the words of a story stand here as digests. Pages of our own for every one of these
oddities are in test_body, test_bylines, test_variants, test_feeds, test_generic and test_odd_warc.
"""

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from postscraper.items import Article, Item, Listing
from postscraper.newspapers import POST
from postscraper.reading.read import read, read_all
from postscraper.sources.captures import capture_of
from postscraper.sources.folder import capture
from postscraper.sources.warc import PageFilter, pages
from storage.warc.exchange import Damage, Oddity

ADDRESS = "https://www.phnompenhpost.com/business/second-engine-ferry"
FILES = "https://www.phnompenhpost.com/sites/default/files"


def digest(text: str | None) -> str | None:
    return None if text is None else sha256(text.encode()).hexdigest()[:8]


def facts(item: Item) -> dict[str, Any]:
    """What is compared of an item."""
    if not isinstance(item, (Article, Listing)):
        return {"reason": item.reason}
    problems = [(each.kind, each.text) for each in item.problems]
    if isinstance(item, Listing):
        return {"teasers": [(each.url, each.image_url) for each in item.teasers], "problems": problems}
    return {
        "canonical_url": item.canonical_url,
        "authors": item.authors,
        "agency": item.agency,
        "published_on": str(item.published_on),
        "published_at": item.published_at and f"{item.published_at:%H:%M}",
        "body": [digest(block.text) for block in item.body],
        "images": [(each.url, digest(each.caption), each.credit, each.block) for each in item.images],
        "links": [each.url for each in item.links],
        "problems": problems,
    }


FIRST, SECOND, THIRD = BODY = ["55295727", "556fa566", "a7bac2db"]
MAIN = (f"{FILES}/styles/image_780x440/public/field/image/tralach-bridge.jpg?itok=cVBbDQNF", "0a298ddb")
FERRY = (f"{FILES}/field/image/ferry_1.jpg", "2485040e", "Sok Chan")
USUAL = {
    "canonical_url": ADDRESS,
    "authors": ("Chhorn Dara",),
    "agency": None,
    "published_on": "2019-11-07",
    "published_at": "16:11",
    "body": BODY,
    "images": [(*MAIN, "Pov Sokunthea", None)],
    "links": [],
    "problems": [],
}
BOTH_PICTURES = {"images": [*USUAL["images"], (*FERRY, 1)]}
JOOMLA = "https://www.phnompenhpost.com/index.php/2009033125062/National-news/harbour-crane-sold-for-scrap.html"
CRANE = {"canonical_url": JOOMLA, "published_on": "2009-03-31"}
# What is not USUAL in the right reading of each page.
RIGHT: dict[str, dict[str, Any]] = {
    **dict.fromkeys(("img-data-src-gif", "img-data-src-nosrc", "img-spacer-src", "img-bg"), BOTH_PICTURES),
    **dict.fromkeys(("cap-div-wp", "cap-p-after"), BOTH_PICTURES),
    **{name: {} for name in ("table-spacer-col", "txt-br-zwsp", "ad-div-between-text")},
    "main-lazy": {"images": [(*FERRY, None)]},
    "e3-lazy-nosrc": {
        "canonical_url": "https://www.phnompenhpost.com/national/second-engine-shortens-ferry-queue",
        "authors": ("Chan Sovannary",),
        "published_on": "2025-12-08",
        "published_at": "09:42",
        "images": [
            (
                *("https://pppenglish.sgp1.digitaloceanspaces.com/image/main/202512/8_12_2025_b118.jpg", FERRY[1]),
                *("Supplied", None),
            )
        ],
    },
    "cap-figure-video": {"problems": [("unread_words", "Watch: the ferry at work")]},
    "cap-figure-table": {"problems": [("unread_words", "Prek Dach 14"), ("unread_words", "Crossings")]},
    "credit-24": {"images": [(f"{FILES}/x.jpg", FERRY[1], "Sok Chan/Phnom Penh Post", None)]},
    "credit-06": {"images": [(f"{FILES}/x.jpg", FERRY[1], "SOK CHAN", None)]},
    "credit-09": {"images": [(f"{FILES}/x.jpg", "3d0cf1ca", None, None)]},
    "credit-13": {"images": [(f"{FILES}/x.jpg", "84543aa0", None, None)]},
    "iframe-between-text": {"body": ["c006b25f", THIRD]},
    "q-el": {"body": [FIRST, "f2622765"]},
    "hidden-style-space": {"body": [FIRST, digest("decor"), SECOND]},  # which a reader sees
    "byline-02": {"authors": ("PHAK SOTHA", "STUART WILLS")},
    "byline-03": {"authors": (), "agency": "Reuters"},
    "byline-12": {"authors": ("Chan Sophal",)},
    "byline-15": {"authors": ("Phak Sotha",)},
    "byline-17": {"authors": (), "agency": "Xinhua"},
    "e0date-3": CRANE | {"authors": ("Sok Chan",), "published_at": "08:04", "images": []},
    "date-capital": {"published_on": "2018-06-20", "published_at": "01:10"},
    "no-line": {
        "authors": (),
        "published_on": "2019-11-08",
        "published_at": None,
        "problems": [("odd_date", "Fri, 08 November 2019; 2019-11-08T09:20+07:00")],
    },
    "word-xml-leak": {"problems": [("damage", "Normal 0 false false false EN-US X-NONE X-NONE")]},
    "base-href-root": CRANE
    | {
        "authors": ("Duncan Farrow", "Prom Serey"),
        "published_at": None,
        "body": [FIRST, "e2a75708", THIRD],
        "images": [("http://www.phnompenhpost.com/images/stories/news/090331_02f.jpg", None, None, 1)],
        "links": ["http://www.phnompenhpost.com/index.php/2009033025051/National-news/fish-traps.html"],
    },
    "can-section": {"problems": [("odd_address", "https://www.phnompenhpost.com/business")]},
    "can-badport": {"problems": [("odd_address", "http://www.phnompenhpost.com:99999/business/x")]},
}
TEASER = ("https://www.phnompenhpost.com/national/a-ferry", f"{FILES}/x.jpg")
NO_STORY: dict[str, dict[str, Any]] = {
    "feed-xmlbase": {"teasers": [TEASER], "problems": []},
    "unknown-design": {"reason": "unknown_layout"},
}
# Of each WARC file: pages, records that are read and odd, places where nothing can be read.
RECORDS = {
    "c01_lf_only_plain.warc": (2, 2, 0),
    "c03_one_crlf_after_block.warc": (2, 2, 0),
    "c06_three_crlf_between.warc": (2, 1, 0),
    "c06e_no_trailer_between.warc": (2, 1, 0),
    "c07_revisit_empty_block.warc.gz": (2, 1, 0),
    "c10c_revisit_record_id_only.warc.gz": (2, 0, 0),
    "c10i_revisit_digest_lowercase.warc.gz": (2, 0, 0),
    "c12_301_no_blank_line.warc.gz": (2, 1, 0),
    "c14e_status_line.warc.gz": (2, 1, 0),
    "c14h_status_line.warc.gz": (2, 1, 0),
    "d06_extra_newline_then_forty.warc": (41, 1, 0),
    "d16a_last_chunk.warc.gz": (2, 1, 0),
    "d32_one_bad_head_then_forty.arc": (40, 0, 1),
}
MOVED = "c12_301_no_blank_line.warc.gz"  # whose first answer has no page


def test_every_page_there_is_in_the_table(odd_pages: Path) -> None:
    found = {path.stem for path in odd_pages.iterdir() if path.suffix in (".html", ".xml")}
    assert found == {*RIGHT, *NO_STORY}
    assert {path.name for path in (odd_pages / "warc").iterdir() if ".md" not in path.name} == set(RECORDS)


def page(folder: Path, name: str) -> Path:
    (found,) = (path for path in folder.glob(f"{name}.*") if path.suffix != ".url")
    return found


@pytest.mark.parametrize("name", RIGHT)
def test_the_right_value_of_a_story(odd_pages: Path, name: str) -> None:
    assert facts(read(capture(page(odd_pages, name), name="test"), POST)) == USUAL | RIGHT[name]


@pytest.mark.parametrize("name", NO_STORY)
def test_the_right_value_of_what_is_no_story(odd_pages: Path, name: str) -> None:
    url = None if name != "unknown-design" else ADDRESS
    assert facts(read(capture(page(odd_pages, name), url=url, name="test"), POST)) == NO_STORY[name]


@pytest.mark.parametrize("name", RECORDS)
def test_every_record_that_stands_whole_is_read(odd_pages: Path, name: str) -> None:
    told: list[Damage] = []
    found = list(pages([odd_pages / "warc" / name], PageFilter(POST.host), told.append))
    odd = sum(each.count for each in told if isinstance(each, Oddity))
    assert (len(found), odd, sum(not isinstance(each, Oddity) for each in told)) == RECORDS[name]
    kinds = [read_all(capture_of(exchange, place), POST)[0].type for place, exchange in found]
    assert kinds == (["unread", "article"] if name == MOVED else ["article"] * len(found))
