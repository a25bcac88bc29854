"""Forms of one wording: what a form has no place for says nothing, and whatever it prints does."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postscraper.items import Problem
from storage.archive import Archive
from storage.ingest.timeline import Observation, Timeline
from storage.ingest.wording import merge_digests, same_wording, words_digest
from tests.helpers.items import article, at, captioned

FEED = {"layout": "feed", "not_printed": ("captions",)}
PAGE = {"layout": "wordpress_2026", "not_printed": ("standfirst", "byline")}
REST = {"layout": "wordpress_rest", "standfirst": "At last.", "byline": "Sok Dara"}
CAPTION = {"images": captioned("A barge.")}


BROKE_OFF = [{"kind": "cut"}, {"kind": "broken_transfer"}]


def digest(**said: Any) -> str:
    blank = {"headline": "The canal", "body": [{"kind": "paragraph", "text": "Water rises."}]}
    return words_digest(blank | said)


def pictures(*captions: str) -> list[dict[str, str]]:
    return [{"caption": caption} for caption in captions]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"byline": "Sok Dara"}, {"not_printed": ["byline"]}, True),
        ({"byline": "Sok Dara"}, {}, False),
        ({"standfirst": "At last."}, {"not_printed": ["standfirst"]}, True),
        ({"standfirst": "At last."}, {"standfirst": "At length.", "not_printed": ["byline"]}, False),
        ({"images": pictures("A", "B")}, {"images": pictures("B"), "not_printed": ["captions"]}, True),
        ({"images": pictures("A")}, {"images": pictures("C"), "not_printed": ["captions"]}, False),
        ({"headline": "Another"}, {"not_printed": ["standfirst", "byline", "captions"]}, False),
        ({"body": [{"text": "One."}, {"text": "Two."}], "first_page": 1}, {"body": [{"text": "One."}]}, True),
        ({"body": [{"text": "One."}, {"text": "Two."}], "first_page": 1}, {"body": [{"text": "Two."}]}, False),
        ({"body": [{"text": "One."}, {"text": "Two."}]}, {"body": [{"text": "One."}]}, False),
        ({"body": [{"text": "One."}, {"text": "Two."}]}, {"body": [{"text": "O"}], "problems": BROKE_OFF}, True),
        ({"images": pictures("A"), "not_printed": ["captions"]}, {"problems": BROKE_OFF}, True),
        ({"body": [{"text": "On"}], "problems": BROKE_OFF}, {"body": [{"text": "O"}], "problems": BROKE_OFF}, True),
        ({"body": [{"text": "One."}, {"text": "Two."}]}, {"body": [{"text": "O"}], "problems": BROKE_OFF[:1]}, False),
        ({"body": [{"text": "One."}]}, {"body": [{"text": "Two."}], "problems": BROKE_OFF[1:]}, False),
    ],
)
def test_two_forms(one: dict[str, Any], other: dict[str, Any], *, same: bool) -> None:
    first, second = digest(**one), digest(**other)
    assert same_wording(first, second) is same
    assert same_wording(second, first) is same
    assert same_wording(first, first)


def test_both_forms_together_say_what_either_prints() -> None:
    page = digest(byline="Sok Dara", not_printed=["standfirst"])
    rest = digest(standfirst="At last.", not_printed=["byline"])
    assert merge_digests(page, rest) == merge_digests(rest, page) == digest(byline="Sok Dara", standfirst="At last.")


DIGESTS = [
    digest(byline=byline, standfirst=standfirst, images=pictures(*captions), not_printed=unsaid)
    for byline, standfirst, captions, unsaid in (
        ("A", "S", ("c",), []),
        (None, None, (), ["byline", "standfirst", "captions"]),
        ("A", None, ("c",), ["standfirst"]),
        ("B", "S", ("c",), []),
        (None, "S", (), ["byline", "captions"]),
    )
] + [digest(body=[{"text": text}], problems=BROKE_OFF) for text in ("Water", "Water ri")]


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(DIGESTS)), max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_coming_does_not_matter(captures: list[tuple[int, str]], chance: Any) -> None:
    seen = [Observation(n, at(hours), (f"{n:03}",), words, reading_id=n) for n, (hours, words) in enumerate(captures)]
    expected = Timeline.of(seen).spans()
    coming = list(seen)
    chance.shuffle(coming)
    timeline = Timeline()
    for each in coming:
        before = len(timeline.spans())
        assert timeline.add(each) == (len(timeline.spans()) > before)
    assert timeline.spans() == expected


def test_the_fullest_form_gives_the_text_and_the_standfirst_whichever_prints_it(archive: Archive) -> None:
    archive.add_many(
        [
            (article(hours=0, page="feed", **FEED), None),
            (article(hours=1, page="page", **PAGE, **CAPTION), None),
            (article(hours=2, page="rest", **REST, **CAPTION), None),
            (article(hours=3, page="feed 2", byline="Sok Dara", standfirst="At last.", **FEED), None),
        ]
    )
    (story,) = archive.stories()
    assert (story["revisions"], story["layout"], story["byline"], story["standfirst"]) == (
        *(2, "wordpress_rest"),
        *("Sok Dara", "At last."),
    )


def test_a_standfirst_comes_from_the_form_that_prints_it(archive: Archive) -> None:
    archive.add(article(hours=0, page="page", byline="Sok Dara", layout="page", not_printed=("standfirst",), **CAPTION))
    archive.add(article(hours=1, page="feed", byline="Sok Dara", standfirst="At last.", **FEED))
    (story,) = archive.stories()
    assert (story["revisions"], story["standfirst"], story["layout"]) == (1, "At last.", "page")
    assert story["images"][0]["caption"] == "A barge."
    archive.add(
        article(hours=2, page="page 2", byline="Sok Dara", layout="page", not_printed=("standfirst",), **CAPTION)
    )
    (story,) = archive.stories()
    assert (story["revisions"], story["standfirst"]) == (1, "At last.")


PIECE = {"problems": (Problem(kind="cut", detail="no end"), Problem(kind="broken_transfer", detail="breaks off"))}


def test_a_piece_stands_for_the_story_only_until_the_whole_comes(archive: Archive) -> None:
    def newest() -> tuple[str, int]:
        (story,) = archive.stories()
        return "".join(block["text"] for block in story["body"]), story["revisions"]

    archive.add(article(hours=0, body="Water", **PIECE))
    assert newest() == ("Water", 1)
    archive.add(article(hours=1, body="Water ri", **PIECE))
    assert newest() == ("Water ri", 1)
    archive.add(article(hours=2))
    assert newest() == ("Water rises.", 1)
    archive.add(article(hours=3, body="Wat", **PIECE))
    assert newest() == ("Water rises.", 1)
    archive.add(article(hours=4, body="Water falls."))
    archive.add(article(hours=5, body="Water f", **PIECE))
    assert newest() == ("Water falls.", 2)


def test_a_piece_read_anew_leaves_its_neighbours_alone() -> None:
    whole, piece, other = digest(), DIGESTS[-1], digest(body=[{"text": "Water falls."}])
    timeline = Timeline.of(
        Observation(n, at(n), (f"{n:03}",), words, n) for n, words in enumerate((whole, piece, other))
    )
    new = timeline.observations[1]._replace(words=DIGESTS[-2])
    assert timeline.reread(new) == [new]
    assert [run.words for run in timeline.spans()] == [whole, other]
