"""Dates of publication and last change on a WordPress page.

They stand for readers at the headline, and for machines in up to three places: the printed date's `datetime`, Open
Graph's `article:published_time`, JSON-LD. Where they disagree, no moment is taken: an old AIOSEO writes the hour of
UTC with the offset of the paper's own clock.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from postscraper.extraction.dates import believable, day_of, iso_moment, machine_moment, printed
from postscraper.extraction.elements import Node, words
from postscraper.extraction.page import Page, nodes
from postscraper.items import Problem
from postscraper.layouts.wordpress.linked_data import LinkedData
from postscraper.layouts.wordpress.places import Place
from postscraper.newspaper import Newspaper

# The printed date of a story or a card, the surest first. The Newspaper theme's is `.entry-date.updated` all the same.
DATES = (
    *("time.published", "time.entry-date", ".wp-block-post-date time", "time[itemprop=datePublished]"),
    "time[datetime]",
    *(".wp-block-post-date", ".entry-date", ".jeg_meta_date", ".td-post-date", ".posted-on", ".post-date"),
    ".meta-date",
    *(".date.meta-item", ".post-time", ".entry-time", "time", ".elementor-post-date", ".date"),
)
_CHANGED = (
    "time.updated:not(.entry-date), time[itemprop=dateModified], .updated-on, .last-updated, .modified,"
    " .wp-block-post-date__modified-date, .wp-block-post-date__modified-date time"
)
_APART = timedelta(minutes=1)  # a theme prints no seconds


class Published(NamedTuple):
    """at, modified_at: aware UTC. on: the day on the newspaper's own clock. text: as printed to readers."""

    at: datetime | None = None
    on: date | None = None
    text: str | None = None
    modified_at: datetime | None = None
    problems: tuple[Problem, ...] = ()

    def fields(self) -> dict[str, Any]:
        """Those of an article."""
        return {
            "published_at": self.at,
            "published_on": self.on,
            "published_text": self.text,
            "modified_at": self.modified_at,
        }


def published(page: Page, data: LinkedData, header: Place) -> Published:
    """header: where the story's own date stands."""
    changed = [*data.modified, *metas(page, "article:modified_time"), *metas(page, "og:updated_time")]
    given = [*data.published, *metas(page, "article:published_time")]
    shown = printed_date(header)
    if shown is not None and _prints_the_change(words(shown), page.paper):
        shown = None
    if shown is not None and (stamp := shown.attr("datetime")):
        if machine_moment(stamp) in set(map(machine_moment, changed)) - {None, *map(machine_moment, given)}:
            shown = None  # the theme prints when the story was changed
        else:
            given.insert(0, stamp)
    text = words(shown) if shown is not None else None
    at, on, problems = _agreed(given, page.paper)
    printed_on = _printed_day(text, page.paper)
    if on and printed_on and on != printed_on:
        problems.append(_odd("the printed date is of another day", [*given, text or ""]))
        at = on = None
    elif not problems:
        on = on or printed_on
    if on is not None and not believable(on, page.capture.captured_at, page.paper):
        return Published(text=text, problems=(_odd("no day the paper can print", given or [text or ""]),))
    modified_at, doubts = _modified(changed, at, page.capture.captured_at)
    return Published(at=at, on=on, text=text, modified_at=modified_at, problems=(*problems, *doubts))


def printed_date(place: Place) -> Node | None:
    """The element that prints when the story or card was published; None without one."""
    return next((each for each in place.first(DATES) if not each.matches(_CHANGED)), None)


def moment_of(element: Node, paper: Newspaper) -> tuple[datetime | None, date | None]:
    """The moment and the day that a card's date says to machines, or else the day that it prints."""
    at, on, _ = _agreed([stamp] if (stamp := element.attr("datetime")) else [], paper)
    return at, on or _printed_day(words(element), paper)


def metas(page: Page, name: str) -> Iterator[str]:
    """The content of each meta element of that property."""
    yield from (text for each in nodes(page, f"meta[property='{name}']") if (text := each.attr("content")))


def _agreed(given: list[str], paper: Newspaper) -> tuple[datetime | None, date | None, list[Problem]]:
    """The one moment and day that all say; without a moment where they disagree, without a day where the days do."""
    local = [moment for each in given if (moment := iso_moment(each))]
    aware = [moment for moment in local if moment.tzinfo]
    if not aware:
        days = {moment.date() for moment in local}
        problems = [_odd("the page gives different days", given)] if len(days) > 1 else []
        return None, days.pop() if len(days) == 1 else None, problems
    # The paper's own clock is the one that is off UTC; where none is, the paper's zone is known.
    own = next((moment.tzinfo for moment in aware if moment.utcoffset()), None)
    on = [moment.astimezone(own).date() if own else day_of(moment, paper) for moment in aware]
    if max(aware) - min(aware) < _APART:
        return aware[0].astimezone(UTC), on[0], []
    return None, on[0] if len(set(on)) == 1 else None, [_odd("the page gives different moments", given)]


def _modified(given: list[str], at: datetime | None, seen: datetime | None) -> tuple[datetime | None, list[Problem]]:
    """None when it precedes publication, lies behind the capture, or is not one moment."""
    moments = [moment for each in given if (moment := machine_moment(each))]
    possible = [each for each in moments if at and at <= each and (seen is None or each <= seen)]
    if possible and max(possible) - min(possible) >= _APART:
        return None, [_odd("the page gives different moments of its last change", given)]
    return (possible[0] if possible else None), []


def _printed_day(text: str | None, paper: Newspaper) -> date | None:
    """The day in a printed date whose form leaves no doubt; None for any other, as `6 hours ago` or `05/04/2022`.

    The day of a change beside it is none.
    """
    match = re.search(_day(paper), _changes(paper).sub("", (text or "").replace("\u200b", "")))
    if match is None:
        return None
    try:
        return date.fromisoformat(match[0]) if match["iso"] else printed(match[0], paper).on
    except ValueError:
        return None


def _prints_the_change(text: str, paper: Newspaper) -> bool:
    """Whether the only day in the text is that of a change."""
    return _printed_day(text, paper) is None and _changes(paper).search(text.replace("\u200b", "")) is not None


def _day(paper: Newspaper) -> str:
    return rf"(?P<iso>\d{{4}}-\d\d-\d\d)|{paper.dates.day}"


@cache
def _changes(paper: Newspaper) -> re.Pattern[str]:
    """Days of changes, with the words before them."""
    return re.compile(rf"(?i:{paper.words_for('changed')})\W{{0,3}}(?:{_day(paper)})")


def _odd(detail: str, given: Iterable[str]) -> Problem:
    return Problem(kind="odd_date", detail=detail, text=" / ".join(dict.fromkeys(given)))
