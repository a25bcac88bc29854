"""Forms of English words and variants of romanised names: rules, and what they do to a search."""

import pytest

from storage.archive import Archive
from storage.errors import BadQuery
from storage.query.search.filters import Filters
from storage.query.search.search import search
from storage.query.search.spelling import Spelling, forms, variants
from tests.helpers.items import article

FORMS = [
    "export exports exported exporting",
    "policy policies",
    "try tries tried trying",
    "rise rises rising",
    "agree agrees agreed agreeing",
    "stop stops stopped stopping",
    "plan plans planned planning",
    "box boxes boxed boxing",
    "watch watches watched watching",
    "play plays played playing",
    "city cities",
    "class classes",
    "house houses housed housing",
]
NAMES = [
    ("phnom penh", "pnom penh"),
    ("phnom penh", "pnom pen"),
    ("sihanouk", "sihanuk"),
    ("siem reap", "siem riep"),
    ("vuthy", "wuthi"),
    ("chhum socheat", "chum socheath"),
    ("sar kheng", "sar keng"),
    ("battambang", "batambang"),
    ("sothea", "sothia"),
    ("rainsy", "rainsi"),
    ("hun sen", "hun saen"),
    ("kampong", "kompong"),
]


@pytest.mark.parametrize("family", FORMS)
def test_every_form_gives_every_other(family: str) -> None:
    for word in family.split():
        assert set(family.split()) <= set(forms(word)), word
        assert forms(word)[0] == word


@pytest.mark.parametrize("word", ["is", "us", "ទៅ", "2018", "café", "x1s"])
def test_words_without_forms(word: str) -> None:
    assert forms(word) == [word]


@pytest.mark.parametrize("word", ["bus", "press", "crisis", "red", "king", "thing", "need"])
def test_an_ending_that_is_none(word: str) -> None:
    assert word in forms(word)
    assert not {"bu", "pres", "crisi", "r", "k", "th", "ne"} & set(forms(word))


@pytest.mark.parametrize(("one", "other"), NAMES)
def test_variants_go_both_ways(one: str, other: str) -> None:
    assert tuple(other.split()) in set(variants(one.split()))
    assert tuple(one.split()) in set(variants(other.split()))


def test_variants_change_two_groups_at_most() -> None:
    assert ("pnom", "pen") in set(variants(["phnom", "penh"]))
    assert ("pnorm", "pen") not in set(variants(["phnom", "penh"]))
    assert list(variants(["ទៅ", "5"])) == []


@pytest.mark.parametrize(
    ("words", "spelling", "slugs"),
    [
        ("export", Spelling(), "one"),
        ("export", Spelling(forms=True), "one two"),
        ('"rice exporting"', Spelling(forms=True), "one two"),
        ("export -exports", Spelling(forms=True), ""),
        ("NEAR(rices exporting, 0)", Spelling(forms=True), "one two"),
        ("export*", Spelling(forms=True), "one two"),
        ("Vuthi", Spelling(), ""),
        ("Vuthi", Spelling(variants=True), "two"),
        ('"pnom pen"', Spelling(variants=True), "one"),
        ("exporting Wuthy", Spelling(forms=True, variants=True), "two"),
    ],
)
def test_searches(archive: Archive, words: str, spelling: Spelling, slugs: str) -> None:
    archive.add(article("one", body="Rice export in Phnom Penh."))
    archive.add(article("two", body="Rice exports of Heng Vuthy."))
    hits = archive.ask(search, words, Filters(), spelling=spelling)
    assert sorted(hit.canonical_url.rpartition("/")[2] for hit in hits) == slugs.split()


def test_too_many_spellings_are_refused(archive: Archive) -> None:
    with pytest.raises(BadQuery, match="more than 500 spellings"):
        archive.ask(search, '"exports rise stops plans tries"', Filters(), spelling=Spelling(forms=True))
