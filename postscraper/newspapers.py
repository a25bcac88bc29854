"""The newspapers that can be read and crawled: each one's particulars, and no code of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from postscraper.layouts.phnompenhpost import drupal_2013, drupal_2017, inhouse_2023, joomla_2008, mobile_2017
from postscraper.layouts.wordpress import wordpress_2026
from postscraper.reading.read import Layouts
from postscraper.urls import Aliases

PHNOM_PENH_POST_LAYOUTS: Layouts = (joomla_2008, drupal_2013, drupal_2017, inhouse_2023, mobile_2017, wordpress_2026)


@dataclass(frozen=True, slots=True, kw_only=True)
class Newspaper:
    """One newspaper's particulars.

    name: of its spider. host: where it is served; www, bare, m. and mail. hosts are the same.
    sections: the paths of its section pages by their short names.
    starts: paths that a crawl begins with besides the sections, by kind of page.
    later_starts: paths that are asked for after these.
    no_stories: first path segments under which no story lies.
    floors: the least share of a crawl's articles that must have each field; below it a design has
        changed, or a layout has gone blind.
    """

    name: str
    host: str
    layouts: Layouts
    sections: Mapping[str, str]
    seeds: Mapping[str, tuple[str, ...]]
    later_seeds: tuple[str, ...] = ()
    no_stories: frozenset[str] = field(default=frozenset())
    floors: Mapping[str, float] = field(default_factory=dict)


_NO_STORIES = frozenset(
    {
        *("user", "author", "search", "taxonomy", "sites", "misc", "modules", "themes", "views", "ajax", "cdn-cgi"),
        *("jobs", "job", "gallery", "video", "multimedia", "notice", "announcements", "about-us", "staff-list"),
        *("contact-us", "contact-us-0", "subscription-form", "privacy-policy", "refund-policy", "pdf-supplement"),
        *("pdf-edition", "rss", "feed", "print", "printmail", "comment", "comments", "cart"),
        *("wp-admin", "wp-content", "wp-includes", "wp-login.php", "xmlrpc.php"),
    }
)

# Of WordPress, on which the paper runs today.
_STARTS = {"feed": ("/feed/",), "front": ("/",)}
# Where sitemaps lie that robots.txt does not name: WordPress's own, its plugins', those of the designs before.
_SITEMAPS = ("/wp-sitemap.xml", "/sitemap_index.xml", "/sitemap.xml")

# Stories without a date or a section exist (police blotters, re-runs); without a byline many do.
_FLOORS = {"published_on": 0.9, "section": 0.8, "byline": 0.5, "images": 0.3}

# Sections of the Post since 2023; each has a feed, which shows ten stories when pages are closed.
_TODAY = ("national", "business", "lifestyle", "sport", "world", "opinion", "politics", "financial", "post-in-depth")

POST = Newspaper(
    name="post",
    host="www.phnompenhpost.com",
    layouts=PHNOM_PENH_POST_LAYOUTS,
    sections={
        name: f"/{name}"
        for name in (
            *(
                "national",
                "business",
                "lifestyle",
                "sport",
                "opinion",
                "international",
                "world",
                "politics",
                "politics-0",
            ),
            *("post-depth", "post-in-depth", "kr-tribunal", "financial", "education", "arts-culture", "food-drink-0"),
            *("post-property", "post-focus", "post-auto", "post-life-0", "socialite", "around-ngos", "travel"),
            *("creativity-innovation", "special-reports", "supplements", "7days", "lift", "siem-reap-insider"),
            *("post-weekend", "post-plus", "columns", "police-blotter"),
        )
    },
    seeds=_STARTS,
    later_seeds=(*_SITEMAPS, *(f"/category/{name}/feed/" for name in _TODAY)),
    no_stories=_NO_STORIES,
    floors=_FLOORS,
)

POSTKHMER = Newspaper(
    name="postkhmer",
    host="www.postkhmer.com",
    layouts=PHNOM_PENH_POST_LAYOUTS,
    sections={
        "national": "/ព័ត៌មានជាតិ",
        "economy": "/សេដ្ឋកិច្ច",
        "international": "/អន្តរជាតិ",
        "entertainment": "/ជីវិតកម្សាន្ត",
        "sport": "/កីឡា",
        **{
            name: f"/{name}"
            for name in ("politics", "business", "financial", "sport-news", "lifestyle", "world", "lift", "post-plus")
        },
    },
    seeds=_STARTS,
    later_seeds=_SITEMAPS,
    no_stories=_NO_STORIES,
    floors=_FLOORS,
)

NEWSPAPERS: Mapping[str, Newspaper] = {paper.name: paper for paper in (POST, POSTKHMER)}


def other_papers(paper: Newspaper) -> Mapping[str, str]:
    """The names of all others by their hosts."""
    return {other.host: other.name for other in NEWSPAPERS.values() if other is not paper}


def aliases(paper: Newspaper, origin: str | None) -> Aliases:
    """The host of the mirror that served the paper, as the paper's; origin: the setting PAPER_ORIGIN."""
    return {urlsplit(origin).netloc: paper.host.removeprefix("www.")} if origin else {}
