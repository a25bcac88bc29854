"""Old stories as later engines serve them: mended where it is certain, and never a word lost."""

import textwrap
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postscraper.extraction.body import Body
from postscraper.items import Block, BlockKind, Image, Link
from postscraper.layouts.phnompenhpost.damaged_text import agency_of, mended
from postscraper.newspapers import POST

STORY = (
    "The ferry at Prek Samnang made its last crossing on Sunday, with three cows, a wedding party and the governor.",
    "Its captain said that he had counted the crossings in the early years and had given it up at forty thousand.",
    "A bridge upstream was opened in January. Its lamps, which can be seen from the landing, have yet to be paid for.",
    "Villagers have asked that the boat be kept for the days when the bridge is closed, of which there have been nine.",
)


def told(*texts: str, images: tuple[Image, ...] = (), links: tuple[Link, ...] = ()) -> Body:
    return Body(
        blocks=tuple(Block(kind="paragraph", text=text) for text in texts), images=images, links=links, problems=()
    )


def texts(body: Body) -> list[str]:
    return [block.text for block in body.blocks]


def hard(*paragraphs: str, width: int = 80) -> list[str]:
    return [line for each in paragraphs for line in textwrap.wrap(each, width, break_on_hyphens=False)]


def letters(body: Body) -> Counter[str]:
    return Counter("".join("".join(block.text.split()) for block in body.blocks))


# --- What must not be touched ----------------------------------------------------------------

words = st.sampled_from(
    [
        *("river", "market", "scales", "long-term", "vice-president", "Cambodia", "the", "of", "and", "said"),
        *("co-operation", "cooperation", "UN", "40", "percent"),
    ]
)
sentence = st.lists(words, min_size=4, max_size=30).map(lambda found: "He said " + " ".join(found) + ".")
paragraph = st.lists(sentence, min_size=1, max_size=5).map(" ".join)


@given(st.lists(paragraph, min_size=1, max_size=25))
def test_ordinary_paragraphs_are_unchanged(paragraphs: list[str]) -> None:
    body = told(*paragraphs)
    assert mended(body) == body


kinds: st.SearchStrategy[BlockKind] = st.sampled_from(["paragraph", "paragraph", "paragraph", "crosshead", "list_item"])
line = st.text(st.sampled_from(" abcdefgABFU.,-“”\"'0"), min_size=1, max_size=90).map(str.strip).filter(bool)
any_body = st.lists(st.tuples(kinds, line), max_size=30).map(
    lambda found: Body(
        blocks=tuple(Block(kind=kind, text=text) for kind, text in found), images=(), links=(), problems=()
    )
)


def test_short_paragraphs_each_below_a_crosshead_are_no_lines() -> None:
    blocks = tuple(Block(kind=kind, text=f"Buffalo {n}") for n in range(8) for kind in ("crosshead", "paragraph"))
    body = Body(blocks=blocks, images=(), links=(), problems=())
    assert mended(body) == body


@given(any_body)
def test_no_letter_is_ever_lost(body: Body) -> None:
    after = mended(body)
    lost = letters(body) - letters(after)
    kept = "".join(problem.text or "" for problem in after.problems)
    assert set(lost) <= {"-"}
    assert lost["-"] <= kept.count("-")
    assert not letters(after) - letters(body)


@pytest.mark.parametrize(
    "paragraph",
    [
        "A UN official said the figures were wrong.",
        "A round of talks went around the table.",
        "A LONG road runs along the lake.",
        "I NEVER said so, he told the court.",
        "THE governor said the road would open.",
        "POLICE in two districts are looking for a goat.",
        "HE was late.",
        "RICE exports rose while the price of diesel fell.",
        "e-commerce firms have asked for rules.",
        "The op-ed was co-written by a long-time vice-president.",
    ],
)
def test_words_that_look_like_damage_and_are_none(paragraph: str) -> None:
    body = told(paragraph, *STORY)
    assert mended(body) == body


def test_verse_keeps_its_lines() -> None:
    verse = [
        "The ferry goes",
        "and does not ask",
        "who pays the man",
        "who turns the mast",
        "or who is last",
        "on board at dusk",
    ]
    assert texts(mended(told(*verse))) == verse


# --- Hard line ends ---------------------------------------------------------------------------


def test_lines_become_paragraphs_again() -> None:
    after = mended(told(*hard(*STORY)))
    assert texts(after) == list(STORY)
    assert [(problem.kind, problem.detail) for problem in after.problems] == [
        ("damage", "hard line ends: 8 lines joined into 4 blocks")
    ]


def test_a_border_that_cannot_be_known_runs_on() -> None:
    full = "The captain had kept the key of the engine room in his shirt pocket for years."
    assert len(full) + len(" Villagers") > 80
    after = mended(told(*hard(STORY[0], full, STORY[3], STORY[1])))
    assert texts(after) == [STORY[0], f"{full} {STORY[3]}", STORY[1]]


def test_crossheads_and_issue_lines_are_borders() -> None:
    lines = ["Vol. 10, No 14", *hard(*STORY[:2]), "No clean water", *hard(*STORY[2:])]
    assert texts(mended(told(*lines))) == ["Vol. 10, No 14", *STORY[:2], "No clean water", *STORY[2:]]


def test_one_modern_paragraph_forbids_joining() -> None:
    body = told(*hard(*STORY[:3]), STORY[0] + " " + STORY[1])
    assert mended(body) == body


def test_a_word_broken_at_the_line_end_has_no_space() -> None:
    lines = hard(*STORY)
    lines[0:1] = [lines[0] + " in a govern-", "ment car that came"]
    assert "a govern-ment car" in mended(told(*lines)).text


def test_pictures_and_links_move_with_their_words() -> None:
    lines = hard(*STORY)
    at = next(index for index, text in enumerate(lines) if "lamps" in text)
    picture = Image(url="http://www.phnompenhpost.com/lamp.jpg", block=lines.index(hard(STORY[2])[0]))
    link = Link(url="http://www.phnompenhpost.com/national/lamps", text="lamps", block=at)
    after = mended(told(*lines, images=(picture,), links=(link,)))
    assert "lamps" in after.blocks[after.links[0].block].text
    assert after.images[0].block == 2


# --- Drop caps --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("printed", "whole"),
    [
        (
            ["F", "our years after the fire the market is still a field."],
            "Four years after the fire the market is still a field.",
        ),
        (["“W", "e waited,” she said."], "“We waited,” she said."),
        (["A", "fter the rains the road was gone."], "After the rains the road was gone."),
        (["U P to 40 percent of the wells are dry."], "UP to 40 percent of the wells are dry."),
        (["T HE governor said the road would open."], "THE governor said the road would open."),
        (["I N the hills there is no road."], "IN the hills there is no road."),
    ],
)
def test_cut_off_drop_caps(printed: list[str], whole: str) -> None:
    after = mended(told(*printed, *STORY))
    assert texts(after) == [whole, *STORY]
    assert [problem.kind for problem in after.problems] == ["damage"]


def test_a_drop_cap_that_may_be_a_word_is_left() -> None:
    after = mended(told("A", "man was seen at the landing.", *STORY))
    assert texts(after)[:2] == ["A", "man was seen at the landing."]
    assert [problem.text for problem in after.problems] == ["A man"]


def test_a_lost_letter_is_reported_and_not_guessed() -> None:
    after = mended(told("FTER having waited for years, the village has a well.", *STORY))
    assert texts(after)[0].startswith("FTER having")
    assert [problem.detail for problem in after.problems] == ["the first letter is lost"]


# --- Print hyphens and wires ------------------------------------------------------------------


def test_print_hyphens() -> None:
    after = mended(
        told("The Mal-aysian trader met a Malaysian envoy.", "A div-ision of the army and a well-known tenor.")
    )
    assert texts(after) == [
        "The Malaysian trader met a Malaysian envoy.",
        "A div-ision of the army and a well-known tenor.",
    ]
    assert [(problem.detail, problem.text) for problem in after.problems] == [
        ("print hyphens taken out", "Mal-aysian"),
        ("print hyphens, as they stand", "div-ision"),
    ]


@pytest.mark.parametrize("tail", ["-Reuters", " – AFP", "- Kyodo News."])
def test_a_wire_glued_to_the_last_sentence(tail: str) -> None:
    after = mended(told(STORY[0], STORY[1] + tail))
    assert [(block.kind, block.text) for block in after.blocks[1:]] == [
        ("paragraph", STORY[1]),
        ("credit", tail.strip()),
    ]
    assert agency_of(after, POST) == tail.strip(" -–.")


def test_a_story_without_a_credit_names_no_agency() -> None:
    assert agency_of(told(*STORY), POST) is None


def test_blotter_headings_are_crossheads() -> None:
    items = [
        "Goat eats evidence",
        "A goat in Kampot ate a receipt on Monday. Koh Santepheap",
        "Bell stolen twice",
        "Thieves came back for the rope of a bell. Rasmey Kampuchea",
    ]
    after = mended(told(*items))
    assert [block.kind for block in after.blocks] == ["crosshead", "paragraph", "crosshead", "paragraph"]
    assert texts(after) == items
