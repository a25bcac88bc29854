"""A story through time."""

from hashlib import sha256
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.archive import Archive
from storage.query.days import edited_between
from storage.query.history.as_of import story_as_of
from storage.query.history.differences import compared, differences
from storage.query.history.readings import of_story
from tests.helpers.items import SITE, article, at, captioned

CANAL = f"{SITE}/national/canal"


def test_differences_are_told_word_by_word(archive: Archive) -> None:
    archive.add(article(hours=0, body="Water rises in Kampot.", byline="Kun K", images=captioned("A boat.")))
    archive.add(article(hours=1, body="Water falls in Kampot.", byline="Kun K"))
    old, new = archive.story(CANAL).revisions
    assert differences(old, new) == {
        "body": [("same", "Water "), ("removed", "rises"), ("added", "falls"), ("same", " in Kampot.")],
        "captions": [("removed", "A boat.")],
    }
    assert differences(old, old) == {}


def test_khmer_differs_cluster_by_cluster() -> None:
    assert list(compared("ទៅភ្នំពេញ", "ទៅភ្នំស្រួច")) == [
        ("same", "ទៅភ្នំ"),
        ("removed", "ពេញ"),
        ("added", "ស្រួច"),
    ]


TEXTS = st.text("ab ក្ខា\n.", max_size=30)


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_off_their_difference(old: str, new: str) -> None:
    pieces = list(compared(old, new))
    assert "".join(text for change, text in pieces if change != "added") == old
    assert "".join(text for change, text in pieces if change != "removed") == new


@pytest.mark.parametrize("order", [*permutations(range(3))])
def test_captures_of_one_second_have_one_order_in_whatever_order_they_come(
    tmp_path: Path, order: tuple[int, ...]
) -> None:
    bodies = ("One.", "Two.", "Three.")
    with Archive.open(tmp_path / "archive") as archive:
        for number in order:
            archive.add(article(hours=0, body=bodies[number], page=f"p{number}"))
        story = archive.story(CANAL)
        newest = story.revisions[-1].item["body"]
        by_digest = sorted(range(3), key=lambda number: sha256(f"p{number}".encode()).digest())
        assert [each.item["body"][0]["text"] for each in story.revisions] == [bodies[number] for number in by_digest]
        assert archive.ask(of_story, story.row.id).item["body"] == newest
        stood = archive.ask(story_as_of, story.row, at(1), at(1).date(), lambda _address, _location: None)
        assert stood is not None
        assert (stood.revision, stood.item["body"]) == (3, newest)


def test_an_edit_is_of_the_day_on_which_a_capture_first_shows_it(archive: Archive) -> None:
    archive.add(article(hours=0, body="One.", byline="Kun K"))
    archive.add(article(hours=1, body="Two.", layout="feed", not_printed=("byline",)))
    archive.add(article(hours=30, body="Two.", byline="Kun K"))
    host = SITE.removeprefix("https://")
    days = [(at(0), at(24)), (at(24), at(48))]
    edited = [archive.ask(edited_between, *day, host, 9) for day in days]
    assert [[row.first_captured_at for row in rows] for rows in edited] == [[at(1)], []]
