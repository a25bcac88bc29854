"""WordPress in any theme: what its own markup says, and what is told apart from it."""

import time
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from postscraper.errors import PageRejected
from postscraper.extraction.page import Page, the_node
from postscraper.items import Article, Capture, Item, Listing, Unread
from postscraper.layouts.wordpress.content import content
from postscraper.newspapers import POST
from postscraper.reading.read import loaded, read, recognised
from postscraper.sources.folder import capture
from postscraper.urls import root_kind
from tests.standins.serving import ask
from tests.wordpress.site import Site

SITE = "https://www.phnompenhpost.com"
SAMPLES = Path(__file__).parents[2] / "samples" / "phnompenhpost"
SEEN = datetime(2026, 6, 3, tzinfo=UTC)


def read_page(body: str, *, classes: str = "single single-post postid-7", head: str = "", path: str = "/a/b/") -> Item:
    html = (
        f'<!DOCTYPE html><html><head><meta name="generator" content="WordPress 6.9"><title>A story</title>{head}</head>'
        f'<body class="{classes}">{body}<footer>End</footer></body></html>'
    )
    return read(Capture(url=SITE + path, captured_at=SEEN, body=html.encode(), source="test"), POST)


def story(words: str = "<p>Words.</p>", *, header: str = "", head: str = "") -> Article:
    item = read_page(
        f'<main><h1 class="entry-title">A story</h1>{header}<div class="entry-content">{words}</div></main>', head=head
    )
    assert isinstance(item, Article), item
    return item


def unread(item: Item) -> tuple[str, str]:
    assert isinstance(item, Unread), item
    return item.reason, item.detail


def dated(stamp: str, text: str) -> str:
    return f'<time class="entry-date published" datetime="{stamp}">{text}</time>'


def meta(name: str, moment: str) -> str:
    return f'<meta property="article:{name}_time" content="{moment}">'


def test_no_page_is_of_two_layouts() -> None:
    for path in sorted(SAMPLES.rglob("*.html")):
        seen = capture(path, name="samples")
        page = Page(seen.body.decode("utf-8", "replace"), seen, POST)
        layout = recognised(page, loaded(POST.layouts))  # raises for two
        own = path.parent.name == "wordpress_2026"
        assert (layout is not None and layout.__name__.endswith(".wordpress_2026")) == own, path


def test_pictures_of_the_last_design_are_no_sign_of_it() -> None:
    stored = "https://pppenglish.sgp1.digitaloceanspaces.com/a.jpg"
    html = (
        '<html><head><link rel="https://api.w.org/" href="/wp-json/"></head><body class="single single-post postid-7">'
        f'<h1>A story</h1><div class="entry-content"><p>Words.<img src="{stored}"></p></div><footer></footer></body>'
    )
    item = read(Capture(url=f"{SITE}/a/b", captured_at=SEEN, body=html.encode(), source="test"), POST)
    assert isinstance(item, Article)
    assert (item.layout, [image.url for image in item.images]) == ("wordpress_2026", [stored])


LIST = (
    '<h1 class="page-title">Search</h1><article class="post-7 type-post"><h2><a href="/a/b/">A story</a></h2></article>'
)


@pytest.mark.parametrize(
    ("path", "classes"),
    [
        ("/?s=boat", "search search-results"),
        ("/?s=", "search search-results"),
        ("/?s=boat&paged=2", "search paged search-paged-2"),
        ("/?author_name=sok", "archive author"),
        ("/?cat=3&paged=2", "archive category paged"),
        ("/?paged=2", "home blog paged"),
        ("/stories/", "blog"),
    ],
)
def test_a_list_is_kept_under_its_own_address(path: str, classes: str) -> None:
    item = read_page(LIST, classes=classes, path=path)
    assert isinstance(item, Listing)
    assert len(item.teasers) == 1
    assert root_kind(item.canonical_url) == (None if path == "/stories/" else "listing")


@pytest.mark.parametrize(
    ("path", "classes", "says"),
    [
        ("/?s=boat", "home blog", "the address answers with the front page"),
        ("/?p=7", "home blog", "the address answers with the front page"),
        ("/?option=com_content&id=5", "home blog", "the address answers with the front page"),
        ("/", "search search-results", "the front page's address answers with another list: search"),
        (
            "/?a_plugins_own=7",
            "archive category",
            "the front page's address answers with another list: archive category",
        ),
    ],
)
def test_no_other_list_is_the_front_page(path: str, classes: str, says: str) -> None:
    assert unread(read_page(LIST, classes=classes, path=path)) == ("soft_404", says)


def test_a_real_wordpress_answers_a_query_with_another_list(site: Site) -> None:
    host = urlsplit(site.origin).netloc
    for query in (
        "s=ferry",
        "s=",
        "author_name=sem",
        "day=3",
        "cat=2&paged=2",
        "paged=2",
        "feed=rss2",
        "cat=2&feed=rss2",
    ):
        answer = ask(f"{site.origin}/?{query}")
        seen = Capture(url=f"{site.origin}/?{query}", captured_at=SEEN, body=answer.body, source="test")
        item = read(seen, POST, {host: "phnompenhpost.com"})
        assert isinstance(item, Listing), query
        assert item.teasers, query
        assert item.canonical_url == f"{SITE}/?{query}"
        assert (item.layout == "feed") == ("feed" in query)


def test_the_content_alone_is_read_as_on_its_page() -> None:
    markup = (
        '<p>One.</p><figure class="wp-caption"><img src="/a.jpg"><figcaption class="wp-caption-text">A boat. Photo: '
        'Heng Vuthy</figcaption></figure><h3>Two</h3><ul><li>Three</li></ul><div class="sharedaddy">Share</div>'
    )
    seen = Capture(url=f"{SITE}/a/b", captured_at=SEEN, body=b"", source="test")
    page = Page(f'<!DOCTYPE html><body><div class="entry-content">{markup}</div></body>', seen, POST)
    alone, on_page = content(page, the_node(page, ".entry-content")), story(markup)
    assert (alone.blocks, alone.images, alone.links) == (on_page.body, on_page.images, on_page.links)
    assert [block.text for block in alone.blocks] == ["One.", "Two", "Three"]
    assert [(image.caption, image.credit) for image in alone.images] == [("A boat.", "Heng Vuthy")]


@pytest.mark.parametrize(
    "wrapped",
    [
        '<div class="elementor"><section class="elementor-inner"><div><p>One.</p><p>Two.</p></div></section></div>',
        '<div class="paragraph-style"><p>One.</p><p>Two.</p></div>',
        '<style>p {}</style><div class="inner"><p>One.</p><p>Two.</p></div><div class="sharedaddy">Share</div>',
        '<div class="x1"><div dir="auto">One.</div></div><div class="x1"><div dir="auto">Two.</div></div>',
        '<div class="wp-block-group"><p>One.</p></div><div class="wp-block-columns"><p>Two.</p></div>',
    ],
)
def test_boxes_around_the_words_are_no_matter(wrapped: str) -> None:
    article = story(wrapped)
    assert [block.text for block in article.body] == ["One.", "Two."]
    assert article.problems == ()


def test_an_unknown_box_among_the_words_is_reported() -> None:
    article = story('<p>One.</p><div class="house-cta"><p>Buy the paper.</p></div><p>Two.</p>')
    assert [block.text for block in article.body] == ["One.", "Two."]
    assert [(problem.kind, problem.text) for problem in article.problems] == [("unread_words", "Buy the paper.")]


@pytest.mark.parametrize(
    ("gallery", "captions"),
    [
        (
            '<figure class="wp-block-gallery has-nested-images"><figure class="wp-block-image"><img src="/1.jpg">'
            '<figcaption>One.</figcaption></figure><figure class="wp-block-image"><img src="/2.jpg"></figure></figure>',
            ["One.", None],
        ),
        (
            '<figure class="wp-block-gallery"><ul class="blocks-gallery-grid"><li class="blocks-gallery-item"><figure>'
            '<img src="/1.jpg"><figcaption>One.</figcaption></figure></li><li class="blocks-gallery-item"><figure>'
            '<img src="/2.jpg"><figcaption>Two.</figcaption></figure></li></ul></figure>',
            ["One.", "Two."],
        ),
        (
            '<div class="gallery"><dl class="gallery-item"><dt class="gallery-icon"><img src="/1.jpg"></dt>'
            '<dd class="wp-caption-text gallery-caption">One.</dd></dl>'
            '<dl class="gallery-item"><dt><img src="/2.jpg"></dt></dl></div>',
            ["One.", None],
        ),
        (
            '<div class="gallery"><figure class="gallery-item"><div class="gallery-icon"><img src="/1.jpg"></div>'
            '<figcaption class="wp-caption-text">One.</figcaption></figure></div>'
            '<div class="wp-caption"><img src="/2.jpg">'
            '<p class="wp-caption-text">Two.</p></div>',
            ["One.", "Two."],
        ),
    ],
)
def test_each_picture_of_a_gallery_has_its_own_caption(gallery: str, captions: list[str | None]) -> None:
    article = story(f"<p>Words.</p>{gallery}<p>More.</p>")
    assert [block.text for block in article.body] == ["Words.", "More."]
    assert [(image.url, image.caption) for image in article.images] == [
        (f"{SITE}/{number}.jpg", caption) for number, caption in enumerate(captions, 1)
    ]
    assert article.problems == ()


def test_a_story_that_goes_on_elsewhere_is_not_whole() -> None:
    article = story('<p>One.</p><div class="page-links">Pages: <span>1</span> <a href="/a/b/2/">2</a></div>')
    assert [(problem.kind, problem.text) for problem in article.problems] == [("cut", "2")]


@pytest.mark.parametrize(
    "sign",
    [
        '<div id="s-pay-barrier"></div>',
        '<div class="pmpro_content_message">Members only</div>',
        '<script type="application/ld+json">{"@type":"NewsArticle","isAccessibleForFree":false}</script>',
    ],
)
def test_a_story_behind_a_barrier_says_so(sign: str) -> None:
    assert "paywall" in {problem.kind for problem in story(f"<p>One.</p>{sign}").problems}


@pytest.mark.parametrize("named", ["/", "/category/a/", "/a/", "/?s=boat", "https://postkhmer.test/a/c/"])
def test_an_address_that_cannot_be_the_storys_is_not_believed(named: str) -> None:
    article = story(head=f'<link rel="canonical" href="{named}">')
    assert article.canonical_url == f"{SITE}/a/b"
    assert [(each.kind, each.text) for each in article.problems] == [("odd_address", named)]


@pytest.mark.parametrize("path", ["/a/b/", "/a/b/amp/", "/a/b/comment-page-2/", "/a/c/"])
def test_the_storys_own_address_is_believed(path: str) -> None:
    box = '<h1>A story</h1><div class="entry-content"><p>Words.</p></div>'
    item = read_page(box, head=f'<link rel="canonical" href="{SITE}/a/b/">', path=path)
    assert isinstance(item, Article)
    assert (item.canonical_url, item.problems) == (f"{SITE}/a/b", ())


def test_two_boxes_of_content_are_none() -> None:
    title, box = '<h1 class="entry-title">A story</h1>', '<div class="entry-content"><p>Words {}.</p></div>'
    reason, detail = unread(read_page(title + box.format(1) + box.format(2)))
    assert reason == "layout_failed"
    assert "'Words 1.', 'Words 2.'" in detail
    other = f'<article class="post-8 type-post hentry">{box.format(2)}</article>'
    item = read_page(title + box.format(1) + other)
    assert isinstance(item, Article)
    assert [block.text for block in item.body] == ["Words 1."]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("<h1>A story</h1><div class='words'><p>Words.</p></div>", "no_body"),
        (
            "<h1>A story</h1><div class='entry-content'><p> </p><div class='a'>Plug.</div><div class='b'>.</div></div>",
            "no_body",
        ),
        ("<p class='title'>A story</p><div class='entry-content'><p>Words.</p></div>", "no_headline"),
        ("<h1>A story</h1><h1>Another</h1><div class='entry-content'><p>Words.</p></div>", "layout_failed"),
    ],
)
def test_a_theme_that_is_not_known_is_not_guessed(body: str, reason: str) -> None:
    assert unread(read_page(body))[0] == reason


@pytest.mark.parametrize(
    ("classes", "path", "reason"),
    [
        ("error404", "/a/b/", "soft_404"),
        ("home blog", "/national/a-story/", "soft_404"),
        ("page-template page page-id-14", "/staff/", "not_an_article"),
        ("attachment single single-attachment attachmentid-9", "/a/b/", "not_an_article"),
        ("single single-product postid-9", "/shop/mug/", "not_an_article"),
    ],
)
def test_pages_of_other_kinds(classes: str, path: str, reason: str) -> None:
    box = '<h1 class="entry-title">A title</h1><div class="entry-content"><p>Words.</p></div>'
    assert unread(read_page(box, classes=classes, path=path))[0] == reason


@pytest.mark.parametrize("stamp", ["2026-05-14T00:30:00+07:00", "2026-05-13T17:30:00+00:00", "2026-05-13T17:30:00Z"])
def test_the_day_is_the_newspapers_own(stamp: str) -> None:
    article = story(header=dated(stamp, "May 14, 2026"))
    assert article.published_at == datetime(2026, 5, 13, 17, 30, tzinfo=UTC)
    assert (article.published_on, article.published_text) == (date(2026, 5, 14), "May 14, 2026")


def test_the_day_of_another_zone_is_as_it_prints() -> None:
    head = meta("published", "2026-05-13T23:30:00+00:00")
    article = story(header=dated("2026-05-13T19:30:00-04:00", "May 13, 2026"), head=head)
    assert (article.published_on, article.problems) == (date(2026, 5, 13), ())


@pytest.mark.parametrize(
    ("printed", "head", "on"),
    [
        (
            dated("2026-05-14T09:30:00+07:00", "14 May 2026"),
            meta("published", "2026-05-14T09:30:00+00:00"),
            date(2026, 5, 14),
        ),
        (dated("2026-05-14T09:30:00+07:00", "14 May 2026"), meta("published", "2026-05-12T02:30:00+00:00"), None),
        (dated("2026-05-14T09:30:00+07:00", "12 May 2026"), "", None),
        (dated("1899-05-14T09:30:00+07:00", "14 May 1899"), "", None),
    ],
)
def test_dates_that_disagree_are_a_problem(printed: str, head: str, on: date | None) -> None:
    article = story(header=printed, head=head)
    assert (article.published_at, article.published_on) == (None, on)
    assert [problem.kind for problem in article.problems] == ["odd_date"]


@pytest.mark.parametrize(
    ("modified", "expected"),
    [
        ("2026-05-15T02:30:00+00:00", datetime(2026, 5, 15, 2, 30, tzinfo=UTC)),
        ("2026-05-13T02:30:00+00:00", None),
        ("2026-06-05T02:30:00+00:00", None),
        ("never", None),
    ],
)
def test_a_change_lies_between_publication_and_capture(modified: str, expected: datetime | None) -> None:
    article = story(header=dated("2026-05-14T09:30:00+07:00", "14 May 2026"), head=meta("modified", modified))
    assert (article.modified_at, article.problems) == (expected, ())


def test_a_theme_that_prints_the_change_alone_prints_no_publication() -> None:
    head = meta("published", "2026-05-14T02:30:00+00:00") + meta("modified", "2026-05-20T02:30:00+00:00")
    article = story(header=dated("2026-05-20T09:30:00+07:00", "May 20, 2026"), head=head)
    assert (article.published_on, article.published_text, article.problems) == (date(2026, 5, 14), None, ())


@pytest.mark.parametrize(
    ("header", "byline", "authors"),
    [
        ('<span class="byline">By <a rel="author" href="/author/a/">Sok Dara</a></span>', "Sok Dara", ["Sok Dara"]),
        (
            '<p>By <a rel="author" href="/author/a">Sok Dara</a> and <a rel="author" href="/author/b">Ann Lee</a></p>',
            "Sok Dara and Ann Lee",
            ["Sok Dara", "Ann Lee"],
        ),
        ('<p class="byline">Words by Sok Dara</p>', "Sok Dara", ["Sok Dara"]),
        ("<p>Written by Sok Dara</p><p>3 minutes</p>", "Sok Dara", ["Sok Dara"]),
        ('<a href="/author/afp/">AFP</a>', "AFP", []),
        ('<nav><a rel="author" href="/author/a/">Sok Dara</a></nav>', None, []),
    ],
)
def test_the_byline_is_what_the_header_prints(header: str, byline: str | None, authors: list[str]) -> None:
    article = story(header=header, head='<meta name="author" content="Sok Dara">')
    assert (article.byline, list(article.authors)) == (byline, authors)


def test_what_is_no_name_in_a_byline_is_reported() -> None:
    article = story(header='<p class="byline">By Sok Dara and 24 others</p>')
    assert article.authors == ("Sok Dara",)
    assert [(each.kind, each.text) for each in article.problems] == [("unread_words", "24 others")]


@pytest.mark.parametrize(
    "text", ["14 May 2026", "Sept. 14, 2025", "Thursday, May 14, 2026", "2026-05-14", "14th May 2026"]
)
def test_the_day_that_a_theme_prints(text: str) -> None:
    day = date(2025, 9, 14) if "Sept" in text else date(2026, 5, 14)
    assert story(header=f'<span class="posted-on">{text}</span>').published_on == day


@pytest.mark.parametrize("text", ["ថ្ងៃទី ១៤ ខែឧសភា ឆ្នាំ២០២៦", "ថ្ងៃ\u200bទី ១៤ \u200bខែ\u200bឧសភា ឆ្នាំ\u200b២០២៦"])
def test_the_day_that_a_theme_prints_in_khmer(text: str) -> None:
    assert story(header=f'<span class="posted-on">{text}</span>').published_on == date(2026, 5, 14)


@pytest.mark.parametrize("text", ["6 hours ago", "05/04/2022", "31 June 2025", "14 Mayday 2026"])
def test_a_day_in_doubt_is_none(text: str) -> None:
    assert story(header=f'<span class="posted-on">{text}</span>').published_on is None


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("rice-barge", {"standfirst", "captions"}),
        ("salt-price", set()),
        ("well-diggers", {"standfirst", "captions"}),
        ("page-not-found-at-temple", {"byline", "standfirst", "captions"}),
    ],
)
def test_what_a_theme_has_no_place_for(name: str, missing: set[str]) -> None:
    seen = capture(SAMPLES / "wordpress_2026" / f"{name}.html", name="samples")
    item = read(seen, POST)
    assert isinstance(item, Article)
    assert set(item.not_printed) == missing


@pytest.mark.parametrize(
    "picture",
    [
        '<img src="/a.jpg">',
        '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" data-src="/a.jpg">',
        "<div style=\"background-image: url('/a.jpg')\"></div>",
    ],
)
def test_the_featured_picture_has_its_caption(picture: str) -> None:
    caption = '<div class="wp-caption-text">Boats wait. Photo: Heng Vuthy</div>'
    article = story(header=f'<div class="post-thumbnail">{picture}{caption}</div>')
    assert [(each.url, each.caption, each.credit) for each in article.images] == [
        (f"{SITE}/a.jpg", "Boats wait.", "Heng Vuthy")
    ]
    assert article.problems == ()


def test_a_featured_caption_without_a_picture_is_reported() -> None:
    article = story(header='<figure class="post-thumbnail"><video></video><figcaption>Boats.</figcaption></figure>')
    assert article.images == ()
    assert [(each.kind, each.text) for each in article.problems] == [("unread_words", "Boats.")]


def test_a_notice_in_place_of_the_words_is_no_story() -> None:
    notice = '<div class="members-only"><p>Sorry, but you have no leave to read this.</p></div>'
    reason, detail = unread(read_page(f'<h1>A story</h1><div class="entry-content">{notice}</div>'))
    assert reason == "no_body"
    assert "Sorry, but you have no leave" in detail


def test_a_line_of_an_unknown_name_above_the_content_is_reported() -> None:
    header = (
        '<h2 class="deck">What it cost</h2><p class="meta">By <a rel="author" href="/author/a">Sok Dara</a> in —</p>'
    )
    assert [(each.kind, each.text) for each in story(header=header).problems] == [("unread_words", "What it cost")]


@pytest.mark.parametrize(
    "page",
    [
        '<h1>A</h1><div class="entry-content"><p>x</p></div>' + '<div class="entry-content"><p>x</p></div>' * 30_000,
        '<h1>A</h1><div class="entry-content"><p>x</p></div>'
        + "<h3>L</h3><article class='hentry'><a href='/a'>A</a>" * 9_000,
        "<h1>A</h1>" + '<a rel="author" href="/author/a">N</a>' * 60_000 + '<div class="entry-content"><p>x</p></div>',
    ],
)
def test_a_page_of_very_many_boxes_is_read_in_time(page: str) -> None:
    started = time.process_time()
    read_page(page)
    assert time.process_time() - started < 4


def test_a_protected_post_is_no_story() -> None:
    seen = capture(SAMPLES / "wordpress_2026" / "protected-post.html", name="samples")
    page = Page(seen.body.decode(), seen, POST)
    with pytest.raises(PageRejected, match="password"):
        content(page, the_node(page, ".entry-content"))


def test_another_newspaper_is_another() -> None:
    seen = capture(SAMPLES / "wordpress_2026" / "rice-barge.html", name="samples")
    assert unread(read(replace(seen, url="https://www.mekongherald.example/a/b/"), POST))[0] == "another_paper"


@pytest.mark.parametrize(
    ("pager", "next_url"),
    [
        ('<a class="next page-numbers" href="/category/n/page/3/">Next</a>', f"{SITE}/category/n/page/3/"),
        ('<div class="nav-previous"><a href="/category/n/page/3/">Older posts</a></div>', f"{SITE}/category/n/page/3/"),
        ('<div class="nav-next"><a href="/category/n/">Newer posts</a></div>', None),
    ],
)
def test_the_next_page_of_a_list(pager: str, next_url: str | None) -> None:
    card = '<article class="post-7 type-post hentry"><h2 class="entry-title"><a href="/n/a/">A</a></h2></article>'
    item = read_page(card + pager, classes="archive category", path="/category/n/page/2/")
    assert isinstance(item, Listing)
    assert (item.page, item.next_url, len(item.teasers)) == (1, next_url, 1)
