"""Search: every string is searched or refused by name, Khmer is found wherever it stands, one hit a story."""

import random
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from storage.archive import Archive
from storage.errors import BadQuery
from storage.query.search import search
from storage.query.search.facets import facets
from storage.query.search.filters import Filters
from storage.query.search.quote import quote
from storage.query.search.search import Sort
from storage.query.search.spelling import Spelling
from storage.query.search.sql import statement
from storage.query.search.syntax import parse
from storage.query.search.text import CLUSTER, tokens_of
from storage.query.search.trend import trend
from tests.helpers.items import SITE, article, at, captioned

REAL_KHMER = Path(__file__).parents[4] / "shared" / "texts" / "khmer_a.xml"

# Sentences made for these tests, some with the signs that mark where a line may end.
KHMER = [
    "ខ្ញុំទៅភ្នំពេញនៅថ្ងៃស្អែក។",
    "ទឹក\u200bទន្លេ\u200bឡើង\u200bខ្ពស់\u200bនៅ\u200bខែ\u200bនេះ។",
    "កសិករដាំស្រូវនៅឆ្នាំ២០១៨ និងលក់អង្ករ។",
    "សិស្ស\u200bសាលា\u200bអាន\u200bកាសែត ភ្នំពេញ ប៉ុស្តិ៍ រាល់ព្រឹក។",
    "ស្ត្រីលក់ត្រីផ្សេងៗនៅផ្សារ។",
    "គាត់ចូលចិត្តទៅមើលកុន និងស្តាប់ភ្លេង។",
]


@pytest.fixture
def khmer(archive: Archive) -> Archive:
    archive.add_many([(article(f"k{n}", headline="-", language="km", body=text), None) for n, text in enumerate(KHMER)])
    return archive


def slugs(archive: Archive, words: str, **limits: object) -> set[str]:
    return {hit.canonical_url.rpartition("/")[2] for hit in archive.search(words, **limits)}  # type: ignore[arg-type]


def clusters_of(text: str) -> str:
    """The text as the search sees it, every word and cluster between bars."""
    return f"|{'|'.join(tokens_of(text))}|".casefold()


def substring(texts: list[str], words: str) -> set[str]:
    return {f"k{n}" for n, text in enumerate(texts) if clusters_of(words) in clusters_of(text)}


@pytest.mark.parametrize(
    ("words", "stories"),
    [
        ("ទៅ", {"k0", "k5"}),
        ("ភ្នំពេញ", {"k0", "k3"}),
        ("ភ្នំ\u200bពេញ", {"k0", "k3"}),
        ("ពេញ", {"k0", "k3"}),
        ("ទន្លេឡើង", {"k1"}),
        ("២០១៨", {"k2"}),
        ("ផ្សេងៗ", {"k4"}),
        ("ប៉ុស្តិ៍", {"k3"}),
        ("លក់", {"k2", "k4"}),
        ("លក់ ត្រី", {"k4"}),
        ("ស្ត", set()),  # begins a cluster of ស្តាប់, and is none of its own
        ("ស្រី", set()),
        ("កាសែតរាល់", set()),
    ],
)
def test_khmer(khmer: Archive, words: str, stories: set[str]) -> None:
    assert slugs(khmer, words) == stories


def test_every_piece_of_khmer_is_found_as_a_substring_search_finds_it(khmer: Archive) -> None:
    for text in KHMER:
        tokens = tokens_of(text)
        for start in range(0, len(tokens), 2):
            for length in (1, 2, 5):
                words = "".join(tokens[start : start + length])
                assert slugs(khmer, words) == substring(KHMER, words)


@pytest.mark.skipif(not REAL_KHMER.is_file(), reason="the real texts are not beside this checkout")
def test_real_khmer_is_found_as_a_substring_search_finds_it(archive: Archive) -> None:
    contents = ["".join(each.itertext()).strip() for each in ET.parse(REAL_KHMER).iter("content")]
    contents = [text for text in contents if tokens_of(text)]
    assert len(contents) > 10
    archive.add_many(
        [(article(f"k{n}", headline="-", language="km", body=text), None) for n, text in enumerate(contents)]
    )
    chance = random.Random(7)
    for _ in range(150):
        tokens = tokens_of(chance.choice(contents))
        start = chance.randrange(len(tokens))
        piece = [token for token in tokens[start : start + chance.randint(1, 4)] if CLUSTER.fullmatch(token)]
        words = f'"{" ".join(piece)}"'
        if piece:
            assert slugs(archive, words, limit=99) == substring(contents, words), words


HOSTILE = [
    "", " ", '"', '""', '"""', "'", "NEAR(a b, 9) * ^", "NEAR", "NEAR(", "AND", "OR", "NOT", "a AND", "AND a",
    "a OR b", "NOT a", "a NOT b", "*", "a*", "*a", "**", "^a", "a^", "-a", "+a", "a:b", "headline:a", "{a b}:c",
    "(", ")", "(a", "a)", "()", '"a', 'a"', '"a" b"', "“a", "a”", "«a b", "\0", "a\0b", "\\", "a\\b", ";", "--",
    "'; DROP TABLE story; --", "a'b", "%", "_", "a_b", "?", ":x", "@", "#", "$x", "\ud800", "a\udfffb", "🛶",
    "\u200b", "\u17d2", "\u17b6", "្ក", "ក្", "é", "e\u0301", "\u0301", "١٢", "漢字", "a" * 5000, "a " * 5000,
    "ក" * 5000, '"' + "ក " * 5000 + '"', '"a" ' * 3000, "rank", "words", "1e9", "0x1", "NULL", "\n\r\t",
]  # fmt: skip


def test_no_string_is_an_accident(archive: Archive) -> None:
    archive.add(article(body="Water rises; a b c 🛶."))
    assert len(HOSTILE) > 40
    spelling = Spelling(forms=True, variants=True)
    for words in HOSTILE:
        for question in (facets, statement):
            with suppress(BadQuery):
                archive.ask(question, words, Filters(author=words), spelling)
        with suppress(BadQuery):
            archive.ask(trend, [words, words], Filters(section=words), "month", spelling)
        with suppress(BadQuery):
            archive.ask(quote, words)
        for more in ({}, {"author": words, "section": words}):
            with suppress(BadQuery):
                assert len(archive.search(words, **more)) <= archive.count(words, **more)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(max_size=60)
    | st.lists(st.sampled_from([*'"*()^:-+,5ក្{', "AND ", "OR ", "NOT ", "NEAR(", "a "])).map("".join)
)
@example("NEAR(water rises, 9)")
@example("(" * 500)
@example("a (" * 12 + "b" + ")" * 12)
def test_any_string_may_be_typed(archive: Archive, words: str) -> None:
    for sort in ("best", "newest"):
        with suppress(BadQuery):
            archive.search(words, author=words, sort=sort)


WATER = "Water rises in the river beside the old town, and rice grows there."
OPERATORS = [
    ("water -fire", True),
    ("water -rice", False),
    ("-rice water", False),
    ("water -ri*", False),
    ('water -"rice grows"', False),
    ('water -"grows rice"', True),
    ("water -(rice fire)", True),
    ("water -(rice OR fire)", False),
    ("water -NEAR(rice grows, 0)", False),
    ("rise-water", False),  # a hyphen inside a word separates two words of a phrase
    ("water - rice", True),  # a dash by itself, or two, exclude nothing
    ("water --rice", True),
    ("fire OR water", True),
    ("fire OR flood", False),
    ("fire OR water rice", True),
    ("fire OR water flood", False),
    ("rice fire OR water", True),
    ("(rice flood) OR water", True),
    ("(rice flood) OR fire", False),
    ("water AND rice", True),
    ("water and fire", False),
    ('"OR" water', False),
    ("water or rice", False),
    ('"rice gro*"', True),
    ("NEAR(water river, 4)", True),
    ("NEAR(water river, 2)", False),
    ("NEAR(river water, 3)", True),
    ("NEAR(water river)", True),
    ("NEAR(water there)", False),  # eleven stand between, one more than the usual ten
    ('NEAR("old town" ric*, 1)', True),
    ("NEAR(water river, 3) rice", True),
    ("fire OR NEAR(water river, 3)", True),
    ("water (rice", None),
    ("water) rice", None),
    ("-rice", None),
    ("(-rice) water", None),
    ("OR water", None),
    ("water OR", None),
    ("water OR OR rice", None),
    ("water OR -rice", None),
    ("water NOT rice", None),
    ("water NEAR rice", None),
    ("NEAR(water)", None),
    ("NEAR(water -rice)", None),
    ("NEAR(water rice", None),
    ("a " * 501, None),
    ("(" * 17 + "a" + ")" * 17, None),
]


@pytest.mark.parametrize(("words", "found"), OPERATORS, ids=[words[:30] for words, _ in OPERATORS])
def test_operators(archive: Archive, words: str, found: bool | None) -> None:
    """None: refused, by a sentence of one line."""
    archive.add(article(headline="-", body=WATER))
    if found is None:
        with pytest.raises(BadQuery, match=r"^[^\n]+ [^\n]+$"):
            archive.search(words)
        return
    assert bool(archive.search(words)) == found
    assert archive.count(words) == found


@pytest.mark.parametrize(
    ("words", "stories"),
    [
        ("ទៅ -ភ្នំពេញ", {"k5"}),
        ("ភ្នំពេញ OR ត្រី", {"k0", "k3", "k4"}),
        ("លក់ -(ត្រី OR អង្ករ)", set()),
        ("NEAR(លក់ ផ្សារ, 6)", {"k4"}),
        ("NEAR(លក់ ផ្សារ, 4)", set()),  # five clusters stand between: ត្រី ផ្សេ ង ៗ នៅ
    ],
)
def test_operators_in_khmer(khmer: Archive, words: str, stories: set[str]) -> None:
    assert slugs(khmer, words) == stories
    assert khmer.count(words) == len(stories)


def test_a_snippet_marks_what_is_searched_for(archive: Archive) -> None:
    archive.add(article(headline="-", body=WATER))
    (hit,) = archive.search("NEAR(water river, 4) rice OR fire -flood")
    assert re.findall(r"\[(.*?)\]", hit.snippet) == ["Water", "river", "rice"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("water", True),
        ("WATER", True),
        ("rises water", True),
        ('"water rises"', True),
        ("“water rises”", True),
        ('"rises water"', False),
        ("wat", False),
        ("wat*", True),
        ('"the river wat"', False),
        ("ho chi minh", True),
        ("Hồ", True),
        ("cafe", True),
        ("king's", True),
        ("king’s", True),
        ("Vuthy", True),  # byline
        ("Kampot", True),  # caption
        ("brief", True),  # kicker
        ("yesterday", True),  # standfirst
        ("water fire", False),
    ],
)
def test_words_and_phrases(archive: Archive, words: str, found: bool) -> None:
    archive.add(
        article(
            headline="The river",
            kicker="In brief",
            standfirst="It rained yesterday.",
            body="Water rises. The king’s boat left the Café Hồ Chí Minh.",
            byline="Heng Vuthy",
            images=captioned("A boat near Kampot."),
        )
    )
    assert bool(archive.search(words)) == found


def test_one_hit_a_story_with_its_best_wording(archive: Archive) -> None:
    archive.add(article(hours=0, body="A boat, a boat, a boat."))
    archive.add(article(hours=1, body="Nothing but water, and once more water, and still not a single boat."))
    archive.add(article(hours=2, body="Water alone."))
    (hit,) = archive.search("boat")
    assert (hit.revision, hit.newest, hit.snippet) == (1, False, "A [boat], a [boat], a [boat].")
    (hit,) = archive.search("alone", marks=("<b>", "</b>"))
    assert (hit.revision, hit.newest, hit.snippet) == (3, True, "Water <b>alone</b>.")


def test_a_word_in_the_headline_counts_more(archive: Archive) -> None:
    archive.add(article("body", body="The canal and the canal and a canal.", headline="Water"))
    archive.add(article("head", body="Water rises here and falls there.", headline="Canal"))
    assert [hit.canonical_url for hit in archive.search("canal")] == [
        f"{SITE}/national/head",
        f"{SITE}/national/body",
    ]


def test_limits(archive: Archive) -> None:
    for n in range(1, 10):
        byline = "Kun Kourchettana" if n % 2 else "Heng Vuthy"
        section = "National" if n < 5 else "Business"
        archive.add(article(f"s{n}", byline=byline, section=section, published_on=date(2018, 6, n)))
    archive.add(article("no-date"))
    assert len(archive.search("water")) == 10
    assert len(archive.search("water", limit=3)) == 3
    assert slugs(archive, "water", since=date(2018, 6, 8)) == {"s8", "s9"}
    assert slugs(archive, "water", until=date(2018, 6, 2)) == {"s1", "s2"}
    assert slugs(archive, "water", section="business", author="vuthy") == {"s6", "s8"}
    assert archive.search("water", author="?") == []
    hit = archive.search("water", since=date(2018, 6, 9))[0]
    assert (hit.published_on, hit.section, hit.byline) == (date(2018, 6, 9), "Business", "Kun Kourchettana")


def test_sorted_by_date_and_page_by_page(archive: Archive) -> None:
    for n in (3, 1, 5, 2, 4):
        archive.add(article(f"s{n}", headline="Water" * (n == 2) or "-", published_on=date(2018, 6, n)))
    archive.add(article("no-date"))

    def pages(sort: Sort, limit: int = 4) -> list[list[str]]:
        found = (
            [hit.canonical_url[-2:] for hit in archive.search("water", sort=sort, limit=limit, page=n)]
            for n in (1, 2, 3)
        )
        return [page for page in found if page]

    assert pages("newest") == [["s5", "s4", "s3", "s2"], ["s1", "te"]]
    assert pages("oldest") == [["s1", "s2", "s3", "s4"], ["s5", "te"]]
    assert pages("best")[0][0] == "s2"
    assert pages("oldest", limit=6) == [["s1", "s2", "s3", "s4", "s5", "te"]]
    assert archive.count("water") == 6
    assert archive.count("water", since=date(2018, 6, 4)) == 2
    assert archive.count("?") == 0


def test_by_date_the_newest_wording_that_matches_is_shown(archive: Archive) -> None:
    archive.add(article(hours=0, body="A boat, a boat, a boat."))
    archive.add(article(hours=1, body="Nothing but water, and not a single boat to be seen."))
    archive.add(article(hours=2, body="Water alone."))
    (hit,) = archive.search("boat", sort="newest")
    assert (hit.revision, hit.newest, hit.score) == (2, False, None)
    assert archive.count("boat") == 1


def test_limits_come_before_the_ranking(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "MOST_RANKED", 3)
    for n in range(1, 9):
        archive.add(article(f"s{n}", published_on=date(2018, 6, n)))
    assert slugs(archive, "water", until=date(2018, 6, 2)) == {"s1", "s2"}
    assert archive.count("water") == 8


def test_of_very_many_hits_the_newest_are_ranked(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "MOST_RANKED", 5)
    archive.add_many([(article(f"s{n}"), None) for n in range(8)])
    assert slugs(archive, "water") == {"s3", "s4", "s5", "s6", "s7"}


def test_the_ranked_are_counted_as_stories(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "MOST_RANKED", 5)
    for n in range(4):
        archive.add(article(f"s{n}", hours=0, body="Water."))
        archive.add(article(f"s{n}", hours=1, body="More water."))
    filters = Filters()
    assert archive.count("water") == 4
    assert archive.ask(search.ranked, "water", filters) == len(archive.search("water")) == 3
    assert archive.ask(search.ranked, "?", filters) == 0


def test_a_hit_has_the_time_of_its_last_known_change(archive: Archive) -> None:
    moment = datetime(2018, 6, 1, 5, tzinfo=UTC)
    archive.add(article("changed", hours=1, published_at=moment))
    archive.add(article("changed", hours=7, published_at=moment, body="Water again."))
    archive.add(article("timed", hours=7, published_at=moment, published_on=moment.date()))
    archive.add(article("dated", hours=7, published_at=None, published_on=date(2018, 6, 2)))
    archive.add(article("seen", hours=7, published_at=None, published_on=None))
    hits = {hit.canonical_url.rpartition("/")[2]: hit.updated_at for hit in archive.search("water")}
    assert hits == {
        "changed": at(7),
        "timed": moment,
        "dated": datetime(2018, 6, 2, tzinfo=UTC),
        "seen": at(7),
    }


@pytest.mark.parametrize(
    ("body", "words", "snippet"),
    [
        ("ខ្ញុំទៅ\u200bភ្នំ\u200bពេញ។", "ភ្នំពេញ", "ខ្ញុំទៅ\u200b[ភ្នំ\u200bពេញ]។"),
        ("ទៅភ្នំពេញ", "ពេញ", "ទៅភ្នំ[ពេញ]"),
        ("Hồ Chí Minh", "chi", "Hồ [Chí] Minh"),
        ("Reform, re-form and performing", "re-form", "Reform, [re-form] and performing"),
        ("Water\n\nrises.", '"water rises"', "[Water rises]."),
        ("governs, government", "govern*", "[governs], [government]"),
        ("x" * 300 + " water " + "y" * 300, "water", f"… [water] {'y' * 214} …"),
        ("Nothing here.", "canal", "Nothing here."),
    ],
)
def test_snippets_show_the_text_as_printed(archive: Archive, body: str, words: str, snippet: str) -> None:
    archive.add(article(body=body))
    (hit,) = archive.search(words)
    assert hit.snippet == snippet


def test_a_long_khmer_snippet_begins_and_ends_between_clusters(archive: Archive) -> None:
    text = "ស្ត្រី" * 100
    archive.add(article(body=f"{text}ភ្នំ{text}"))
    (hit,) = archive.search("ភ្នំ")
    before, _, after = hit.snippet.strip("… ").partition("[ភ្នំ]")
    assert "ស្ត្រី" * 5 in before
    assert text.startswith(before)
    assert before + after == "ស្ត្រី" * ((len(before) + len(after)) // len("ស្ត្រី"))


@given(st.lists(st.sampled_from(["water", "ទៅ", "៨", "é", "-", " ", "\u200b"]), max_size=12))
def test_every_word_becomes_a_token_of_the_query(words: list[str]) -> None:
    text = re.sub(r"(?<!\S)-+", "", "".join(words))  # at its beginning a hyphen excludes the word
    query = parse(text)
    tokens = [token for term in query.terms() for token in term.tokens] if query else []
    assert tokens == tokens_of(text)


def test_the_index_is_built_anew_as_it_was(new_archive: Callable[[], Archive]) -> None:
    with new_archive() as archive:
        archive.add_many([(article(f"k{n}", body=text, byline="ក"), None) for n, text in enumerate(KHMER)])
        before = [archive.search(words) for words in ("នៅ", "ក", "canal")]
        assert archive.reindex() == len(KHMER)
        assert [archive.search(words) for words in ("នៅ", "ក", "canal")] == before
