"""Texts that say the same, and the words of Khmer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.ingest.wording import words_digest
from storage.query.search.text import composed, normal, searchable, tokens_of

STORY = {
    "headline": "The king’s boats",
    "standfirst": None,
    "byline": "Kun Kourchettana",
    "body": [{"text": "“Boats”, he said."}, {"text": "They race."}],
    "images": [{"caption": "A boat."}, {"caption": None}],
}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("the king’s", "the king's"),
        ("“boats”", '"boats"'),
        ("``boats''", '"boats"'),
        ("«boats»", '"boats"'),
        ("two  words\r\n", "two words"),
        ("two\u00a0words", "two words"),
        ("ភ្នំ\u200bពេញ", "ភ្នំពេញ"),
        ("co\u00adoperate", "cooperate"),
        ("cafe\u0301", "caf\u00e9"),
        ("a\0b", "ab"),
        (None, ""),
    ],
)
def test_says_the_same(one: str | None, other: str) -> None:
    assert normal(one) == normal(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("A boat", "a boat"), ("re-form", "reform"), ("3.5", "35"), ("ទៅ", "ទៀ"), ("boat's", 'boat"s')],
)
def test_says_something_else(one: str, other: str) -> None:
    assert normal(one) != normal(other)


@given(st.text(max_size=40))
def test_the_normal_form_is_its_own_normal_form(text: str) -> None:
    assert normal(normal(text)) == normal(text)


@pytest.mark.parametrize(
    "change",
    [
        {"headline": "The king's boats"},
        {"standfirst": ""},
        {"body": [{"text": '"Boats", he said. They'}, {"text": "race."}]},
        {"images": [{"caption": "A  boat."}, {"caption": "A boat."}]},
        {"images": [{"caption": "A boat.", "credit": "Heng Vuthy", "url": "elsewhere"}]},
        {"section": "National", "tags": ["boats"], "kicker": "In brief", "layout": "inhouse_2023"},
    ],
)
def test_what_a_redesign_moves_is_no_new_wording(change: dict[str, object]) -> None:
    assert words_digest(STORY | change) == words_digest(STORY)


@pytest.mark.parametrize(
    "change",
    [
        {"headline": "The king's boat"},
        {"standfirst": "Every November."},
        {"byline": None},
        {"body": [{"text": "“Boats”, he said."}]},
        {"body": [{"text": "They race."}, {"text": "“Boats”, he said."}]},
        {"images": []},
        {"images": [{"caption": "A boat."}, {"caption": "Another."}]},
        {"headline": "The king’s boats K", "byline": "un Kourchettana"},  # a word that changes its place
    ],
)
def test_other_words_are_a_new_wording(change: dict[str, object]) -> None:
    assert words_digest(STORY | change) != words_digest(STORY)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("ភ្នំពេញ", ["ភ្នំ", "ពេ", "ញ"]),
        ("ភ្នំ\u200bពេញ", ["ភ្នំ", "ពេ", "ញ"]),
        ("ស្ត្រី", ["ស្ត្រី"]),  # two subscripts and a vowel on one base
        ("ប៉ុស្តិ៍", ["ប៉ុ", "ស្តិ៍"]),
        ("ផ្សេងៗ", ["ផ្សេ", "ង", "ៗ"]),
        ("ឆ្នាំ២០១៨", ["ឆ្នាំ", "២", "០", "១", "៨"]),
        ("ទៅ Phnom Penh។", ["ទៅ", "Phnom", "Penh"]),
        ("the king’s re-form, 3.5%", ["the", "king", "s", "re", "form", "3", "5"]),
    ],
)
def test_cut_into_words_and_clusters(text: str, tokens: list[str]) -> None:
    assert tokens_of(text) == tokens


@given(st.text("កខងភនពញរសំ្ើេុ៉០៩ៗ។ \u200bAb", max_size=30))
def test_cutting_adds_nothing_but_spaces(text: str) -> None:
    assert searchable(text).replace(" ", "") == composed(text).replace(" ", "")
