"""Newspapers that can be read and crawled: the built-in ones, and those of installed packages.

A package names its newspapers in the entry points group `postscraper.newspapers`; CONTRIBUTING.md has the recipe.
"""

import sys
from calendar import month_name
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, time, timedelta, timezone
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

from postscraper.languages import ENGLISH, KHMER
from postscraper.newspaper import DateForms, Newspaper

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

_KHMER_MONTHS = ("មករា", "កុម្ភៈ", "មីនា", "មេសា", "ឧសភា", "មិថុនា", "កក្កដា", "សីហា", "កញ្ញា", "តុលា", "វិច្ឆិកា", "ធ្នូ")

PHNOM_PENH_DATES = DateForms(
    day=(
        r"(?:(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?,?\s|ថ្ងៃ[\u1780-\u17d3]*\s?(?:ទី\s?)?)?"
        r"(?:[\d០-៩]{1,2}(?:st|nd|rd|th)?\s?(?:ខែ)?\s?(?:[A-Z][A-Za-z]{2,8}\.?|[\u1780-\u17d3]{2,12}?),?\s?(?:ឆ្នាំ)?\s?"
        r"[\d០-៩]{4}|[A-Z][a-z]{2,8}\.?\s\d{1,2},\s\d{4})(?!\d)"
    ),
    clock=r"(?:,?\s?\|?\s?(?:at\s|ម៉ោង\s?)?[\d០-៩]{1,2}:[\d០-៩]{2}(?:\s?(?:[AaPp]\.?[Mm]\b\.?|ព្រឹក|រសៀល|ល្ងាច))?)",
    zone=r"(?:\s?\|?\s?ICT)",
    day_parts=(
        r"(?P<month>[A-Z][a-z]+)\.? (?P<day>\d{1,2}), (?P<year>\d{4})$",
        r"(?P<day>\d{1,2})(?:st|nd|rd|th)? ?(?:ខែ)? ?(?P<month>[^\W\d].*?)[.,]? ?(?:ឆ្នាំ)? ?(?P<year>\d{4})$",
    ),
    clock_parts=r"(?P<hour>\d{1,2}):(?P<minute>\d{2})\s?(?P<half>[AaPp]|ព្រឹក|រសៀល|ល្ងាច)?",
    # In full, or the first three or four letters; two Khmer months have two spellings.
    months={name[:most].casefold(): month for month, name in enumerate(month_name) if name for most in (3, 4, None)}
    | {name: month for month, name in enumerate(_KHMER_MONTHS, 1)}
    | {"កុម្ភះ": 2, "មិនា": 3},
    mornings=frozenset({"a", "ព្រឹក"}),
    digits=dict(zip("០១២៣៤៥៦៧៨៩", "0123456789", strict=True)),
)

_NO_STORIES = frozenset(
    {
        *("user", "author", "search", "taxonomy", "sites", "misc", "modules", "themes", "views", "ajax", "cdn-cgi"),
        *("jobs", "job", "gallery", "video", "multimedia", "notice", "announcements", "about-us", "staff-list"),
        *("contact-us", "contact-us-0", "subscription-form", "privacy-policy", "refund-policy", "pdf-supplement"),
        *("pdf-edition", "rss", "feed", "print", "printmail", "comment", "comments", "cart"),
        *("wp-admin", "wp-content", "wp-includes", "wp-login.php", "xmlrpc.php"),
    }
)

# Where sitemaps lie that robots.txt does not name: WordPress's own, its plugins', those of the designs before.
_SITEMAPS = ("/wp-sitemap.xml", "/sitemap_index.xml", "/sitemap.xml")

# Sections of the Post since 2023; each has a feed, which shows ten stories when pages are closed.
_TODAY = ("national", "business", "lifestyle", "sport", "world", "opinion", "politics", "financial", "post-in-depth")

POST = Newspaper(
    name="post",
    title="The Phnom Penh Post",
    host="www.phnompenhpost.com",
    layouts=(
        *(f"postscraper.layouts.phnompenhpost.{name}" for name in ("joomla_2008", "drupal_2013", "drupal_2017")),
        *(f"postscraper.layouts.phnompenhpost.{name}" for name in ("inhouse_2023", "mobile_2017")),
        "postscraper.layouts.wordpress.wordpress_2026",
    ),
    languages=(ENGLISH, KHMER),
    # Indochina Time. No clock of the paper's years was ever another (tzdata: unchanged since 1920), and no table of
    # zones need be there.
    zone=timezone(timedelta(hours=7)),
    dates=PHNOM_PENH_DATES,
    founded_on=date(1992, 7, 10),
    default_time=time(7),  # midnight in UTC
    house_bylines=frozenset(
        {
            *("post staff", "the post", "post khmer", "the post khmer", "phnom penh post", "the phnom penh post"),
            *("post reporter", "post reporters", "post staff writer", "post newsroom", "phnom penh post staff"),
            "ភ្នំពេញ ប៉ុស្តិ៍",
        }
    ),
    # In all designs and both editions.
    default_alts=frozenset({"Content image - Phnom Penh Post", "Logo of Phnom Penh Post newspaper", "img"}),
    sections={
        name: f"/{name}"
        for name in (
            *("national", "business", "lifestyle", "sport", "opinion", "international", "world", "politics"),
            *("politics-0", "post-depth", "post-in-depth", "kr-tribunal", "financial", "education", "arts-culture"),
            *("food-drink-0", "post-property", "post-focus", "post-auto", "post-life-0", "socialite", "around-ngos"),
            *("travel", "creativity-innovation", "special-reports", "supplements", "7days", "lift"),
            *("siem-reap-insider", "post-weekend", "post-plus", "columns", "police-blotter"),
        )
    },
    # Of WordPress, on which the paper runs today.
    seeds=("/feed/", "/"),
    later_seeds=(*_SITEMAPS, *(f"/category/{name}/feed/" for name in _TODAY)),
    rest_api=True,
    parameters=frozenset({"option", "view", "id", "task", "catid", "start"}),  # of the Joomla site of 2008
    no_stories=_NO_STORIES,
    # Stories without a date or a section exist (police blotters, re-runs); without a byline many do.
    floors={"published_on": 0.9, "section": 0.8, "byline": 0.5, "images": 0.3},
)

POSTKHMER = replace(
    POST,
    name="postkhmer",
    title="ភ្នំពេញ ប៉ុស្តិ៍",
    host="www.postkhmer.com",
    languages=(KHMER, ENGLISH),
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
    later_seeds=_SITEMAPS,
)

_GROUP = b"postscraper.newspapers"


def _installed(entries: Iterable["EntryPoint"]) -> Iterator[Newspaper]:
    """The newspapers of other packages. Ends the program with a sentence for one that cannot be loaded.

    Without it, its pages in an archive would be read as another newspaper's.
    """
    taken = {POST.name, POST.host, POSTKHMER.name, POSTKHMER.host}
    for entry in entries:
        try:
            paper = entry.load()
        except Exception as error:  # whatever the package raises while it is imported
            _refuse(entry, f"{type(error).__name__}: {error}")
        if not isinstance(paper, Newspaper):
            _refuse(entry, f"{entry.value} is no Newspaper")
        if not taken.isdisjoint((paper.name, paper.host)):
            _refuse(entry, f"there is another newspaper of the name {paper.name} or at {paper.host}")
        taken |= {paper.name, paper.host}
        yield paper


def _refuse(entry: "EntryPoint", why: str) -> NoReturn:
    package = f"the package {entry.dist.name}" if entry.dist else "its package"
    sentence = f"the newspaper {entry.name} cannot be loaded: {why}; mend or uninstall {package}"
    print(f"postscraper: {sentence}", file=sys.stderr)
    raise SystemExit(2)


def _entries() -> Iterable["EntryPoint"]:
    """The entries of all packages. Python's own reader of them, which takes a third of the time of `postscraper read`
    to load, is loaded where a package has any."""
    files = (file for folder in sys.path for file in Path(folder).glob("*-info/entry_points.txt"))
    if not any(_GROUP in file.read_bytes() for file in files):
        return ()
    found: Iterable[EntryPoint] = import_module("importlib.metadata").entry_points(group=_GROUP.decode())
    return found


INSTALLED = tuple(_installed(_entries()))
NEWSPAPERS: Mapping[str, Newspaper] = {paper.name: paper for paper in (POST, POSTKHMER, *INSTALLED)}


def other_papers(paper: Newspaper) -> Mapping[str, str]:
    """The names of all others by their hosts."""
    return {other.host: other.name for other in NEWSPAPERS.values() if other is not paper}


def aliases(paper: Newspaper, origin: str | None) -> Mapping[str, str]:
    """The host of the mirror that served the paper, as the paper's; origin: the setting PAPER_ORIGIN."""
    return {urlsplit(origin).netloc: paper.host.removeprefix("www.")} if origin else {}
