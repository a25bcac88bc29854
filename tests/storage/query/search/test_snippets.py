"""Snippets: what is read of a long text."""

from random import Random

import pytest

from storage.query.search import snippets
from storage.query.search.syntax import parse

WORDS = ("ferry", "rice", "river", "market", "ទន្លេ", "ភ្នំពេញ", "the", "of", "harbour", "tax")
QUERIES = ("ferry", '"ferry rice"', "riv*", "ភ្នំពេញ", "harbour OR tax", '"of the river"', "ទន្លេ -rice")


@pytest.mark.parametrize("seed", range(20))
def test_the_beginning_of_a_text_gives_the_snippet_of_the_whole(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = Random(seed)
    texts = []
    for _ in range(20):  # the words of queries are rare, so that first matches stand anywhere
        words = [chance.choice(WORDS) if chance.random() < 0.02 else "filler" for _ in range(chance.randrange(600))]
        texts.append(chance.choice(("", "\n\n")).join(f"{word} " for word in words))
    terms = [list(query.terms()) for words in QUERIES if (query := parse(words))]

    def made() -> list[str]:
        return [snippets.snippet([text], each, ("[", "]")) for text in texts for each in terms]

    shown = made()
    assert sum("[" in snippet for snippet in shown) > 20
    monkeypatch.setattr(snippets, "BEGINNINGS", ())
    assert shown == made()
