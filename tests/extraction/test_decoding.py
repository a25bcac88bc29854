"""From bytes to text: whatever the labels say, and whatever the bytes are."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from postscraper.errors import PageRejected
from postscraper.extraction.content_coding import MAX_BYTES
from postscraper.extraction.decode import end_of_page, guard, look_at, looks_like_html, text_of

KHMER = "<p>ព័ត៌មាន\u200bថ្ងៃ\u200bនេះ</p>"
CAFE = "<p>Café owners ‘unmoved’ by naïve plan – report</p>"


@pytest.mark.parametrize(
    "label",
    [
        None,
        "",
        "text/html",
        "text/html; charset=utf-8",
        "text/html; charset=ISO-8859-1",
        "charset=windows-1252",
        "charset=ascii",
    ],
)
def test_bytes_that_are_utf8_are_utf8(label: str | None) -> None:
    assert text_of(KHMER.encode(), label) == (KHMER, ())


@pytest.mark.parametrize(
    ("charset", "label", "text"),
    [
        ("cp1252", "text/html; charset=windows-1252", CAFE),
        ("cp1252", "text/html; charset=iso-8859-1", CAFE),
        ("cp1252", "text/html; charset=utf-8", CAFE),
        ("cp1252", None, CAFE),
        ("gb18030", "text/html; charset=gb18030", KHMER),
        ("utf-16-le", "text/html; charset=utf-16le", KHMER),
        ("utf-16-be", "text/html; charset=utf-16be", KHMER),
        ("utf-16", None, KHMER),
        ("utf-8-sig", "text/html; charset=windows-1252", KHMER),
    ],
)
def test_other_character_sets_are_read(charset: str, label: str | None, text: str) -> None:
    assert text_of(text.encode(charset), label) == (text, ())


def test_a_page_tells_its_own_character_set() -> None:
    text = f'<meta charset="gb18030">{KHMER}'
    assert text_of(text.encode("gb18030"), None) == (text, ())


@pytest.mark.parametrize("label", [None, "text/html; charset=iso-8859-1", "text/html; charset=utf-8"])
def test_broken_utf8_is_no_other_character_set(label: str | None) -> None:
    text, problems = text_of(KHMER.encode() + b"\xff\xfe" + KHMER.encode(), label)
    assert text.startswith(KHMER)
    assert text.endswith(KHMER)
    assert [each.kind for each in problems] == ["undecodable_bytes"]


def test_nul_bytes_are_dropped() -> None:
    assert text_of(b"ca\x00nal" + b"\x00" * 215, None) == ("canal", ())


@given(
    st.binary(max_size=300), st.text(max_size=60) | st.text(max_size=30).map("text/html; charset={}".format) | st.none()
)
@example(b"\xff\xfe\x00", "charset=rot13")
@example(b"\xfe\xff\xd8", "charset=zlib_codec")
@example(b"+ADw-script+AD4-", "charset=utf-7")
@example(b"\x80", "charset=idna")
@example(b"\x80", "charset=" + "x" * 60)
@example(b"\x80", "charset=undefined")
def test_no_bytes_and_no_label_raise(body: bytes, label: str | None) -> None:
    text, _ = text_of(body, label)
    assert "\x00" not in text
    text.encode("utf-8")


def test_a_label_never_makes_markup_of_words() -> None:
    assert text_of(b"+ADw-script+AD4-", "text/html; charset=utf-7") == ("+ADw-script+AD4-", ())


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b" \r\n\t\x00", "empty"),
        (b"%PDF-1.4", "pdf"),
        (b"\x89PNG\r\n\x1a\n", "picture"),
        (b"\xff\xd8\xff\xe0", "picture"),
        (b"GIF89a", "picture"),
        (b"RIFF0000WEBP", "picture"),
        (b"PK\x03\x04", "not_html"),
        (b"x" * (MAX_BYTES + 1), "too_large"),
    ],
    ids=["empty", "blank", "pdf", "png", "jpeg", "gif", "webp", "zip", "large"],
)
def test_files_of_other_kinds_are_named(body: bytes, reason: str) -> None:
    with pytest.raises(PageRejected) as known:
        look_at(body, None)
    assert known.value.reason == reason


def test_only_opening_tags_are_counted() -> None:
    guard(b"<i></i>" * 900_000)
    with pytest.raises(PageRejected, match="more than"):
        guard(b"<i>" * 1_000_001)


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("<html></html>", 0),
        ("<html></HTML\n>", 0),
        ("<html></html><!-- Page cached by Boost -->", 0),
        ("<html><p>Half a", 1),
        ("<html></html" + "x" * 300_000, 1),
        ("<html><![CDATA[<p>One.</p></html>", 1),
        ('<html><script>/* <![CDATA[ */ var a = {"b":"<p>One.</p>"}; /* ]]> */</script></html>', 0),
        ("<html><script></script><![CDATA[<p>One.</p><script></script></html>", 1),
        ("<html><style><!--/*--><![CDATA[/*><!--*/ a {} /*]]>*/--></style></html>", 0),
    ],
)
def test_a_page_that_breaks_off_is_told(text: str, problems: int) -> None:
    assert [each.kind for each in end_of_page(text)] == ["cut"] * problems


@pytest.mark.parametrize(
    ("text", "expected"), [("<P>", True), ("<!DOCTYPE html>", True), ("a < b", False), ("<xml>", False)]
)
def test_html_is_known_by_its_elements(text: str, expected: bool) -> None:
    assert looks_like_html(text) is expected
