"""Pages in the real markup of four designs, small: a story, a list, and the pages that come in a story's place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from html import escape

HOME = "https://www.phnompenhpost.com"
OLD, NEW, INHOUSE, WORDPRESS = "drupal_2013", "drupal_2017", "inhouse_2023", "wordpress_2026"


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A story as its editors have it. slug: the path. number: the engine's. picture: file and caption, or None."""

    slug: str
    number: int
    headline: str
    byline: str
    section: str
    published_on: date
    clock: str = "06:16"
    body: tuple[str, ...]
    picture: tuple[str, str] | None = None

    @property
    def url(self) -> str:
        return f"{HOME}{self.slug}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A teaser: the path of its story, and its wording there."""

    slug: str
    headline: str
    summary: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """A list of cards by the name of the list, in the order of the page; "" is a list without a name."""

    lists: Mapping[str, Sequence[Card]] = field(default_factory=dict)


_FOOTER = '<footer id="footer"><span class="copyright">Copyright The Phnom Penh Post</span></footer>'
_OLD_FOOTER = '<footer id="footer"><div class="footer-line"><span>Copyright The Phnom Penh Post</span></div></footer>'
_DRUPAL = '<meta name="generator" content="Drupal 7 (http://drupal.org)"/>'


def story(design: str, said: Story) -> bytes:
    page = {OLD: _drupal_2013, NEW: _drupal_2017, INHOUSE: _inhouse, WORDPRESS: _wordpress}[design](said)
    return f"<!DOCTYPE html>\n{page}</html>\n".encode()


def listing(design: str, path: str, front: Front) -> bytes:
    makers = {OLD: _list_2013, NEW: _list_2017, INHOUSE: _list_inhouse, WORDPRESS: _list_wordpress}
    return f"<!DOCTYPE html>\n{makers[design](path, front)}</html>\n".encode()


def not_found() -> bytes:
    """WordPress's page for an address without a story, with status 200."""
    words = "<h1>Oops! That page can&rsquo;t be found.</h1>"
    return _site("Page not found &#8211; Phnom Penh Post", "error404", "/x", f"<main>{words}</main>").encode()


def _paragraphs(said: Story) -> str:
    return "\n".join(f"<p>{escape(text)}</p>" for text in said.body)


def _day(said: Story) -> str:
    return f"{said.published_on:%d %B %Y}"


def _head(said: Story) -> str:
    return (
        f'<link rel="canonical" href="{said.url}"/><meta property="og:title" content="{escape(said.headline)}"/>'
        f'<meta name="dcterms.date" content="{said.published_on}T{said.clock}+07:00"/>'
        f"<title>{escape(said.headline)}, {said.section}, Phnom Penh Post</title>"
    )


def _drupal_picture(said: Story) -> str:
    if said.picture is None:
        return ""
    file, caption = said.picture
    src = f"{HOME}/sites/default/files/styles/image_780x440/public/field/image/{file}?itok=a1"
    return (
        f'<div class="node-image node-main-image" itemprop="associatedMedia"><img itemprop="contentURL" src="{src}"'
        f' alt="Content image - Phnom Penh Post"/><div class="node-image-caption node-main-image-caption">'
        f'<div class="node-main-image-caption-inner">{escape(caption)}</div></div></div>'
    )


def _drupal_2013(said: Story) -> str:
    return (
        f'<html lang="en"><head>{_DRUPAL}{_head(said)}</head><body class="html not-front page-node-{said.number}'
        f' node-type-article"><span class="home-icon"></span><div class="block-49"><article>'
        f'<meta itemprop="articleSection" content="{said.section}"/><div class="node node-article">'
        f'{_drupal_picture(said)}<div class="node-title"><h2><span itemprop="name">{escape(said.headline)}</span></h2>'
        f'</div><div class="authoring-information"><div class="posted-date"><span>{said.published_on:%a, %d %B %Y}'
        f'</span></div><div class="byline">{escape(said.byline)}</div></div><div id="ArticleBody"'
        f' itemprop="articleBody">{_paragraphs(said)}</div></div></article></div>{_OLD_FOOTER}</body>'
    )


def _drupal_2017(said: Story) -> str:
    return (
        f'<html lang="en"><head>{_DRUPAL}{_head(said)}</head><body class="html not-front page-node-{said.number}'
        f' node-type-article"><div class="section section-width-sidebar single-article-header"><h2>'
        f'{escape(said.headline)}</h2><div class="article-author-wrapper"><p>{escape(said.byline)} | Publication date'
        f' {_day(said)} | {said.clock} ICT</p></div></div><div class="section section-width-sidebar"><article>'
        f'<meta itemprop="articleSection" content="{said.section}"/><div class="node node-article">'
        f'{_drupal_picture(said)}<div class="node-title hide"><h2><span itemprop="name">{escape(said.headline)}</span>'
        f'</h2></div><div itemprop="articleBody" class="paragraph-style" id="ArticleBody">{_paragraphs(said)}</div>'
        f"</div></article></div>{_FOOTER}</body>"
    )


_SPACES = "https://pppenglish.sgp1.digitaloceanspaces.com/image"


def _inhouse(said: Story) -> str:
    picture = ""
    if said.picture is not None:
        file, caption = said.picture
        picture = (
            f'<div class="article-image"><img src="{_SPACES}/main/field/image/{file}" alt="img">'
            f'<p class="image-caption">{escape(caption)}</p></div>'
        )
    return (
        f'<html lang="en"><head><title>{escape(said.headline)} | Phnom Penh Post</title><meta property="og:title"'
        f' content="{escape(said.headline)}"><link rel="canonical" href="{said.url}"></head><body><main>'
        f'<section class="section-article-header"><h2>{escape(said.headline)}</h2></section>'
        f'<div class="ads-social-left-title"><h2>{said.section}</h2><p class="paraclass">Publication date<br>'
        f'<span>{_day(said)} | {said.clock} ICT</span></p><p class="authname">Reporter : {escape(said.byline)}</p>'
        "</div>"
        f'<div class="article-text">{picture}<div id="ArticleBody">{_paragraphs(said)}</div></div></main>'
        f'<footer class="site-footer"><p>Copyright</p></footer></body>'
    )


def _site(title: str, kind: str, path: str, main: str) -> str:
    return (
        f'<html lang="en-US"><head><title>{title}</title><link rel="canonical" href="{HOME}{path}"/>'
        f'<link rel="https://api.w.org/" href="{HOME}/wp-json/"/><meta name="generator" content="WordPress 6.9"/>'
        f'</head><body class="{kind} wp-theme-twentytwentyfour">{main}'
        f'<footer class="wp-block-template-part"><p>Designed with WordPress</p></footer></body>'
    )


def _wordpress(said: Story) -> str:
    figure = ""
    if said.picture is not None:
        file, caption = said.picture
        figure = (
            f'<figure class="wp-block-post-featured-image"><img class="wp-post-image" alt=""'
            f' src="{HOME}/wp-content/uploads/2026/03/{file}"/><figcaption>{escape(caption)}</figcaption></figure>'
        )
    section = said.section.lower()
    return _site(
        f"{escape(said.headline)} &#8211; Phnom Penh Post",
        f"wp-singular single single-post postid-{said.number}",
        f"{said.slug}/",
        f'<main><div class="wp-block-group">{figure}<h1 class="wp-block-post-title">{escape(said.headline)}</h1>'
        f'<div class="wp-block-post-date"><time datetime="{said.published_on}T{said.clock}:00+07:00">'
        f'{said.published_on:%B %d, %Y}</time></div><div class="wp-block-post-author-name">{escape(said.byline)}</div>'
        f'<div class="taxonomy-category wp-block-post-terms"><a href="{HOME}/category/{section}/" rel="tag">'
        f'{said.section}</a></div></div><div class="entry-content wp-block-post-content">{_paragraphs(said)}</div>'
        "</main>",
    )


def _list_2013(path: str, front: Front) -> str:
    kind = "front" if path == "/" else "not-front page-taxonomy"
    blocks = "".join(
        f'<div class="block-{49 if path != "/" else number}"><div class="title-bar"><h2>{name}</h2></div>'
        + "".join(
            f'<div class="category"><h3><a href="{card.slug}">{escape(card.headline)}</a></h3>'
            + (f'<div class="summary"><p>{escape(card.summary)}</p></div>' if card.summary else "")
            + "</div>"
            for card in cards
        )
        + "</div>"
        for number, (name, cards) in enumerate(front.lists.items(), 41)
    )
    return (
        f'<html lang="en"><head>{_DRUPAL}<link rel="canonical" href="{HOME}{path}"/><title>x</title></head>'
        f'<body class="html {kind}"><span class="home-icon"></span>{blocks}{_OLD_FOOTER}</body>'
    )


def _list_2017(path: str, front: Front) -> str:
    kind = "front" if path == "/" else "not-front page-taxonomy"
    blocks = "".join(
        f'<div class="block-acticle-list"><h2>{name}</h2><div class="item-list"><ul>'
        + "".join(
            f'<li><a href="{card.slug}">{escape(card.headline)}</a>'
            + (f"<p>{escape(card.summary)}</p>" if card.summary else "")
            + "</li>"
            for card in cards
        )
        + "</ul></div></div>"
        for name, cards in front.lists.items()
    )
    return (
        f'<html lang="en"><head>{_DRUPAL}<link rel="canonical" href="{HOME}{path}"/><title>x</title></head>'
        f'<body class="html {kind}"><div class="section section-width-sidebar">{blocks}</div>{_FOOTER}</body>'
    )


def _list_inhouse(path: str, front: Front) -> str:
    blocks = "".join(
        f'<section class="section-block"><h2>{name}</h2>'
        + "".join(
            f'<div class="article-news"><a href="{card.slug}"><h3>{escape(card.headline)}</h3></a>'
            + (f"<p>{escape(card.summary)}</p>" if card.summary else "")
            + "</div>"
            for card in cards
        )
        + "</section>"
        for name, cards in front.lists.items()
    )
    title = "The Phnom Penh Post" if path == "/" else f"{path[1:].title()} | Phnom Penh Post"
    return (
        f'<html lang="en"><head><title>{title}</title><link rel="canonical" href="{HOME}{path}">'
        f'<link rel="shortcut icon" href="{_SPACES}/logo/favicon.ico"></head><body><main>{blocks}</main>'
        f'<footer class="site-footer"><p>Copyright</p></footer></body>'
    )


def _list_wordpress(path: str, front: Front) -> str:
    kind = "home blog" if path == "/" else "archive category"
    blocks = "".join(
        '<div class="wp-block-group">'
        + (f'<h2 class="wp-block-heading">{name}</h2>' if name else "")
        + '<div class="wp-block-query"><ul class="wp-block-post-template">'
        + "".join(
            f'<li class="wp-block-post post type-post"><h2 class="wp-block-post-title"><a href="{HOME}{card.slug}/">'
            f"{escape(card.headline)}</a></h2>"
            + (f'<div class="wp-block-post-excerpt"><p>{escape(card.summary)}</p></div>' if card.summary else "")
            + "</li>"
            for card in cards
        )
        + "</ul></div></div>"
        for name, cards in front.lists.items()
    )
    return _site("Phnom Penh Post", kind, path, f"<main>{blocks}</main>")
