"""The reader of what WordPress calls the content: the words of a post between its headline and its tags.

The same markup comes inside a page, in REST's `content.rendered` and in a feed's `content:encoded`. Certain, from
WordPress's source: paragraphs and headings, `figure.wp-caption` and the older `div.wp-caption`, `dl.gallery-item`,
the blocks `wp-block-*`, `form.post-password-form`, `.page-links`. Inferred, from themes and plugins in wide use: what
these add among the words, by the names in SKIP. A box of any other name that is not WordPress's is an unknown
addition: its words are reported, never read as the story's.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from postscraper.errors import PageRejected
from postscraper.extraction.body import NEVER_WORDS, Body, body
from postscraper.extraction.elements import Node, Words, words
from postscraper.extraction.page import Page, node, nodes, there
from postscraper.items import Problem

# Embeds, whose words are other people's; a block's caption is the newspaper's.
EMBEDS = (
    ".wp-block-embed > :not(figcaption), .twitter-tweet, .twitter-video, .instagram-media, .fb-post, .fb-video,"
    " .tiktok-embed, .bluesky-embed, .wp-embedded-content, .embed-container, .fluid-width-video-wrapper"
)
# What WordPress and its own plugin Jetpack add around the words: lists of stories, buttons, links onward.
OWN_ADDITIONS = (
    ".wp-block-latest-posts, .wp-block-query, .wp-block-latest-comments, .wp-block-archives, .wp-block-categories,"
    " .wp-block-social-links, .wp-block-search, .wp-block-buttons, .wp-block-file__button, .wp-block-read-more,"
    " .wp-block-post-terms, .wp-block-post-navigation-link, .wp-block-comments, .wp-block-jetpack-subscriptions,"
    " .wp-block-jetpack-related-posts, a.more-link, .post-navigation, .page-links, .post-nav-links, .sharedaddy,"
    " .jp-relatedposts, .wp-block-newsletterglue-form, .screen-reader-text"
)
# What other plugins and themes add: shares, advertisements, related stories, tags, authors, newsletters, comments.
ADDITIONS = (
    "ins.adsbygoogle, .code-block[class*='code-block-'], .td-a-ad, .td-a-rec, .jeg_ad, .stream-item, .adsense, .wpcnt,"
    " .ad-container, .ads-wrapper, .bsaProContainerNew, .advads-wrap, [class*='share-buttons'], [class*='jeg_share'],"
    " .essb_links, .essb_break_scroll, .addtoany_share_save_container, .a2a_kit, .heateor_sss_sharing_container,"
    " .ssba, .swp_social_panel, .social-share, .social-sharing, .yarpp, .yarpp-related, .crp_related,"
    " .rp4wp-related-posts, .related-posts, .relatedposts, .td_block_related_posts, .jnews_inline_related_post,"
    " .jnews_related_post_container, .jeg_post_tags, .post-tags, .entry-tags,"
    " .tags-links, .tagcloud, .entry-meta, .post-meta, .post-views, .rt-reading-time,"
    " .author-box, .author-bio, .abh_box, .saboxplugin-wrap, .molongui-author-box, .pp-multiple-authors-wrapper,"
    " .mc4wp-form, .wpcf7, .tnp, .mailpoet_form, .newsletter-form, .wpdiscuz_bottom_wrap, #comments,"
    " .widget:not(.so-panel), a:has(.ctaText), .quads-location, div.g:has(> [class*='g-']),"
    " .elementor-widget-posts, .elementor-widget-loop-grid, .elementor-widget-button, .elementor-widget-social-icons,"
    " .elementor-widget-form, .elementor-widget-author-box, .elementor-widget-table-of-contents,"
    " .elementor-widget-post-navigation, .elementor-widget-post-info"
)
SKIP = f"{EMBEDS}, {OWN_ADDITIONS}, {ADDITIONS}"

# The innermost boxes: a gallery's holds others.
PICTURES = "figure:has(img):not(:has(figure)), div.wp-caption:has(img), dl.gallery-item:has(img)"
# A gallery's own caption is of all its pictures and of none.
CAPTION = "figcaption:not(.blocks-gallery-caption), .wp-caption-text"

# The blocks of WordPress's own that are a div; those of plugins are called wp-block-PLUGIN-NAME.
_BLOCKS = (
    *("group", "columns", "column", "cover", "cover__inner-container", "group__inner-container", "media-text"),
    *("media-text__content", "text-columns", "image", "pullquote", "quote", "file", "spacer", "table", "details"),
    *("accordion", "accordion-item", "accordion-panel", "tabs", "tab", "tab-panel", "post-content", "freeform"),
)
# Boxes of WordPress, of page builders, and those that editors bring with them from other programs.
_BOXES = (
    f"{', '.join(f'.wp-block-{name}' for name in _BLOCKS)}, .wp-caption, [class$='-inner'], [class*='-inner '],"
    " [class*='align'], [class*='gallery'], [class*='elementor'], [class*='vc_'], [class*='wpb_'], [class*='wpb-'],"
    " [class*='et_pb_'], .et-boc, .et-l, .et_builder_inner_content, [class*='fl-'], [class*='fusion-'],"
    " .wp-block-kadence-rowlayout, .wp-block-kadence-column, [class*='kt-row-'], [class*='kt-inside-'],"
    " .wp-block-uagb-container, [class*='uagb-container'], .wp-block-uagb-columns, .wp-block-uagb-column,"
    " [class*='uagb-column'], .wp-block-stackable-columns, .wp-block-stackable-column, [class*='stk-'],"
    " [class*='gb-container'], [class*='gb-inside-container'], [class*='gb-grid-'], [class*='gb-element'],"
    " .panel-layout, .panel-grid, .panel-grid-cell, .panel-row-style, .so-panel, [class*='so-widget-'],"
    " [class*='siteorigin-widget-'],"
    " [class*='Mso'], [class*='gmail_'], .separator, .paragraph-style, [dir], :has(> div[dir])"
)
REPORTED = f"div[class]:not({_BOXES}), section[class]:not({_BOXES}), .blocks-gallery-caption"

PASSWORD = "form.post-password-form"  # get_the_password_form
MORE_PAGES = ".page-links a, .post-nav-links a, a.post-page-numbers"  # wp_link_pages
MORE_PAGES_FOLLOW = "the story goes on at other pages"
BARRIERS = (
    "[class*='pay-barrier'], [id*='pay-barrier'], .pmpro_content_message, .mepr-unauthorized-message, .rcp_restricted,"
    " .wc-memberships-restriction-message, .woocommerce-memberships-restriction, .restrict-content"
)
_LINES = frozenset({"p", "div", "section", "figure", "ul", "ol", "blockquote", "h2", "h3", "h4", "table"})
# A shortcode whose plugin is gone stands among the words.
_SHORTCODE = re.compile(r"\[[a-z][a-z0-9_-]{2,30}\s+[\w-]+=[^\]]*\]|\[/[a-z][a-z0-9_-]{2,30}\]")


def content(page: Page, box: Node) -> Body:
    """The blocks, pictures, links and problems of a post's content; box: the element around it.

    Raises PageRejected for a post behind a password, and for content without a word or a picture.
    """
    if there(box, PASSWORD):
        raise PageRejected("no_body", "the post is protected by a password, and its words are not on the page")
    story = body(page, _innermost(box), skip=SKIP, pictures=PICTURES, caption=CAPTION, reported=REPORTED)
    problems = (*story.problems, *_problems(page, box, story))
    if not story.blocks and not story.images:
        unread = " ".join(problem.text for problem in problems if problem.text)
        raise PageRejected("no_body", f"the content holds no words of a story and no picture: {unread[:400]!r}")
    return replace(story, problems=problems)


def _innermost(box: Node) -> Node:
    """The box, or the one inside it that alone holds words and pictures: themes wrap the content some times over."""
    inner = box
    while (only := _only_box(inner)) is not None:
        inner = only
    # A notice in place of the words stands in a box, too; it is one line.
    lines = [child for child in inner.children if isinstance(child, Node) and child.tag in _LINES and words(child)]
    return inner if len(lines) > 1 else box


def _only_box(box: Node) -> Node | None:
    only = None
    for child in box.children:
        if isinstance(child, Words):
            if child.text.strip():
                return None
        elif isinstance(child, Node) and not child.matches(f"{NEVER_WORDS}, {SKIP}"):
            if words(child) or there(child, "img"):
                if only is not None or child.tag not in ("div", "section"):
                    return None
                only = child
            elif child.tag == "img":
                return None
    return only


def _problems(page: Page, box: Node, story: Body) -> Iterator[Problem]:
    if more := nodes(box, MORE_PAGES):
        yield Problem(kind="cut", detail=MORE_PAGES_FOLLOW, text=" ".join(map(words, more)))
    if (barrier := node(page, BARRIERS)) is not None:
        yield Problem(kind="paywall", detail="the page keeps words back", text=words(barrier) or None)
    for block in story.blocks:
        if _SHORTCODE.search(block.text):
            yield Problem(kind="damage", detail="a shortcode among the words", text=block.text)
