"""Khmer search gives what a scan of all texts gives: 200 queries over 2,000 generated texts.

The texts are lists of clusters, numbers and English words; the scan compares these lists. Each is printed in ways that
people and programs vary: the order of signs, subscript DA for TA, halves of vowels, zero-width spaces, either digits.
"""

import random
from collections.abc import Sequence
from pathlib import Path
from shutil import copytree

import pytest
from sqlalchemy import text

from storage.archive import Archive
from storage.query.search.filters import Filters
from storage.query.search.search import Page, count, search
from tests.helpers.items import article

TEXTS, QUERIES = 2_000, 200
BASES = "កខគងចជញដតថទធនបពភមយរលវសហអ"
SUBSCRIPTS = ["", "", "", "", "្រ", "្ន", "្ត", "្ល", "្យ", "្ម", "្ត្រ", "្ន្រ"]
VOWELS = ["", "", "", "ា", "ិ", "ី", "ុ", "ូ", "ើ", "េ", "ែ", "ោ"]
SIGNS = ["", "", "", "", "ំ", "ះ", "់", "៉"]
ENGLISH = ["rice", "Mekong", "canal", "UN"]

# Base, subscripts, vowel, sign; or a number or a word alone.
Piece = tuple[str, ...]


def piece(chance: random.Random) -> Piece:
    kind = chance.random()
    if kind < 0.04:
        return (str(chance.choice([7, 18, 2018, 40_000])),)
    if kind < 0.06:
        return (chance.choice(ENGLISH),)
    if kind < 0.4:
        return (chance.choice(BASES), "", "", "")
    base, vowel, sign = chance.choice(BASES), chance.choice(VOWELS), chance.choice(SIGNS)
    return (base, chance.choice(SUBSCRIPTS), vowel, "" if sign == "៉" and vowel in ("ិ", "ី", "ើ", "ុ") else sign)


def printed(pieces: Sequence[Piece], chance: random.Random) -> str:
    out = ""
    for each in pieces:
        if len(each) == 1:
            digits = each[0].isdigit() and chance.random() < 0.5
            word = "".join(chr(0x17E0 + int(digit)) for digit in each[0]) if digits else each[0]
            out += f" {word} "
            continue
        base, subscripts, vowel, sign = each
        marks = [vowel, sign, subscripts]
        if vowel == "ើ" and chance.random() < 0.2:
            marks[0] = "េី"
        if vowel == "ោ" and chance.random() < 0.2:
            marks[0] = "េា"
        if subscripts == "្ត្រ" and chance.random() < 0.5:
            marks[2] = "្រ្ត"
        if chance.random() < 0.3:
            marks[2] = marks[2].replace("្ត", "្ដ")
        if chance.random() < 0.7:
            chance.shuffle(marks)
        else:
            marks.reverse()
        out += base + "".join(marks) + ("\u200b" if chance.random() < 0.2 else "")
    return out


def scanned(texts: Sequence[Sequence[Piece]], wanted: Sequence[Piece]) -> set[int]:
    size = len(wanted)
    return {
        number
        for number, pieces in enumerate(texts)
        if any(pieces[at : at + size] == wanted for at in range(len(pieces) - size + 1))
    }


@pytest.mark.parametrize("seed", [2008])
def test_khmer_search_is_a_scan(tmp_path: Path, empty_archive: Path, seed: int) -> None:
    chance = random.Random(seed)
    words = [[piece(chance) for _ in range(chance.choice([1, 1, 2, 2, 3, 5]))] for _ in range(400)]
    texts = [[each for _ in range(chance.randint(4, 14)) for each in chance.choice(words)] for _ in range(TEXTS)]
    with Archive.open(copytree(empty_archive, tmp_path / "archive")) as archive, archive.connect() as connection:
        items = [
            article(f"{n}", headline="-", language="km", body=printed(each, chance)) for n, each in enumerate(texts)
        ]
        archive.add_many((item, None) for item in items)
        slugs = text("SELECT DISTINCT canonical_url FROM search WHERE words MATCH query(:words)")
        sizes = set()
        for number in range(QUERIES):
            pieces = chance.choice(texts)
            size = min(len(pieces), number % 6 + 1)
            at = chance.randrange(len(pieces) - size + 1)
            wanted = pieces[at : at + size]
            expected = scanned(texts, wanted)
            words_typed = f'"{printed(wanted, chance)}"'
            found = connection.execute(slugs, {"words": words_typed}).scalars()
            assert {int(url.rpartition("/")[2]) for url in found} == expected, words_typed
            assert count(connection, words_typed, Filters()) == len(expected)
            page = search(connection, words_typed, Filters(), Page(limit=3))
            assert {int(hit.canonical_url.rpartition("/")[2]) for hit in page} <= expected
            assert all("[" in hit.snippet for hit in page), words_typed
            sizes.add(len(expected))
        assert len(sizes) > 20
        assert max(sizes) > TEXTS / 4
