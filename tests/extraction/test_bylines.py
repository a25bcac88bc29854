"""Names as the paper prints them: bylines, credits in captions, credit lines below stories."""

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postscraper.extraction.bylines import is_correction, is_credit_line, odd_byline, people, split_credit
from postscraper.languages import Language
from postscraper.newspapers import POST


@pytest.mark.parametrize(
    ("byline", "authors", "agency"),
    [
        ("Kun Sopheak", ("Kun Sopheak",), None),
        ("Tep Rithy and Laura Whitcombe", ("Tep Rithy", "Laura Whitcombe"), None),
        ("Tep Rithy, Laura Whitcombe and Sem Bopha", ("Tep Rithy", "Laura Whitcombe", "Sem Bopha"), None),
        ("Written by Tep Rithy & Sem Bopha", ("Tep Rithy", "Sem Bopha"), None),
        ("Reporter : Sem Bopha", ("Sem Bopha",), None),
        ("By Sem Bopha", ("Sem Bopha",), None),
        ("Tep Rithy / Sem Bopha", ("Tep Rithy", "Sem Bopha"), None),
        ("Tep Rithy, Tep Rithy", ("Tep Rithy",), None),
        ("Sandy Andrews", ("Sandy Andrews",), None),
        ("AFP", (), "AFP"),
        ("afp", (), "AFP"),
        ("Asia News Network", (), "Asia News Network"),
        ("Sem Bopha/AFP", ("Sem Bopha",), "AFP"),
        ("Post Staff", (), None),
        ("ឡុង សុជាតិ", ("ឡុង សុជាតិ",), None),
        ("ឡុង សុជាតិ និង ហេង សុវណ្ណ", ("ឡុង សុជាតិ", "ហេង សុវណ្ណ"), None),
        ("PHAK SOTHA AND STUART WILLS", ("PHAK SOTHA", "STUART WILLS"), None),
        ("Reuters in Geneva", (), "Reuters"),
        ("Reuters, Geneva", (), "Reuters"),
        ("Phak Sotha in Phnom Penh and Stuart Wills in Bangkok", ("Phak Sotha", "Stuart Wills"), None),
        ("Phak Sotha in Poipet, Cambodia, and Stuart Wills", ("Phak Sotha", "Stuart Wills"), None),
        ("PHAK SOTHA IN KEP", ("PHAK SOTHA",), None),
        ("Kim In Sook", ("Kim In Sook",), None),
        ("Story and photos by Phak Sotha", ("Phak Sotha",), None),
        ("Words by Phak Sotha, photographs by Stuart Wills", ("Phak Sotha", "Stuart Wills"), None),
        ("Text: Phak Sotha | Photos: Stuart Wills", ("Phak Sotha", "Stuart Wills"), None),
        ("Phak Sotha (text) and Stuart Wills (photos)", ("Phak Sotha", "Stuart Wills"), None),
        ("Phak Sotha with additional reporting by Stuart Wills", ("Phak Sotha", "Stuart Wills"), None),
        ("Chan Sophal, president of the rice federation", ("Chan Sophal",), None),
        ("Chan Sophal, President and CEO of Rice Ltd", ("Chan Sophal",), None),
        ("Phak Sotha (in Phnom Penh)", ("Phak Sotha",), None),
        ("Opinion by Phak Sotha; Editing by Stuart Wills", ("Phak Sotha", "Stuart Wills"), None),
        ("ដោយ ឡុង សុជាតិ", ("ឡុង សុជាតិ",), None),
        ("Yonhap", (), "Yonhap"),
        ("Chan Sophal, PhD", ("Chan Sophal",), None),
        ("Stuart Wills, Jr", ("Stuart Wills Jr",), None),
        ("Stuart Wills, Jr., and Phak Sotha", ("Stuart Wills Jr", "Phak Sotha"), None),
        ("Xinhua News Agency", (), "Xinhua"),
        ("Agence France Presse", (), "Agence France-Presse"),
        ("AFP-JIJI", (), "AFP-Jiji"),
        ("Kyodo News Service", (), "Kyodo News"),
        ("Phak Sotha/Kyodo News Service", ("Phak Sotha",), "Kyodo News"),
        ("Bhutan News Agency", (), "Bhutan News Agency"),
        ("AFP-Relaxnews", (), "AFP-Relaxnews"),
        ("The Nation (Thailand)/ANN", (), "The Nation"),
        ("THE KOREA HERALD (SOUTH KOREA)/ASIA NEWS NETWORK", (), "The Korea Herald"),
        ("Phak Sotha (Bangkok Post)", ("Phak Sotha",), "Bangkok Post"),
        ("Post Khmer", (), None),
        ("Administrator", (), None),
        ("Super User", (), None),
        ("Phak Sotha 20 June 2018", (), None),
        ("", (), None),
        (None, (), None),
    ],
)
def test_a_byline_names_people_and_an_agency(byline: str | None, authors: tuple[str, ...], agency: str | None) -> None:
    assert people(byline, POST) == (authors, agency)


@pytest.mark.parametrize("byline", ["20 June 2018", "Publication Date 20 June 2018", "the road was closed on Monday"])
def test_what_is_no_name_in_a_byline_is_reported(byline: str) -> None:
    assert people(byline, POST) == ((), None)
    assert [(each.kind, each.text) for each in odd_byline(byline, POST)] == [("unread_words", byline)]


@pytest.mark.parametrize(
    "byline",
    ["Reuters in Geneva", "Post Staff", "Chan Sophal, president of rice", "Leonardo da Costa", "Ban Ki-moon", None],
)
def test_a_byline_that_is_understood_is_no_problem(byline: str | None) -> None:
    assert odd_byline(byline, POST) == ()


@given(st.text(max_size=80))
def test_any_byline_gives_names_with_words(byline: str) -> None:
    authors, _ = people(byline, POST)
    assert all(name.strip() for name in authors)
    assert len(set(authors)) == len(authors)


@pytest.mark.parametrize(
    "credit",
    [
        "AFP",
        "AP",
        "SPM",
        "CAMSOC",
        "ECCC/POOL",
        "Bloomberg",
        "HIN VICHEKA",
        "Hin Vicheka",
        "Photo supplied",
        "Post staff",
        "Mario Delgado/AFP",
        "Supplied",
    ],
)
def test_a_last_sentence_of_names_is_the_credit(credit: str) -> None:
    caption = "Boats wait for their turn on Monday."
    assert split_credit(f"{caption} {credit}", POST) == (caption, credit)


@pytest.mark.parametrize(
    ("printed", "caption", "credit"),
    [
        ("Boats wait. Photograph: Hin Vicheka/Phnom Penh Post", "Boats wait.", "Hin Vicheka/Phnom Penh Post"),
        ("Boats wait. Photo by Hin Vicheka", "Boats wait.", "Hin Vicheka"),
        ("Boats wait. (AFP)", "Boats wait.", "AFP"),
        ("“Boats wait.” Hin Vicheka", "“Boats wait.”", "Hin Vicheka"),
        ("Hin Vicheka", None, "Hin Vicheka"),
        ("Boats wait for their turn on Monday", "Boats wait for their turn on Monday", None),
        ("Boats wait for their turn. A child laughs.", "Boats wait for their turn. A child laughs.", None),
        ("Boats wait for their turn. They have time", "Boats wait for their turn. They have time", None),
        ("Boats wait. Sok Chan/Phnom Penh Post", "Boats wait.", "Sok Chan/Phnom Penh Post"),
        ("Boats wait. PHOTO: SOK CHAN", "Boats wait.", "SOK CHAN"),
        ("Boats wait. Photo by: Sok Chan", "Boats wait.", "Sok Chan"),
        ("Boats wait. PHOTO SUPPLIED", "Boats wait.", "PHOTO SUPPLIED"),
        ("Boats wait. Photo/Sok Chan", "Boats wait.", "Sok Chan"),
        ("Boats wait. © AFP", "Boats wait.", "AFP"),
        ("Boats wait for the tide at 5 p.m. Monday", "Boats wait for the tide at 5 p.m. Monday", None),
        ("Boats wait for the tide at 5 p.m. Sok Chan", "Boats wait for the tide at 5 p.m.", "Sok Chan"),
        ("Boats wait at the market in St. Petersburg", "Boats wait at the market in St. Petersburg", None),
        ("Boats wait for the U.S. Embassy", "Boats wait for the U.S. Embassy", None),
        ("Boats wait for Mr. Sok Chan", "Boats wait for Mr. Sok Chan", None),
        ("Boats wait for Gen. Sok Chan", "Boats wait for Gen. Sok Chan", None),
        ("Boats wait for Dr. Sok. Hin Vicheka", "Boats wait for Dr. Sok.", "Hin Vicheka"),
        ("Boats wait on the way to the U.S. AFP", "Boats wait on the way to the U.S.", "AFP"),
        ("Boats wait. Guests of the U.S. Embassy", "Boats wait. Guests of the U.S. Embassy", None),
        ("coup.jpg", "coup.jpg", None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_caption_and_credit_come_apart(printed: str | None, caption: str | None, credit: str | None) -> None:
    assert split_credit(printed, POST) == (caption, credit)


@given(st.text(max_size=200))
def test_no_word_of_a_caption_is_lost(printed: str) -> None:
    caption, credit = split_credit(printed, POST)
    assert "".join(filter(str.isalnum, caption or "")) in "".join(filter(str.isalnum, printed))
    if caption is None and credit is None:
        assert not printed


@pytest.mark.parametrize(
    "line",
    [
        "THE RED RIVER GAZETTE (VIETNAM)/ASIA NEWS NETWORK",
        "ASIA NEWS NETWORK",
        "AFP",
        "- Reuters",
        "–AFP",
        "(Bloomberg)",
        "Reuters/Hin Vicheka",
        "Additional reporting by Yim Sreyleak",
        "Additional reporting and photography by Yim Sreyleak",
        "Translated by Yim Sreyleak",
        "To contact the reporter on this story: Yim Sreyleak at desk@example.org",
    ],
)
def test_a_line_of_names_is_a_credit(line: str) -> None:
    assert is_credit_line(line, POST)


@pytest.mark.parametrize(
    "line",
    [
        "The AFP reporter left at noon.",
        "Reuters quoted the governor as saying that the road was open.",
        "He reads AP",
        "",
    ],
)
def test_a_sentence_about_an_agency_is_no_credit(line: str) -> None:
    assert not is_credit_line(line, POST)


def test_corrections_are_told_from_stories() -> None:
    assert is_correction("Correction: An earlier version gave another length.", POST)
    assert is_correction("Editor’s note: The writer is a nurse.", POST)
    assert not is_correction("Corrections officers met on Monday.", POST)


@pytest.mark.parametrize("text", ["Ab/" * 30_000, "A, president of " * 10_000, "Mr. " * 20_000, "(" * 30_000])
def test_a_long_line_takes_no_long_time(text: str) -> None:
    started = time.process_time()
    people(text, POST)
    odd_byline(text, POST)
    split_credit(text, POST)
    assert time.process_time() - started < 2


def test_roles_places_and_titles_are_those_of_the_newspapers_languages() -> None:
    portuguese = Language(code="pt", by="por", joins=r"\be\b", role="texto|fotos?", place="em", title="presidente")
    paper = replace(POST, languages=(portuguese,))
    bylines = (
        "Texto: Ana Lima; fotos: Rui Sá",
        "Ana Lima em Horta e Rui Sá",
        "Ana Lima, presidente da Lagoa",
        "ANA LIMA EM HORTA",
    )
    assert [people(byline, paper)[0] for byline in bylines] == [
        ("Ana Lima", "Rui Sá"),
        ("Ana Lima", "Rui Sá"),
        ("Ana Lima",),
        ("ANA LIMA",),
    ]
    assert people(bylines[0], POST)[0] == ("Texto: Ana Lima",), "a paper without the language reads no such word"
