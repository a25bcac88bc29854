"""Places on a WordPress page: the header of a post, the box of its content, the cards of lists."""

from typing import NamedTuple

from postscraper.extraction.elements import Node, words
from postscraper.extraction.page import nodes

# Where a post's own facts never stand.
ELSEWHERE = (
    "nav, aside, form, .menu, .sub-menu, .widget, #comments, .comments-area, .wp-block-comments, .comment, .navigation,"
    " .post-navigation, .wp-block-query, [class*='mega-menu'], [class*='mega_menu'], [class*='breaking'],"
    " [class*='ticker'], .author-box, .tdb-author-box"
)
# The cards of lists: post_class writes hentry and type-post, the block of a query wp-block-post, themes their own.
CARDS = (
    "article.hentry, .type-post, li.wp-block-post, div.td_module_wrap, div[class*='td_module_'], article.jeg_post,"
    " div.jeg_post, li.post-item, .related-item, .wpp-list > li, .wp-block-latest-posts > li, .jp-relatedposts-post,"
    " .widget_recent_entries > ul > li, .related-posts li, .related-posts article"
)
# The box of the content, the innermost and most certain first.
BOXES = (
    *(".wp-block-post-content", ".entry-content > .content-inner", ".tdb_single_content", ".td-post-content"),
    *("#penci-post-entry-inner", ".penci-entry-content", ".elementor-widget-theme-post-content", ".entry-content"),
    *("#mvp-content-main", ".inner-post-entry", ".single-post-content", ".single-content", ".post-content"),
    *("[itemprop=articleBody]", ".article-content", ".article-body", ".entry-body", ".post-body", ".story-content"),
    *(".the-content", ".post-entry"),
)


class Place(NamedTuple):
    """elements: those inside that count; None for all. apart: boxes whose elements never count."""

    around: Node
    elements: set[Node] | None = None
    apart: frozenset[object] = frozenset()

    def all(self, css: str) -> list[Node]:
        """The matches with or without words, in the order of the page."""
        matches = (each for each in nodes(self.around, css) if self.elements is None or each in self.elements)
        return [each for each in matches if self.apart.isdisjoint((each, *each.ancestors))]

    def first(self, selectors: tuple[str, ...]) -> list[Node]:
        """The matches, with words, of the first selector that has any."""
        return next((found for css in selectors if (found := [each for each in self.all(css) if words(each)])), [])


def of_no_card(elements: list[Node], box: Node) -> list[Node]:
    """Those in no card of a list; some themes mark the story as they mark cards."""
    return [each for each in elements if (card := each.closest(CARDS)) is None or card in box.ancestors]
