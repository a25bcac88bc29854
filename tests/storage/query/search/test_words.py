"""Texts that say the same, and the words of Khmer."""

import sqlite3
from contextlib import closing

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from storage.database.migrations.schema import WORDS
from storage.ingest.wording import words_digest
from storage.query.search.text import composed, encodable, folded, normal, searchable, tokens, tokens_of

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
        ("ឆ្នាំ២០១៨", ["ឆ្នាំ", "2018"]),
        ("១០.០០០ G២០ 20១៨", ["10", "000", "G20", "2018"]),
        ("\u200bcafe\u0301\u200b-\u00adno\u00adde", ["caf\u00e9", "node"]),
        ("ទៅ Phnom Penh។", ["ទៅ", "Phnom", "Penh"]),
        ("the king’s re-form, 3.5%", ["the", "king", "s", "re", "form", "3", "5"]),
    ],
)
def test_cut_into_words_and_clusters(text: str, tokens: list[str]) -> None:
    assert tokens_of(text) == tokens


# Clusters that are printed alike.
SAME_LOOK = [
    ("ស្រ្តី", "ស្ត្រី"),  # subscripts: RO at the end
    ("ក្ដី", "ក្តី"),  # subscript DA
    ("ខំុ", "ខុំ"),  # sign before vowel
    ("កំា", "កាំ"),
    ("សុី", "ស៊ី"),  # the vowel U for a shifter
    ("ម៉ឺន", "មុឺន"),
    ("ខាំ្ញ", "ខ្ញាំ"),  # subscript after vowel and sign
    ("បេីក", "បើក"),  # a vowel in two halves
    ("កេា", "កោ"),
    ("ធម៌្ម", "ធម្ម៌"),
    ("ឲ្យ", "ឱ្យ"),
    ("កិិ", "កិ"),
    ("ភ\u200bា", "ភា"),
    ("ក\u17dd្ខ", "ក្ខ\u17dd"),
]
OTHER_LOOK = [("ប៉ា", "ប៊ា"), ("ក្ត", "ក្ថ"), ("ក្ក្ខ", "ក្ខ្ក"), ("កុ", "ក៉"), ("ដ", "ត"), ("កេ", "កែ"), ("កំ", "កះ"), ("ុ", "ូ")]


@pytest.mark.parametrize(("one", "other"), SAME_LOOK)
def test_clusters_of_one_look_are_one(one: str, other: str) -> None:
    assert tokens_of(one) == tokens_of(other)
    assert searchable(one) == searchable(other)


@pytest.mark.parametrize(("one", "other"), OTHER_LOOK)
def test_clusters_of_another_look_are_others(one: str, other: str) -> None:
    assert tokens_of(one) != tokens_of(other)


SIGNS = [chr(code) for code in range(0x17B4, 0x17DD)]
KHMER = st.text([*"កដតរសអឣឤឲឱ\u200b ៗ២2a", *SIGNS, *["្"] * 20], max_size=24)


@given(KHMER)
def test_the_form_in_the_index_is_its_own_form(text: str) -> None:
    assert searchable(searchable(text)).split() == searchable(text).split()


@given(st.text("កខងភនពញរសំ្ើេុ៉ៗ។ \u200bAb", max_size=30))
def test_cutting_adds_and_loses_no_letter(text: str) -> None:
    letters = set(composed(text)) - {" "}
    assert letters - set("េ៉ុ") <= set(searchable(text)) <= letters | set(" ុ")


# SQLite's tables of letters are of an earlier Unicode than Python's.
@given(st.text(st.characters(max_codepoint=0x24F), max_size=30) | KHMER)
@example("ក\u17dd្ខ e\u0301 \ufe0fa İ ς ﬁ")
def test_the_index_has_the_tokens_of_the_text(text: str) -> None:
    with closing(sqlite3.connect(":memory:")) as memory:
        memory.execute(WORDS[0])
        memory.execute("CREATE VIRTUAL TABLE places USING fts5vocab('words', 'instance')")
        memory.execute("INSERT INTO words(rowid, body) VALUES (1, ?)", [searchable(encodable(text))])
        indexed = [term for (term,) in memory.execute("SELECT term FROM places ORDER BY offset")]
        cut = list(tokens(text))
        assert len(indexed) == len(cut)
        for term, token in zip(indexed, cut, strict=True):
            query = f'"{token.text}"'
            assert memory.execute("SELECT count(*) FROM words WHERE words MATCH ?", [query]).fetchone() == (1,)
            assert searchable(text[token.start : token.end]).strip() == token.text
            assert folded(token.text) == term or not term.isascii()
