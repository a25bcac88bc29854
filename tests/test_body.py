"""The body: every word read, skipped by name, or reported, and each in its kind of block."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postscraper.body import NEVER_WORDS, NOT_BARE, PAYWALL, REPORTED, Body, body
from postscraper.extract import Page, node, nodes, the_node
from postscraper.items import Capture
from postscraper.newspapers import PHNOM_PENH_POST_LAYOUTS

URL = "https://www.phnompenhpost.com/national/river-clinic"


def read(markup: str, **rules: str) -> Body:
    capture = Capture(url=URL, captured_at=None, body=b"", source="test")
    page = Page(f'<html><body><div id="story">{markup}</div></body></html>', capture)
    return body(page, the_node(page, "#story"), **rules)


def blocks(markup: str) -> list[tuple[str, str]]:
    return [(block.kind, block.text) for block in read(markup).blocks]


def said(markup: str) -> list[str]:
    return [block.text for block in read(markup).blocks]


@pytest.mark.parametrize(
    "markup",
    [
        "<p>One.</p><p>Two.</p>",
        "<P>One.<P>Two.",
        "<div>One.</div>\n<div>Two.</div>",
        "One.<br><br/>Two.",
        "<p>One.<br>\n<br>Two.</p>",
        "One.<p>Two.</p>",
        "<section><article><p>One.</p></article></section><div><div>Two.</div></div>",
        "<table><tr><td>One.</td></tr><tr><td>Two.</td></tr></table>",
        "<details><summary>One.</summary>Two.</details>",
        "<p>\u200b</p><p>One.</p><p>&nbsp;&#8203;</p><p>Two.</p><p></p>",
        "<p><b><i>One.</i></b></p><p>Two.</p>",
    ],
)
def test_paragraphs_however_they_are_set(markup: str) -> None:
    assert said(markup) == ["One.", "Two."]


def test_a_single_break_stands_between_words() -> None:
    assert said("<p>One<br>two<br/>three<BR>four</p>") == ["One two three four"]


def test_inline_marks_part_no_words() -> None:
    assert said("<p>A <em>ri</em>ver\n   <a href='/a'>clinic</a>, <span>new</span>.</p>") == ["A river clinic, new."]


def test_khmer_keeps_its_zero_width_spaces() -> None:
    assert said("<p>ក្រុម\u200bការងារ\u200bទឹក។</p>") == ["ក្រុម\u200bការងារ\u200bទឹក។"]


@pytest.mark.parametrize(
    ("markup", "kind"),
    [
        ("<p><strong>What the drivers say</strong></p>", "crosshead"),
        ("<p><b>What the </b> <b>drivers say</b></p>", "crosshead"),
        ("<h3>What the drivers say</h3>", "crosshead"),
        ("<p><strong>The whole paragraph is shouted.</strong></p>", "paragraph"),
        (f"<p><strong>{'very ' * 30}long</strong></p>", "paragraph"),
        ("<p><strong>Pursat</strong> A bridge opened</p>", "paragraph"),
        ("<blockquote>I can wait.</blockquote>", "quote"),
        ("<blockquote><p>I can wait.</p></blockquote>", "quote"),
        ("<ul><li>500 riel for motorbikes;</li></ul>", "list_item"),
        ("<ol><li><p>500 riel for motorbikes;</p></li></ol>", "list_item"),
        ("<p><em>THE RED RIVER GAZETTE (VIETNAM)/ASIA NEWS NETWORK</em></p>", "credit"),
        ("<p>Additional reporting by Yim Sreyleak</p>", "credit"),
        ("<p>Correction: It is 412 metres long.</p>", "correction"),
    ],
)
def test_each_block_has_its_kind(markup: str, kind: str) -> None:
    assert [each for each, _ in blocks(markup)] == [kind]


def test_a_kind_ends_with_its_element() -> None:
    assert blocks("<ul><li>One</li></ul>Two.<h2>Three</h2><p>Four.</p>") == [
        ("list_item", "One"),
        ("paragraph", "Two."),
        ("crosshead", "Three"),
        ("paragraph", "Four."),
    ]


@pytest.mark.parametrize(
    "junk",
    [
        "<script>var x = 'junk';</script>",
        "<style>.junk{}</style>",
        "<noscript>junk</noscript>",
        "<template><p>junk</p></template>",
        "<textarea>junk</textarea>",
        "<form><p>junk</p></form>",
        "<iframe src='/ad'>junk</iframe>",
        "<svg><title>junk</title></svg>",
        "<p style='display:none'>junk</p>",
        "<p hidden>junk</p>",
        "<!-- junk -->",
    ],
)
def test_what_is_no_words_is_skipped(junk: str) -> None:
    found = read(f"<p>One.</p>{junk}<p>Two.</p>")
    assert [block.text for block in found.blocks] == ["One.", "Two."]
    assert found.problems == ()


def test_what_the_layout_names_is_skipped() -> None:
    found = read("<p>One.</p><div class='dfp_ad'>Buy.</div><p>Two.</p>", skip=".dfp_ad")
    assert [block.text for block in found.blocks] == ["One.", "Two."]
    assert found.problems == ()


@pytest.mark.parametrize(
    "stray",
    [
        "<aside>Stray words.</aside>",
        "<div class='related'><h3>Stray words.</h3></div>",
        "<ul class='menu'><li>Stray words.</li></ul>",
        "<table><tr><td>Stray</td><td>words.</td></tr></table>",
        "<table><tr><th colspan=2>Stray</th></tr><tr><td>words.</td><td></td></tr></table>",
        "<div id='comments' class='comments'>Stray words.</div>",
    ],
)
def test_words_that_may_be_the_storys_are_reported(stray: str) -> None:
    found = read(f"<p>One.</p>{stray}<p>Two.</p>")
    assert [block.text for block in found.blocks] == ["One.", "Two."]
    assert [(each.kind, (each.text or "").split()) for each in found.problems] == [
        ("unread_words", ["Stray", "words."])
    ]


def test_a_paywall_is_told() -> None:
    found = read("<p>One.</p><div class='paywall'>Subscribe to read on.</div>")
    assert [each.kind for each in found.problems] == ["paywall"]
    assert [block.text for block in found.blocks] == ["One."]


@pytest.mark.parametrize(
    ("leaked", "left"),
    [
        ('itemtype="http://schema.org/ImageObject"', []),
        ('itemscope itemtype="http://schema.org/ImageObject">', []),
        ('JANUARY " />', ["JANUARY"]),
        ('The gate class="align-left"> went down.', ["The gate went down."]),
    ],
)
def test_leaked_markup_goes_and_is_told(leaked: str, left: list[str]) -> None:
    found = read(f"<p>{leaked.replace('>', '&gt;')}</p>")
    assert [block.text for block in found.blocks] == left
    assert [(each.kind, each.text) for each in found.problems] == [("damage", leaked)]


def test_sums_are_no_leaked_markup() -> None:
    found = read("<p>Two and two = four, and a/b is a fraction.</p>")
    assert found.problems == ()


def test_links_know_their_block() -> None:
    found = read("<p>One.</p><p>A <a href='/b?x=1#y'>second</a> and <a href='https://example.org/c'>third</a>.</p>")
    assert [(each.url, each.text, each.block) for each in found.links] == [
        ("https://www.phnompenhpost.com/b?x=1", "second", 1),
        ("https://example.org/c", "third", 1),
    ]


@pytest.mark.parametrize("href", ["javascript:alert(1)", "mailto:a@example.org", "", "http://[::1/"])
def test_links_that_lead_nowhere_keep_their_words(href: str) -> None:
    found = read(f"<p>A <a href='{href}'>second</a>.</p>")
    assert found.links == () or href == ""
    assert [block.text for block in found.blocks] == ["A second."]


def test_a_picture_knows_where_it_stands() -> None:
    found = read(
        "<p>One.</p><figure><img src='/a.jpg' alt='Boats'><figcaption>Boats wait. Hin Vicheka</figcaption></figure>"
        "<p>Two.</p>"
    )
    (picture,) = found.images
    assert picture.url == "https://www.phnompenhpost.com/a.jpg"
    assert (picture.caption, picture.credit, picture.caption_text) == (
        "Boats wait.",
        "Hin Vicheka",
        "Boats wait. Hin Vicheka",
    )
    assert (picture.alt, picture.block) == ("Boats", 1)
    assert [block.text for block in found.blocks] == ["One.", "Two."]


@pytest.mark.parametrize(
    "markup",
    [
        "<figure><img src='/a.jpg'><figcaption>Boats wait.</figcaption></figure><p>Boats wait.</p>",
        "<p><img src='/a.jpg' alt='Boats wait.'></p><p>Boats wait.</p>",
        "<p><img src='/a.jpg'></p><figcaption>Boats wait.</figcaption>",
    ],
)
def test_a_caption_is_no_paragraph(markup: str) -> None:
    found = read(f"<p>One.</p>{markup}<p>Two.</p>")
    assert [block.text for block in found.blocks] == ["One.", "Two."]
    assert [picture.caption_text for picture in found.images] == ["Boats wait."]
    assert found.problems == ()


def test_a_caption_without_a_picture_is_reported() -> None:
    found = read("<p>One.</p><figcaption>Boats wait.</figcaption>")
    assert [block.text for block in found.blocks] == ["One."]
    assert [(each.kind, each.text) for each in found.problems] == [("unread_words", "Boats wait.")]


def test_words_beside_a_picture_are_reported() -> None:
    found = read("<figure><img src='/a.jpg'><figcaption>Boats.</figcaption><p>Print this</p></figure>")
    assert [(each.kind, each.text) for each in found.problems] == [("unread_words", "Print this")]


def test_a_file_name_stays_an_alt_and_the_sites_default_goes() -> None:
    found = read(
        "<p>One.</p><img src='/a.jpg' alt='081126_03.jpg'><img src='/b.jpg' alt='Content image - Phnom Penh Post'>"
    )
    assert [picture.alt for picture in found.images] == ["081126_03.jpg", None]


@given(st.lists(st.text(alphabet="abc ។ក\u200b<>&=\"'", max_size=20), max_size=6))
def test_every_word_is_read_or_reported(paragraphs: list[str]) -> None:
    escaped = (text.replace("&", "&amp;").replace("<", "&lt;") for text in paragraphs)
    found = read("".join(f"<p>{text}</p>" for text in escaped))
    told = "".join([block.text for block in found.blocks] + [each.text or "" for each in found.problems])
    for text in paragraphs:
        assert all(word in told for word in text.split() if word.strip("\u200b"))


def test_no_rule_sets_aside_what_the_first_look_takes_for_bare() -> None:
    bare = "<p>a<br><a href='/b'>b</a><b>c</b><strong>d</strong><i>e</i><em>f<p><a>g<b><i><em><strong>h"
    page = Page(f"<p>{bare}", Capture(url=URL, captured_at=None, body=b"", source="test"))
    assert node(the_node(page, "body"), NOT_BARE) is None
    named = (
        getattr(layout, name, "p") for layout in PHNOM_PENH_POST_LAYOUTS for name in ("SKIP", "PICTURES", "CAPTION")
    )
    for rule in (NEVER_WORDS, PAYWALL, REPORTED, *(css for css in named if css != "p")):
        assert nodes(the_node(page, "body"), rule) == []


def test_a_layout_may_name_more_that_is_reported() -> None:
    found = read("<p>One.</p><div class='plug'><p>Two.</p></div>", reported=".plug")
    assert [block.text for block in found.blocks] == ["One."]
    assert [(problem.kind, problem.text) for problem in found.problems] == [("unread_words", "Two.")]
