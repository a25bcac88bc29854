"""Words found in the source of a page, through tags, entities and escapes."""

import json

import pytest

from postscraper.reading.alignment import Place, Source

HEADLINE = "Rain & wind: “10³ boats”"


def spans(source: str, words: str) -> list[str]:
    return [source[slice(*place.span)] for place in Source(source).places(words)]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (f"<h1>{HEADLINE}</h1>", HEADLINE),
        (
            "<h1>Rain &amp; <em>wind</em>:\n &ldquo;10<sup>3</sup> boats&#8221;</h1>",
            "Rain &amp; <em>wind</em>:\n &ldquo;10<sup>3</sup> boats&#8221;",
        ),
        (
            "<h1>Rain &#38; wi\u200bnd<!-- x -->: “10&sup3; bo<b>ats</b>”</h1>",
            "Rain &#38; wi\u200bnd<!-- x -->: “10&sup3; bo<b>ats</b>”",
        ),
        ("<title><![CDATA[Rain &amp; wind: “10³ boats”]]></title>", "Rain &amp; wind: “10³ boats”"),
        (
            "<title>Rain &amp;amp; &lt;i&gt;wind&lt;/i&gt;: “10³ boats”</title>",
            "Rain &amp;amp; &lt;i&gt;wind&lt;/i&gt;: “10³ boats”",
        ),
        ("<meta content='Rain &amp; wind: “10³ boats”'>", "Rain &amp; wind: “10³ boats”"),
        (
            json.dumps({"title": "Rain &amp; <b>wind</b>: “10³ boats”"}),
            json.dumps("Rain &amp; <b>wind</b>: “10³ boats”")[1:-1],
        ),
    ],
)
def test_words_are_found_as_they_stand(source: str, found: str) -> None:
    assert spans(source, HEADLINE) == [found]


def test_khmer_and_both_forms_of_a_letter_are_found() -> None:
    assert spans("<p>ភូមិ\u200bព្រែក</p>", "ភូមិព្រែក") == ["ភូមិ\u200bព្រែក"]
    assert spans("<p>Cafe\u0301</p>", "Café") == ["Cafe\u0301"]


def test_every_place_comes_once_and_other_words_have_none() -> None:
    assert spans("<title>Rain</title><h1>Rain</h1>", "Rain") == ["Rain", "Rain"]
    assert spans("<h1>Rain</h1>", "rain") == []
    assert spans("<h1>Rain</h1>", "\u200b ") == []


def test_pieces_leave_out_what_stands_between_but_no_word() -> None:
    source = "<p>He said <q>we go home</q> and <span>Advertisement</span>went away.</p>"

    def pieces(words: str) -> list[str]:
        return [source[slice(*piece.span)] for piece in Source(source).pieces(words, lambda _: True)]

    assert pieces("He said “we go home” and went away.") == ["He said", "we go home", "and", "went away."]
    assert pieces("He said we never go home") == []


def test_a_piece_counts_only_where_it_is_read() -> None:
    source = "<i>seven boats</i> <p>seven boats <b>x</b> were lost</p>"

    def is_read(place: Place) -> bool:
        return place.span[0] > 20

    assert [piece.span[0] > 20 for piece in Source(source).pieces("seven boats were lost", is_read)] == [True, True]
