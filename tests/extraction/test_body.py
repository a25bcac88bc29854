"""The body: every word read, skipped by name, or reported, and each in its kind of block."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postscraper.extraction.body import NEVER_WORDS, NOT_BARE, PAYWALL, REPORTED, Body, body
from postscraper.extraction.page import Page, node, nodes, the_node
from postscraper.items import Capture
from postscraper.newspapers import POST
from postscraper.reading.read import loaded

URL = "https://www.phnompenhpost.com/national/river-clinic"


def read(markup: str, **rules: str) -> Body:
    capture = Capture(url=URL, captured_at=None, body=b"", source="test")
    page = Page(f'<html><body><div id="story">{markup}</div></body></html>', capture, POST)
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
    page = Page(f"<p>{bare}", Capture(url=URL, captured_at=None, body=b"", source="test"), POST)
    assert node(the_node(page, "body"), NOT_BARE) is None
    named = (getattr(layout, name, "p") for layout in loaded(POST.layouts) for name in ("SKIP", "PICTURES", "CAPTION"))
    for rule in (NEVER_WORDS, PAYWALL, REPORTED, *(css for css in named if css != "p")):
        assert nodes(the_node(page, "body"), rule) == []


GIF = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"


@pytest.mark.parametrize(
    "img",
    [
        f"<img src='{GIF}' data-src='/a.jpg'>",
        "<img data-src='/a.jpg'>",
        "<img src='/modules/lazyloader/image_placeholder.gif' data-src='/a.jpg'>",
        "<img src='/spacer.gif' data-lazy-src='/a.jpg'>",
        "<img src='/grey.gif' data-original='/a.jpg'>",
        "<img src='' data-hi-res='/a.jpg'>",
        f"<img src='{GIF}' srcset='/s.jpg 300w, /a.jpg 1024w, /m.jpg 600w'>",
        "<img data-srcset='/s.jpg 1x, /a.jpg 2x'>",
        f"<img data-sizes='auto' src='{GIF}' data-src='https://x.test/{{width}}.jpg' data-srcset='/a.jpg 640w'>",
        "<picture><source srcset='/a.jpg 2x'><img alt=''></picture>",
        f"<picture><source data-srcset='/a.jpg'><img src='{GIF}'></picture>",
        f"<img class='lazy' src='{GIF}'><noscript><img src='/a.jpg'></noscript>",
        "<img src='/a.jpg' srcset='/a-2.jpg 2x'>",
        "<amp-img src='/a.jpg'></amp-img>",
        "<div class='photo' style='background: #eee url(\"/a.jpg\") no-repeat'></div>",
        "<div data-bg='/a.jpg'></div>",
    ],
)
def test_a_picture_has_the_address_that_a_browser_shows(img: str) -> None:
    found = read(f"<p>One.</p><figure>{img}<figcaption>Boats wait. Hin Vicheka</figcaption></figure>")
    assert [(each.url, each.caption, each.credit) for each in found.images] == [
        ("https://www.phnompenhpost.com/a.jpg", "Boats wait.", "Hin Vicheka")
    ]
    assert found.problems == ()


@pytest.mark.parametrize(
    ("box", "text"),
    [
        (f"<figure><img src='{GIF}'><figcaption>Boats wait.</figcaption></figure>", "Boats wait."),
        (f"<p><img src='{GIF}' alt='Boats wait.'></p>", "Boats wait."),
        ("<figure><iframe src='/v'></iframe><figcaption>Boats wait.</figcaption></figure>", "Boats wait."),
        ("<figure><video src='/v'></video><figcaption>Boats wait.</figcaption></figure>", "Boats wait."),
        ("<div class='wp-caption'><p class='wp-caption-text'>Boats wait.</p></div>", "Boats wait."),
        ("<img src='/a.jpg'><figure><iframe></iframe><figcaption>Boats wait.</figcaption></figure>", "Boats wait."),
    ],
)
def test_the_caption_of_what_is_no_picture_is_reported(box: str, text: str) -> None:
    found = read(f"<p>One.</p>{box}<p>Two.</p>")
    assert [block.text for block in found.blocks] == ["One.", "Two."]
    assert [each.caption for each in found.images if each.caption] == []
    assert [(each.kind, each.text) for each in found.problems] == [("unread_words", text)]


def test_the_cells_and_the_caption_of_a_table_in_a_figure_are_reported_apart() -> None:
    found = read(
        "<figure><table><tr><td>Prek Dach</td><td>14</td></tr></table><figcaption>Crossings</figcaption></figure>"
    )
    assert [each.text for each in found.problems] == ["Prek Dach 14", "Crossings"]


@pytest.mark.parametrize(
    "markup",
    [
        "<div class='wp-caption'><img src='/a.jpg'><p class='wp-caption-text'>Boats wait. Hin Vicheka</p></div>",
        "<p><img src='/a.jpg' alt='Boats wait.'></p><p><em>Boats wait. Hin Vicheka</em></p>",
        "<p><img src='/a.jpg' alt='Boats wait'></p><p>Boats wait. (Hin Vicheka)</p>",
        "<p><img src='/a.jpg' alt='Boats wait.'><br>Boats wait. Hin Vicheka</p>",
        "<table><tr><td><img src='/a.jpg'></td></tr><tr><td class='caption'>Boats wait. Hin Vicheka</td></tr></table>",
        "<table><tr><td rowspan=2>&nbsp;</td><td><img src='/a.jpg'></td></tr>"
        "<tr><td class='caption'>Boats wait. Hin Vicheka</td></tr></table>",
        "<img src='/a.jpg'><div class='field-photo-caption'>Boats wait. Hin Vicheka</div>",
        "<img class='caption' src='/a.jpg' title='Boats wait. Hin Vicheka'>",
    ],
)
def test_a_caption_is_known_however_it_is_set(markup: str) -> None:
    found = read(f"<p>One.</p>{markup}<p>Two.</p>")
    assert [block.text for block in found.blocks] == ["One.", "Two."]
    assert [(each.caption, each.credit) for each in found.images] == [("Boats wait.", "Hin Vicheka")]
    assert found.problems == ()


@pytest.mark.parametrize("img", ["<img src='/spacer.gif'>", f"<img src='{GIF}'>", "<img src='/a' width=1 height=1>"])
def test_what_makes_room_or_counts_is_no_picture(img: str) -> None:
    found = read(f"<p>One.</p>{img}<p>Two.</p>")
    assert found.images == ()
    assert found.problems == ()


def test_pictures_in_a_table_of_figures_are_kept() -> None:
    found = read("<table><tr><td><img src='/a.jpg'></td><td><img src='/b.jpg'></td></tr></table><p>One.</p>")
    assert [each.url[-6:] for each in found.images] == ["/a.jpg", "/b.jpg"]


@pytest.mark.parametrize(
    "table",
    [
        "<table><tr><td width=10>&nbsp;</td><td><p>One.</p><p>Two.</p></td></tr></table>",
        "<table><tr><td><img src='/spacer.gif'></td><td>One.</td><td></td></tr><tr><td></td><td>Two.</td></tr></table>",
        "<table><tr><td rowspan=2></td><td>One.</td></tr><tr><td>Two.</td></tr></table>",
        "<table><tr><td colspan=2></td></tr><tr><td></td><td>One.<p>Two.</td></tr></table>",
    ],
)
def test_a_table_that_only_sets_the_story_out_is_read(table: str) -> None:
    assert said(table) == ["One.", "Two."]


@pytest.mark.parametrize(
    "between",
    [
        "<br>\u200b<br>",
        "<br><span>\u200b\xa0</span><br>",
        "<div class='ad'></div>",
        "<div class='ad'><script>x</script></div>",
        "<form>x</form>",
        "<div style='display:none'>x</div>",
    ],
)
def test_what_ends_a_paragraph(between: str) -> None:
    assert [block.text for block in read(f"<div>One.{between}Two.</div>", skip=".ad").blocks] == ["One.", "Two."]


@pytest.mark.parametrize(
    "between",
    [
        "<iframe src='/v'>x</iframe>",
        "<video></video>",
        "<img src='/a.jpg'>",
        "<ins class='ad'>x</ins>",
        "<button>x</button>",
    ],
)
def test_what_stands_between_words_parts_them(between: str) -> None:
    assert [block.text for block in read(f"<p>One{between}two</p>", skip=".ad").blocks] == ["One two"]


@pytest.mark.parametrize(
    "inside", ["<script>x</script>", "<span style='DISPLAY : none'>x</span>", "<span hidden>x</span>"]
)
def test_what_nobody_sees_parts_no_word(inside: str) -> None:
    assert said(f"<p>vil{inside}lage</p>") == ["village"]


@pytest.mark.parametrize(
    "hidden",
    [
        *("style='display :none'", "style='DISPLAY:NONE'", "style='color:red;display:\nnone !important'"),
        *("style='visibility: hidden'", "style='font-size:0'", "style='text-indent:-9999px'", "hidden"),
        *("class='element-invisible'", "class='big sr-only'", "class='screen-reader-text'", "class='visuallyhidden'"),
        *("style='left:-999em'", "style='position:absolute; clip: rect(0 0 0 0)'", "class='screen-reader-only'"),
    ],
)
def test_hidden_in_any_spelling_is_hidden(hidden: str) -> None:
    found = read(f"<p>One.</p><p {hidden}>junk</p><p>Two.</p>")
    assert [block.text for block in found.blocks] == ["One.", "Two."]
    assert found.problems == ()


@pytest.mark.parametrize(
    "shown", ["style='font-size:0.9em'", "style='xdisplay:none'", "aria-hidden='true'", "class='element-invisible-not'"]
)
def test_what_is_seen_is_read(shown: str) -> None:
    assert said(f"<p>One.</p><p {shown}>Two.</p>") == ["One.", "Two."]


def test_a_mark_for_the_eye_alone_is_no_word() -> None:
    assert said("<p>One.</p><span aria-hidden='true'>×</span><p>Two.</p>") == ["One.", "Two."]


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("said <q>we wait</q> and left", "said “we wait” and left"),
        ("<q>we heard <q>no</q> twice</q>", "“we heard ‘no’ twice”"),
        ("ថា<q>ទឹក</q>", "ថា“ទឹក”"),
        ("10<sup>3</sup> m<sup>2</sup>, 10<sup>-6</sup>", "10³ m², 10⁻⁶"),
        ("H<sub>2</sub>O and CO<sub>x</sub>", "H₂O and COₓ"),
        ("2<sup>n</sup>, 10<sup>3.5</sup>, x<sup>1 or 2</sup>", "2ⁿ, 10^3.5, x^(1 or 2)"),
        (
            "the 20<sup>th</sup> of May, as Chan wrote<sup><a href='#1'>[1]</a></sup>",
            "the 20th of May, as Chan wrote[1]",
        ),
        ("<img class='emoji' alt='🙂' src='/1f642.svg'> she wrote", "🙂 she wrote"),
    ],
)
def test_marks_that_a_browser_draws_are_words(markup: str, text: str) -> None:
    assert said(f"<p>{markup}</p>") == [text]


SETTINGS = "Normal 0 false false false EN-US X-NONE X-NONE"
STYLES = '/* Style Definitions */ table.MsoNormalTable {mso-style-name:"Table Normal"; mso-para-margin:0in;}'


@pytest.mark.parametrize(
    "leaked",
    [
        *("Normal 0 7.8 磅 0 2 false false false EN-US ZH-CN X-NONE", 'mso-style-name:"Table Normal"; mso-bidi-x:0in;'),
        *(SETTINGS, f"Clean Clean {SETTINGS} MicrosoftInternetExplorer4", STYLES, f"{SETTINGS} {STYLES}"),
        "Normal.dotm 0 0 1 123 704 5 1 864 12.0 0 false 18 pt 18 pt 0 0 false false false",
        "[if gte mso 9]><xml><w:WordDocument></w:WordDocument></xml><![endif]",
        "<!--[if gte mso 10]> <![endif]-->",
        '@font-face { font-family: "Cambria Math"; }p.MsoNormal, li.MsoNormal { margin: 0in; }',
        "st1\\:*{behavior:url(#ieooui) }",
    ],
)
def test_what_word_leaves_among_the_words_goes_and_is_told(leaked: str) -> None:
    escaped = leaked.replace("<", "&lt;").replace(">", "&gt;")
    found = read(f"<p>One.</p><p>{escaped}</p><p>{escaped} KEP Two.</p>")
    assert [block.text for block in found.blocks] == ["One.", "KEP Two."]
    assert [(each.kind, each.text) for each in found.problems] == [("damage", leaked), ("damage", f"{leaked} KEP Two.")]


@pytest.mark.parametrize(
    "junk",
    [
        "<p><xml><w:WordDocument><w:View>Normal</w:View></w:WordDocument></xml></p>",
        "<w:LatentStyles>x</w:LatentStyles>",
        "<!--[if gte mso 9]><xml>x</xml><![endif]-->",
    ],
)
def test_words_xml_is_skipped(junk: str) -> None:
    found = read(f"<p>One.</p>{junk}<p>Two.</p>")
    assert [block.text for block in found.blocks] == ["One.", "Two."]
    assert found.problems == ()


@pytest.mark.parametrize("name", ["node-promoted", "commentary", "shareholders", "unrelated", "advertiser-free"])
def test_a_class_that_only_holds_a_named_word_sets_nothing_aside(name: str) -> None:
    assert said(f"<div class='{name}'><p>One.</p></div>") == ["One."]


@pytest.mark.parametrize(
    "name",
    ["related-content", "view_related", "social-share", "relatedStories", "Promo", "comment-wrapper", "a adverts"],
)
def test_a_class_made_of_a_named_word_is_reported(name: str) -> None:
    found = read(f"<p>One.</p><div class='{name}'>Stray.</div>")
    assert [block.text for block in found.blocks] == ["One."]
    assert [each.text for each in found.problems] == ["Stray."]


def test_a_layout_may_name_more_that_is_reported() -> None:
    found = read("<p>One.</p><div class='plug'><p>Two.</p></div>", reported=".plug")
    assert [block.text for block in found.blocks] == ["One."]
    assert [(problem.kind, problem.text) for problem in found.problems] == [("unread_words", "Two.")]


def test_what_stands_behind_dropped_blocks_moves_up_and_links_in_them_go() -> None:
    linked = [f"<p>{word} <a href='/{word}'>here</a></p>" for word in ("One", "Two", "Three")]
    found = read("".join((*linked[:2], "<p><img src='/p.jpg'></p>", linked[2])))
    rest = found.without({0, 2})
    assert [block.text for block in rest.blocks] == ["Two here"]
    assert [(link.url.rpartition("/")[2], link.block) for link in rest.links] == [("Two", 0)]
    assert [image.block for image in rest.images] == [1]
    assert found.without(()) == found
