"""A made-up small newspaper in the markup of 2017: the same bytes for the same number and edition."""

from random import Random

HOME = "https://www.phnompenhpost.com"
ROBOTS = b"User-agent: *\nDisallow: /national/private\n"

_PLACES = ("Prek Lvea", "Koh Samrong", "Anlong Pring", "Stung Krasaing", "Phum Thmey", "Boeng Reang")
_THINGS = ("ferry", "well", "market roof", "school boat", "canal gate", "salt store", "night bus", "rice mill")
_DEEDS = ("reopens", "waits", "is moved", "gets a keeper", "closes", "is paid for")
_SAID = (
    "the village chief said on Monday that repairs had taken longer than the two weeks first promised while boats"
    " from the far bank came with rice and brick and the women of the lower market kept their stalls under canvas"
    " until the road was dry enough for carts and the new gate could be hung before the water rose again"
)
_WORDS = _SAID.split()


def path_of(number: int) -> str:
    """Every story's own address."""
    return "/national/" + _headline(number).lower().replace(" ", "-")


def wording_of(number: int, edition: int) -> int:
    """How often a story was rewritten: every second edition, half of the stories in each."""
    return (edition + number % 2) // 2


def named_in_sitemap(number: int) -> str:
    """One in ten is known by its node's address alone, which leads to its own."""
    return f"/node/{5000 + number}" if number % 10 == 7 else path_of(number)


def sitemap(pages: int) -> bytes:
    named = "".join(f"<url><loc>{HOME}{named_in_sitemap(number)}</loc></url>" for number in range(pages))
    return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{named}</urlset>'.encode()


BRIEFS = 12


def brief_path(number: int) -> str:
    return f"/briefs/{path_of(1_000 + number).rsplit('/', 1)[1]}"


def feed(edition: int) -> bytes:
    """Stories that come by feed alone, whole; each edition changes half of them."""
    items = "".join(_brief(number, wording_of(number, edition)) for number in range(BRIEFS))
    return (
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>Post</title>'
        f"<link>{HOME}/</link>{items}</channel></rss>"
    ).encode()


def _brief(number: int, wording: int) -> str:
    chance = Random(f"brief {number} {wording}")
    body = "".join(f"<p>{_paragraph(chance)}</p>" for _ in range(3))
    headline, address = _headline(1_000 + number), HOME + brief_path(number)
    return (
        f"<item><title>{headline}</title><link>{address}/</link><pubDate>Wed, 20 Jun 2018 01:10:00 +0000</pubDate>"
        f"<content:encoded><![CDATA[{body}]]></content:encoded></item>"
    )


def story(number: int, edition: int, pages: int) -> bytes:
    """A page of about 6 kB: an article of six paragraphs, and four teasers of other stories."""
    headline, path = _headline(number), path_of(number)
    chance = Random(f"{number} {wording_of(number, edition)}")
    day = f"{1 + number % 28:02} June 2018 | {8 + number % 10:02}:10 ICT"
    body = "\n".join(f"<p>{_paragraph(chance)}</p>" for _ in range(6))
    others = [(number * 7 + step) % pages for step in (1, 3, 8, 21)]
    facts = {"headline": headline, "path": path, "node": 5000 + number, "day": day, "body": body}
    return _PAGE.format(**facts, home=HOME, cards="\n".join(map(_card, others))).encode()


def _headline(number: int) -> str:
    place, thing, deed = (each[number // step % len(each)] for each, step in ((_PLACES, 1), (_THINGS, 6), (_DEEDS, 48)))
    return f"{place} {thing} {deed} after season {number + 3}"


def _paragraph(chance: Random) -> str:
    said = " ".join(chance.choices(_WORDS, k=chance.randint(30, 70)))
    return f"{said[0].upper()}{said[1:]}."


def _card(number: int) -> str:
    href, headline = path_of(number), _headline(number)
    return f'<li><a href="{href}"></a><a href="{href}">{headline}</a><p>{_paragraph(Random(number))[:200]}</p></li>'


_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta http-equiv="Content-Type" content="text/html; charset=utf-8"/>
<meta name="generator" content="Drupal 7 (http://drupal.org)"/>
<link rel="canonical" href="{home}{path}"/>
<link rel="shortlink" href="{home}/node/{node}"/>
<meta property="og:site_name" content="Phnom Penh Post"/>
<meta property="og:title" content="{headline}"/>
<meta property="og:url" content="{home}{path}"/>
<title>{headline}, National, Phnom Penh Post</title>
</head>
<body class="html not-front not-logged-in no-sidebars page-node page-node- page-node-{node} node-type-article">
<div class="block-167 block block-ppp-top-navigation"><div class="top-nav"><a href="/user/">Login</a></div></div>
<div class="container"><div class="container-inner">
<header class=""><h1><a href="/"><span class="element-invisible">Phnom Penh Post - {headline}</span></a></h1></header>
<div class="section section-width-sidebar single-article-header">
<h2>{headline}</h2>
<div class="article-author-wrapper"><p>Sok Dara | Publication date {day}</p></div>
</div>
<div class="section section-width-sidebar"><div class="content-sec"><div class="block-49 block block-system">
<article itemprop="about" itemscope itemtype="http://schema.org/NewsArticle">
<meta itemprop="articleSection" content="National"/>
<div id="node-{node}" class="node node-article node-promoted clearfix" about="{path}">
<div class="node-title hide"><h2><span itemprop="name">{headline}</span></h2></div>
<div class="node-image align-right node-main-image"><img src="/sites/default/files/{node}.jpg" alt=""/></div>
<div itemprop="articleBody" class="paragraph-style" id="ArticleBody">
{body}
</div>
<div class="clear"></div>
<div class="recommened-news block-two-cols"><h2>MOST VIEWED</h2>
<div><div class="item-list"><ul>
{cards}
</ul></div></div></div>
</div>
</article>
</div></div></div>
</div></div>
<footer id="footer"><div class="footer-inner container"><span class="copyright">Post Media</span></div></footer>
</body>
</html>
"""
