"""Text typed above a story: kicker, standfirst, picture's words and dateline, set apart or left."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from postscraper.extraction.body import Body
from postscraper.items import Block, Image, Link
from postscraper.layouts.phnompenhpost.typed_opening import Opening, captioned, opened

STORY = (
    "The ferry at Prek Samnang made its last crossing on Sunday, with three cows and the governor.",
    "Its captain said that he had counted the crossings and had given it up at forty thousand.",
    "A bridge upstream was opened in January.",
)


def told(*texts: str, images: tuple[Image, ...] = (), links: tuple[Link, ...] = ()) -> Body:
    return Body(
        blocks=tuple(Block(kind="paragraph", text=text) for text in texts), images=images, links=links, problems=()
    )


def texts(body: Body) -> list[str]:
    return [block.text for block in body.blocks]


def letters(text: str) -> Counter[str]:
    return Counter("".join(text.split()))


line = st.one_of(
    st.sampled_from(
        [
            "Photo by:",
            "Photo by: TRUDY VANCE",
            "TRUDY VANCE",
            "Kampot province",
            "A boat.",
            "FERRY men wept.",
            "Vol. 7, No 8",
        ]
    ),
    st.text(st.sampled_from(" abcABF.,-“”0"), min_size=1, max_size=60).map(str.strip).filter(bool),
)


@given(st.lists(line, max_size=9))
@example(["Photo by: TRUDY VANCE", "Photo by: TRUDY VANCE", "Kampot province"])
def test_every_word_is_in_the_opening_or_in_the_body(lines: list[str]) -> None:
    opening, rest = opened(told(*lines))
    kept = (opening.kicker, opening.standfirst, opening.picture_text, opening.dateline, *texts(rest))
    assert letters(" ".join(lines)) - letters(" ".join(filter(None, kept))) == Counter()


@pytest.mark.parametrize("first", ["Phnom Penh is quiet.", "PRIME Minister, he said.", "Photo by the river, he stood."])
def test_a_modern_story_has_no_opening(first: str) -> None:
    body = told(first, *STORY)
    assert opened(body) == (Opening(), body)


def test_kicker_is_no_paragraph() -> None:
    opening, rest = opened(told("THIS WEEK IN HISTORY", "Vol. 7, No. 8 / April 24 to May 7 1998", *STORY))
    assert opening.kicker == "THIS WEEK IN HISTORY / Vol. 7, No. 8 / April 24 to May 7 1998"
    assert texts(rest) == list(STORY)


@pytest.mark.parametrize(
    "line", ["Vol. 10, No 14 / July 6-19, 2001", "Vol 7, No 8", "April 24 to May 7 1998", "July 6-19, 2001"]
)
def test_forms_of_the_issue_line(line: str) -> None:
    assert opened(told(line, *STORY))[0].kicker == line


STANDFIRST = "The ferry is gone; the bridge has no lamps."
CAPTION = "Passengers wave from the last ferry at Prek Samnang."
SHOUTED = "FERRY passengers said farewell on Sunday."


@pytest.mark.parametrize(
    ("head", "standfirst", "caption", "dateline"),
    [
        ([STANDFIRST, "Photo by:", "TRUDY VANCE", CAPTION, "Kampot province"], STANDFIRST, CAPTION, "Kampot province"),
        ([STANDFIRST, "Photo by: TRUDY VANCE", CAPTION], STANDFIRST, CAPTION, None),
        (["Photo by: TRUDY VANCE " + CAPTION], None, CAPTION, None),
        (["Photo by: TRUDY VANCE", "Kampot province"], None, None, "Kampot province"),
    ],
)
def test_what_was_typed_above_the_story(
    head: list[str], standfirst: str | None, caption: str | None, dateline: str | None
) -> None:
    opening, rest = opened(told(*head, SHOUTED, *STORY))
    assert (opening.standfirst, opening.credit, opening.caption, opening.dateline) == (
        standfirst,
        "TRUDY VANCE",
        caption,
        dateline,
    )
    assert texts(rest) == [SHOUTED, *STORY]


def test_dateline_without_a_picture() -> None:
    opening, rest = opened(told(STANDFIRST, "Siem Reap", SHOUTED, *STORY))
    assert (opening.standfirst, opening.dateline, texts(rest)[0]) == (STANDFIRST, "Siem Reap", SHOUTED)


def test_a_picture_in_the_midst_of_the_story_is_left() -> None:
    body = told(SHOUTED, "Photo by: TRUDY VANCE", CAPTION, *STORY)
    assert opened(body) == (Opening(), body)


def test_a_caption_that_may_be_the_story_is_left_and_said() -> None:
    opening, rest = opened(told("Photo by: TRUDY VANCE", CAPTION, *STORY))
    assert (opening.credit, opening.caption) == ("TRUDY VANCE", None)
    assert texts(rest)[0] == CAPTION
    assert [problem.text for problem in rest.problems] == [CAPTION]


def test_a_line_with_a_link_is_no_standfirst() -> None:
    link = Link(url="http://www.phnompenhpost.com/national/ferry", text="ferry", block=0)
    body = told(STANDFIRST, "Photo by: TRUDY VANCE", CAPTION, SHOUTED, links=(link,))
    assert opened(body) == (Opening(), body)


def test_a_quote_below_the_opening_is_no_hindrance() -> None:
    body = told("THIS WEEK IN HISTORY", *STORY)
    quoted = replace(body, blocks=(*body.blocks[:2], Block(kind="quote", text="We had a boat."), *body.blocks[2:]))
    opening, rest = opened(quoted)
    assert (opening.kicker, rest.blocks) == ("THIS WEEK IN HISTORY", quoted.blocks[1:])


def test_links_and_pictures_behind_the_opening_move_up() -> None:
    link = Link(url="http://www.phnompenhpost.com/national/ferry", text="ferry", block=4)
    picture = Image(url="http://www.phnompenhpost.com/ferry.jpg", block=5)
    body = told("Photo by: TRUDY VANCE", CAPTION, SHOUTED, *STORY, links=(link,), images=(picture,))
    _, rest = opened(body)
    assert (rest.links[0].block, rest.images[0].block) == (2, 3)


def test_caption_goes_to_the_first_picture() -> None:
    opening, _ = opened(told("Photo by: TRUDY VANCE", CAPTION, SHOUTED))
    picture = Image(url="http://www.phnompenhpost.com/1.jpg", caption="090331_01f.jpg", caption_text="090331_01f.jpg")
    (first,), problems = captioned((picture,), opening)
    assert (first.caption, first.credit, problems) == (CAPTION, "TRUDY VANCE", ())
    assert first.caption_text == f"Photo by: TRUDY VANCE {CAPTION}"


def test_caption_without_a_picture_is_reported() -> None:
    opening, _ = opened(told("Photo by: TRUDY VANCE", CAPTION, SHOUTED))
    images, problems = captioned((), opening)
    assert (images, [problem.text for problem in problems]) == ((), [f"Photo by: TRUDY VANCE {CAPTION}"])
