"""The best reading of a story: edits win over older words, and damage does not."""

import re
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from postscraper.items import Article, Image, Problem
from storage.archive import Archive
from storage.database.values import plain
from storage.query.history.best import FIELDS, RULES, BestReading, Source, best_reading
from storage.query.history.readings import of_story
from tests.helpers.items import SITE, article, at, receipt
from tests.helpers.paths import ROOT

BODY = "“After the rain, 41 men dug the canal anew.”\n\nThe co-operative paid them $212.\n\nIt is open."
E1, E2, E3 = {"layout": "drupal_2013"}, {"layout": "drupal_2017"}, {"layout": "inhouse_2023"}


def page(body: str = BODY, **said: Any) -> dict[str, Any]:
    return said | {"body": body}


def damage(detail: str, text: str | None = None, kind: Any = "damage") -> dict[str, Any]:
    return {"problems": (Problem(kind=kind, detail=detail, text=text),)}


def best(*pages: dict[str, Any], since: datetime = datetime(2018, 6, 20, tzinfo=UTC)) -> BestReading:
    """Of pages captured a year after another."""
    sources = []
    for number, said in enumerate(pages):
        moment = since + timedelta(days=400 * number)
        item = plain(article(**said, capture=receipt(f"{SITE}/national/canal", 0, str(number))))
        sources.append(Source(capture_id=number, captured_at=moment, item=item))
    return best_reading(reversed(sources))


def chosen(reading: BestReading, name: str) -> tuple[str, int | None]:
    choice = reading.choices[name]
    return choice.rule, choice.source and choice.source.capture_id


LATER = BODY.replace("$212", "$312")
CENTS = BODY.replace("$212", "$2.12")
LOST = BODY.replace("“After", "FTER")
NO_LETTER = damage("the first letter is lost", LOST[:60])
HARD = damage("hard line ends")


@pytest.mark.parametrize(
    ("pages", "rule", "capture", "note"),
    [
        ([page(**E1), page(**E2), page(**E3)], "newest", 0, None),
        ([page(**E1), page(LATER, **E1), page(LATER, **E3)], "newest", 1, None),
        ([page(**E1), page(LATER, **E3)], "newest", 1, None),
        # The first letter is lost, and then an editor mends a figure in the damaged text.
        ([page(**E1), page(LOST, **E3, **NO_LETTER)], "undamaged", 0, "first letter"),
        (
            [page(**E1), page(LOST.replace("212", "312"), **E3, **NO_LETTER)],
            *("newest", 1, None),
        ),
        ([page(**E1), page(LOST, **E3)], "newest", 1, None),  # nobody says that it is damaged
        ([page(**E1), page(BODY.replace("\n\n", " "), **E3, **HARD)], "undamaged", 0, "paragraphs"),
        ([page(**E1), page(BODY.replace("\n\n", " "), **E3)], "newest", 0, None),
        ([page(**E1), page(BODY.replace("co-op", "coop"), **E3, **HARD)], "undamaged", 0, "hyphens"),
        ([page(**E1), page(BODY.replace("rain,", "rain"), **E3, **HARD)], "newest", 1, None),
        ([page(**E1), page(f'{BODY} itemtype="http://schema.org/ImageObject"', **E3)], "undamaged", 0, "markup"),
        ([page(**E1), page(BODY.replace("é", "\ufffd").replace("rain", "ra\ufffdn"), **E2)], "undamaged", 0, "letters"),
        ([page(**E1), page(LATER.replace("rain", "ra\ufffdn"), **E2)], "newest", 1, None),
        # A body that ends early is cut in another design in the middle of a sentence, or where the page says so.
        ([page(**E1), page(BODY[:60], **E3)], "undamaged", 0, "cut"),
        ([page(**E1), page(BODY[:60], **E1)], "newest", 1, None),
        ([page(**E1), page(BODY[:60], **E1, **damage("no closing html tag", kind="cut"))], "undamaged", 0, "cut"),
        ([page(**E1), page(BODY.rsplit("\n\n", 1)[0], **E3)], "newest", 1, None),
        ([page(**E1), page("Dear Sir", **E3, **damage("no closing html tag", kind="cut"))], "newest", 1, None),
        # What the old design prints as standfirst, caption and dateline stands in the body of the new one.
        (
            [page(**E1, standfirst="A canal.", dateline="Takeo"), page(f"A canal.\n\nTakeo\n\n{BODY}", **E3)],
            *("undamaged", 0, "other fields"),
        ),
        (
            [page(**E1, standfirst="A canal."), page(f"A canal.\n\nTakeo\n\n{BODY}", **E3)],
            *("newest", 1, None),
        ),
        (
            [page(**E2, first_page=1), page(BODY.split("\n\n")[0], **E2, not_printed=("body",))],
            *("whole", 0, "first page"),
        ),
        ([page(LATER, **E1), page(**E1), page(LATER, **E1)], "newest", 2, None),
        # An edit of a sign is none of the damage beside it.
        ([page(CENTS, **E1), page(LOST, **E3, **NO_LETTER)], "newest", 1, None),
        ([page(CENTS, **E1), page(BODY[:-4], **E3)], "newest", 1, None),
        ([page(CENTS, **E1, standfirst="A canal."), page(f"A canal.\n\n{BODY}", **E3)], "newest", 1, None),
        ([page(CENTS, **E1), page(BODY.replace("rain", "ra\ufffdn"), **E3)], "newest", 1, None),
        ([page(BODY.replace("$", "-"), **E1), page(BODY.replace("$", ""), **E3, **HARD)], "newest", 1, None),
        # The paper took the end away, and the next design prints what stayed.
        ([page(f"{BODY}\n\nAn end", **E1), page(BODY[:70], **E1), page(BODY[:70], **E3)], "newest", 1, None),
    ],
)  # fmt: skip
def test_a_body(pages: list[dict[str, Any]], rule: str, capture: int, note: str | None) -> None:
    reading = best(*pages)
    assert chosen(reading, "body") == (rule, capture)
    said = reading.choices["body"].note
    assert (said is None) if note is None else (note in (said or ""))
    assert [each["text"] for each in reading.item["body"]] == pages[capture]["body"].split("\n\n")


@pytest.mark.parametrize("name", ["kicker", "standfirst", "dateline", "byline"])
def test_a_field_that_another_design_does_not_print_is_lost_and_one_of_the_same_is_removed(name: str) -> None:
    one, other = {name: "Takeo in brief", "authors": ("Sok Dara",)}, {name: "Kampot in brief", "authors": ("Sok Vuth",)}
    assert chosen(best(page(**E1, **one), page(**E3)), name) == ("other design", 0)
    assert chosen(best(page(**E1, **one), page(**E1)), name) == ("removed", 1)
    assert chosen(best(page(**E1, **one), page(**E1), page(**E3)), name) == ("removed", 1)
    assert chosen(best(page(**E1, **one), page(**E3, **other)), name) == ("newest", 1)
    assert chosen(best(page(**E1, **one), page(**E3, **other), page(**E3)), name) == ("removed", 2)
    assert chosen(best(page(**E1), page(**E3)), name) == ("none", None)
    assert chosen(best(page(**E1, **one), page(f"Takeo in brief\n\n{LATER}", **E3)), name) == ("in the body", 1)


def test_a_form_without_a_place_for_a_field_removes_nothing() -> None:
    said = {"byline": "Sok Dara", "authors": ("Sok Dara",)}
    rest = {"layout": "wordpress_rest"}
    reading = best(page(**rest, **said), page(**rest, not_printed=("byline",)))
    assert (chosen(reading, "byline"), reading.item["authors"]) == (("other design", 0), ["Sok Dara"])


def test_a_house_byline_of_another_design_hides_no_name() -> None:
    dara, staff = {"byline": "Sok Dara", "authors": ("Sok Dara",)}, {"byline": "Post Staff"}
    assert chosen(best(page(**E1, **dara), page(**E3, **staff)), "byline") == ("house byline", 0)
    edited = best(page(**E1, **dara), page(**E1, **staff))
    assert (chosen(edited, "byline"), edited.item["byline"], edited.item["authors"]) == (
        ("newest", 1),
        "Post Staff",
        [],
    )
    assert best(page(**E1, **staff), page(**E3, **staff)).item["byline"] == "Post Staff"


def test_section_and_time_are_the_first_good_ones() -> None:
    seven = datetime(2018, 6, 20, tzinfo=UTC)
    first = page(**E1, section="National", published_at=at(2), published_on=at(2).date(), published_text="20 June")
    lost = page(**E3, section="Uncategorized", published_at=seven, published_on=seven.date(), published_text="x")
    for pages in ((first, lost), (lost, first)):
        item = best(*pages).item
        assert (item["section"], item["published_at"]) == ("National", "2018-06-20T03:10:00Z")
    assert best(lost).item["section"] == "Uncategorized"
    assert chosen(best(lost, first), "section") == ("first", 1)


def picture(name: str, caption: str | None = None, **more: Any) -> Image:
    return Image(url=f"{SITE}/{name}.jpg", caption=caption, caption_text=caption, **more)


def test_a_lost_caption_is_taken_from_the_same_picture() -> None:
    old = page(**E1, images=(picture("canal", "A barge.", credit="AFP"), picture("men")))
    new = page(**E3, images=(Image(url="https://x.digitaloceanspaces.com/image/main/canal-300x200.jpg?a=1"),))
    reading = best(old, new)
    assert reading.item["images"] == [
        {"url": new["images"][0].url, "caption": "A barge.", "credit": "AFP", "caption_text": "A barge.", "alt": None,
         "block": None}
    ]  # fmt: skip
    assert chosen(reading, "images") == ("newest", 1)
    assert reading.choices["captions"].value[0].rule == "other design"
    edited = best(old, page(**E1, images=(picture("canal"),)))
    assert edited.item["images"][0]["caption"] is None
    assert edited.choices["captions"].value[0].rule == "removed"


def test_a_picture_that_an_old_story_first_has_in_another_design_is_doubted() -> None:
    day = {"published_on": datetime(2009, 5, 12, tzinfo=UTC).date()}
    strange = page(**E3, **day, images=(picture("cheers", "Crowds cheer."),))
    reading = best(page(**E1, **day), strange, strange)
    assert (chosen(reading, "images"), reading.item["images"]) == (("old picture", 0), [])
    kept = best(page(**E1, **day, images=(picture("canal"),)), strange)
    assert [each["url"] for each in kept.item["images"]] == [f"{SITE}/canal.jpg"]
    # A young story may get a picture on any day, and an old one in the middle of a design.
    young = best(page(**E1, **day), strange, since=datetime(2009, 5, 13, tzinfo=UTC) - timedelta(days=400))
    assert chosen(young, "images") == ("newest", 1)
    added = best(page(**E1, **day), page(**E3, **day), strange)
    assert chosen(added, "images") == ("newest", 2)
    assert chosen(best(strange), "images") == ("newest", 0)


def test_a_picture_stands_before_the_block_before_which_it_stood() -> None:
    cut = page(BODY[:60], **E3, images=())
    whole = page(**E1, images=(picture("canal", block=2), picture("end", block=3)))
    assert [each["block"] for each in best(whole, cut).item["images"]] == [2, 3]
    edited = page(f"New.\n\n{LATER}", **E3)
    assert [each["block"] for each in best(whole, edited).item["images"]] == [3, 4]


def test_a_piece_an_excerpt_and_an_unknown_design_are_no_wording() -> None:
    piece = damage("cut", kind="cut")["problems"] + damage("broken", kind="broken_transfer")["problems"]
    for said in ({**E2, "problems": piece}, {"layout": "generic"}, {**E2, **damage("part", kind="excerpt")}):
        assert chosen(best(page(**E2), page("Another text.", headline="Other", **said)), "headline") == ("newest", 0)
    assert chosen(best(page(**E2, problems=piece)), "body") == ("newest", 0)


def test_of_a_story_in_the_archive(tmp_path: Any) -> None:
    with Archive.open(tmp_path) as archive:
        for hours, said in enumerate((page(**E1, kicker="News"), page(**E1, kicker="News"), page(LATER, **E2))):
            story: Article = article(hours=hours, **said, page=str(hours))
            archive.add(story)
        reading = archive.ask(of_story, 1)
    assert chosen(reading, "kicker") == ("other design", 1)
    assert chosen(reading, "body") == ("newest", 3)
    assert reading.item["body"][1]["text"] == "The co-operative paid them $312."


def test_every_field_of_a_story_has_its_rules() -> None:
    about_the_page = {"type", "layout", "language", "url", "canonical_url", "teasers", "headline_variants"}
    about_the_reading = {"not_printed", "problems", "capture"}
    assert {field.name for field in fields(Article)} == {*FIELDS, *about_the_page, *about_the_reading} - {"captions"}


def test_the_page_about_it_has_every_field_and_rule() -> None:
    text = (ROOT / "docs" / "best-reading.md").read_text("utf-8")
    rows = [
        [cell.strip(" `") for cell in line.strip("|\n").split("|")] for line in text.splitlines() if line[:3] == "| `"
    ]
    assert {name: tuple(re.findall(r"[a-z][a-z ]+", rules)) for name, rules in rows if name in FIELDS} == dict(FIELDS)
    assert {name: says for name, says in rows if name in RULES} == dict(RULES)
    assert len(rows) == len(FIELDS) + len(RULES)
    assert {rule for rules in FIELDS.values() for rule in rules} == set(RULES)
