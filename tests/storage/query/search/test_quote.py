"""A quotation is found in every wording, exact or near, with what became of it."""

from datetime import timedelta

import pytest

from postscraper.items import Article
from storage.archive import Archive
from storage.errors import BadQuery
from storage.query.search.quote import Quoted, quote
from tests.helpers.items import START, article, captioned, listing, teaser

SAID = "“The river carried the new bridge away in one night,” the governor said."
KHMER = "ទឹកទន្លេបានហូរបំផ្លាញស្ពានថ្មីនៅក្នុងយប់តែមួយ។"


def found(archive: Archive, sentence: str) -> dict[str, Quoted]:
    return {each.canonical_url.rpartition("/")[2]: each for each in archive.ask(quote, sentence)[1]}


def test_it_still_stands(archive: Archive) -> None:
    archive.add(article(body=f"It rained.\n\n{SAID} He left.", images=captioned("The governor said nothing.")))
    (quoted,) = found(archive, "the river carried the new bridge away — in ONE night").values()
    (form,) = quoted.forms
    assert (quoted.standing, quoted.removed_at) == ("stands", None)
    assert (form.place, form.exact, form.similarity, form.revisions) == ("body", True, 1.0, (1,))
    assert form.text == "The river carried the new bridge away in one night"
    assert form.differences == ()


def test_it_was_removed(archive: Archive) -> None:
    archive.add(article(hours=0, body=f"It rained. {SAID}"))
    archive.add(article(hours=2, body=f"It rained much. {SAID}"))
    archive.add(article(hours=5, body="It rained much. Nobody was hurt."))
    archive.add(article(hours=9, body="It rained very much."))
    (quoted,) = found(archive, SAID).values()
    assert (quoted.standing, quoted.removed_at) == ("removed", START + timedelta(hours=5))
    (form,) = quoted.forms
    assert form.revisions == (1, 2)
    assert (form.first_seen_at, form.last_seen_at) == (START, START + timedelta(hours=2))


def test_it_was_changed(archive: Archive) -> None:
    archive.add(article(hours=0, body=f"It rained. {SAID}"))
    archive.add(article(hours=2, body=f"It rained. {SAID.replace('new bridge', 'old bridge')}"))
    (quoted,) = found(archive, SAID).values()
    assert (quoted.standing, quoted.removed_at) == ("changed", START + timedelta(hours=2))
    exact, near = quoted.forms
    assert (exact.exact, near.exact, near.revisions) == (True, False, (2,))
    assert 0.9 < near.similarity < 1
    assert [piece for piece in near.differences if piece[0] != "same"] == [("removed", "new"), ("added", "old")]


def test_of_a_near_form_the_differing_words_are_shown(archive: Archive) -> None:
    archive.add(article(body="Rain. The river had carried the bridge away in a single night, the governor said. Rice."))
    archive.add(article("other", body="The governor said that a river of rice was carried to the night market."))
    (quoted,) = found(archive, SAID).values()
    (form,) = quoted.forms
    assert not form.exact
    assert form.text.startswith("The river had carried the bridge away in a single night, the governor said")
    assert "".join(piece for change, piece in form.differences if change != "removed") == form.text
    assert "".join(piece for change, piece in form.differences if change != "added") == SAID.strip("“.")


def test_the_first_are_given_and_all_are_counted(archive: Archive) -> None:
    for n in range(3):
        archive.add(article(f"s{n}", body=SAID))
    archive.add(article("near", body=SAID.replace("new bridge", "old bridge")))
    archive.add(listing(teaser("elsewhere", summary=SAID)))
    total, first = archive.ask(quote, SAID, limit=2)
    assert (total, [each.exact for each in first]) == (5, [True, True])
    total, exact = archive.ask(quote, SAID, exact_only=True)
    assert total == len(exact) == 4
    assert all(each.exact for each in exact)


def test_khmer(archive: Archive) -> None:
    printed = "អភិបាលបាននិយាយថា " + KHMER.replace("ស្ពាន", "\u200bស្ពាន\u200b")
    archive.add(article("exact", language="km", body=printed))
    archive.add(article("near", language="km", body=KHMER.replace("ថ្មី", "ចាស់")))
    archive.add(article("other", language="km", body="ទឹកឡើងខ្ពស់នៅខែនេះ កសិករដាំស្រូវ។"))
    quotes = found(archive, KHMER)
    assert {name: (quoted.exact, quoted.standing) for name, quoted in quotes.items()} == {
        "exact": (True, "stands"),
        "near": (False, "stands"),
    }
    changed = [piece for piece in quotes["near"].forms[0].differences if piece[0] != "same"]
    assert changed[0][0] == "removed"
    assert "ថ្មី" in changed[0][1]


def test_in_captions_headlines_and_teasers(archive: Archive) -> None:
    words = "Bridge lost to the river"
    archive.add(article("headed", headline=words, images=captioned(f"{words}, on Monday.")))
    archive.add(
        listing(teaser("headed", headline=words), teaser("absent", 2, headline="-", summary=f"{words}: report"))
    )
    archive.add(listing(teaser("headed", headline=words), hours=3))
    quotes = found(archive, "bridge lost to the river")
    assert [(form.place, form.seen) for form in quotes["headed"].forms] == [
        ("caption", None), ("headline", None), ("teaser headline", 2),
    ]  # fmt: skip
    absent = quotes["absent"]
    assert (absent.story_id, absent.headline, absent.standing) == (None, None, None)
    assert [(form.place, form.first_seen_at) for form in absent.forms] == [("teaser summary", START)]


def test_planted_quotations_are_found_wherever_they_stand(archive: Archive) -> None:
    def planted(number: int) -> str:
        return f"we planted rice number {number} beside the canal"

    def story(number: int) -> Article:
        return article(
            f"s{number}", body=f"{'It rained. ' * (number % 7)}{planted(number)}.{' Boats left.' * (number % 5)}"
        )

    archive.add_many([(story(number), None) for number in range(60)])
    for number in range(60):
        best = archive.ask(quote, planted(number))[1][0]
        assert (best.canonical_url.rpartition("/")[2], best.exact) == (f"s{number}", True)


@pytest.mark.parametrize("sentence", ["", "—", "a " * 501])
def test_what_is_no_quotation(archive: Archive, sentence: str) -> None:
    with pytest.raises(BadQuery, match="a quotation"):
        archive.ask(quote, sentence)


def test_words_of_every_story_are_no_quotation(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.query.search.quote._MOST_EXACT", 3)
    archive.add_many([(article(f"s{number}"), None) for number in range(4)])
    with pytest.raises(BadQuery, match="4 stories have these words"):
        archive.ask(quote, "water rises")
