"""What blocks, plugins and page builders add among the words: read, skipped by name, or reported."""

import pytest

from tests.layouts.test_wordpress import SITE, story

EMBED = '<figure class="wp-block-embed"><div class="wp-block-embed__wrapper">{}</div>{}</figure>'
CAPTION = '<figcaption class="wp-element-caption">The ferry at work.</figcaption>'


@pytest.mark.parametrize(
    "figure",
    [
        EMBED.format('<iframe src="https://www.youtube.com/embed/x"></iframe>', CAPTION),
        EMBED.format('<div class="player"><img src="https://i.ytimg.com/x.jpg" alt="Play"></div>', CAPTION),
        EMBED.format('<blockquote class="twitter-tweet"><p>Words of others.</p></blockquote>', CAPTION),
        f'<figure class="wp-block-video"><video src="/a.mp4"></video>{CAPTION}</figure>',
        f'<figure class="wp-block-audio"><audio src="/a.mp3"></audio>{CAPTION}</figure>',
    ],
)
def test_the_caption_of_an_embed_is_the_newspapers(figure: str) -> None:
    article = story(f'<p>One.</p><figure><img src="/a.jpg"></figure>{figure}<p>Two.</p>')
    assert [block.text for block in article.body] == ["One.", "Two."]
    assert [(image.url, image.caption) for image in article.images] == [(f"{SITE}/a.jpg", None)]
    assert [(each.kind, each.text) for each in article.problems] == [("unread_words", "The ferry at work.")]


@pytest.mark.parametrize(
    "box",
    [
        '<div class="wp-polls"><p>{}</p></div>',
        '<section class="wp-show-posts"><article><h2><a href="/a/c/">{}</a></h2></article></section>',
        '<div class="wp-block-newspack-blocks-homepage-articles"><h3><a href="/a/c/">{}</a></h3></div>',
        '<div class="wp-block-rank-math-toc-block"><ul><li><a href="#a">{}</a></li></ul></div>',
    ],
)
def test_a_plugins_block_is_no_part_of_the_story(box: str) -> None:
    article = story(f"<p>One.</p>{box.format('Another story')}<p>Two.</p>")
    assert [block.text for block in article.body] == ["One.", "Two."]
    assert [(each.kind, each.text) for each in article.problems] == [("unread_words", "Another story")]


@pytest.mark.parametrize(
    "boxes",
    [
        ("wp-block-columns", "wp-block-column"),
        ("wp-block-group newsprint", "wp-block-group__inner-container"),
        ("wp-block-media-text", "wp-block-media-text__content"),
        ("kb-row-layout-wrap wp-block-kadence-rowlayout", "kt-row-column-wrap", "wp-block-kadence-column"),
        ("wp-block-uagb-container", "uagb-container-inner-blocks-wrap"),
        ("gb-container gb-container-1", "gb-inside-container"),
        ("panel-layout", "panel-grid", "panel-grid-cell", "so-panel widget", "siteorigin-widget-tinymce textwidget"),
        ("wpb-content-wrapper", "vc_row wpb_row", "wpb_column", "vc_column-inner", "wpb_wrapper"),
        ("elementor elementor-7", "elementor-element e-con", "e-con-inner", "elementor-widget-container"),
        ("et-boc", "et-l et-l--post", "et_builder_inner_content", "et_pb_section", "et_pb_text_inner"),
        ("fusion-fullwidth", "fusion-builder-row", "fusion-column-wrapper", "fusion-text"),
    ],
)
def test_boxes_of_blocks_and_builders_hold_the_words(boxes: tuple[str, ...]) -> None:
    opened = "".join(f'<div class="{name}">' for name in boxes)
    article = story(f"<p>One.</p>{opened}<p>Two.</p>{'</div>' * len(boxes)}<p>Three.</p>")
    assert [block.text for block in article.body] == ["One.", "Two.", "Three."]
    assert article.problems == ()


@pytest.mark.parametrize(
    "addition",
    [
        # Inline Related Posts, an advertisement, a list of a page builder's.
        '<a href="/a/c/"><div><span class="ctaText">Read:</span> <span class="postTitle">More</span></div></a>',
        '<div class="quads-location"><img src="/ad.jpg"></div>',
        '<div class="elementor-widget elementor-widget-posts"><h3><a href="/a/c/">More</a></h3></div>',
    ],
)
def test_additions_of_plugins_are_skipped_by_name(addition: str) -> None:
    article = story(f"<p>One.</p>{addition}<p>Two.</p>")
    assert [block.text for block in article.body] == ["One.", "Two."]
    assert (article.images, article.links, article.problems) == ((), (), ())


def test_a_heading_that_opens_what_is_below_it_is_a_crosshead() -> None:
    article = story(
        '<p>One.</p><div class="wp-block-accordion"><div class="wp-block-accordion-item">'
        '<h3 class="wp-block-accordion-heading"><button type="button"><span>Who pays?</span>'
        '<span aria-hidden="true">+</span></button></h3>'
        '<div class="wp-block-accordion-panel"><p>Two.</p></div></div></div>'
    )
    assert [(block.kind, block.text) for block in article.body] == [
        ("paragraph", "One."),
        ("crosshead", "Who pays?"),
        ("paragraph", "Two."),
    ]


@pytest.mark.parametrize(("name", "told"), [("slides", True), ("advert", False)])
def test_pictures_in_an_unknown_box_are_reported(name: str, told: bool) -> None:
    article = story(f'<p>One.</p><div class="{name}"><img src="/1.jpg"><img src="/2.jpg"></div>')
    assert article.images == ()
    expected = [("unread_words", "<div class='slides'> holds nothing but pictures", None)] if told else []
    assert [(each.kind, each.detail, each.text) for each in article.problems] == expected


def test_an_icon_in_a_link_makes_no_gap() -> None:
    article = story('<p>See <a href="/b">the list<svg><title>opens elsewhere</title></svg></a>, he said.</p>')
    assert [block.text for block in article.body] == ["See the list, he said."]
    assert [link.text for link in article.links] == ["the list"]
