"""Views of the archive by time: the front, a year, a day."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from postscraper.newspaper import Newspaper
from postscraper.newspapers import NEWSPAPERS
from postscraper.urls import redirect_target
from postscraper.web import charts
from postscraper.web.pages import PAGE, Entry, NotFound, Page, Parameter, ResultList, Room, Row, columns
from postscraper.web.views.proofs import run_data
from storage.query import days, statistics
from storage.query.history.as_of import PageAsOf, pages_as_of
from storage.query.history.gone import gone, last_gone
from storage.query.runs import runs

_MOST_STORIES = 500  # of a day; the Post printed some sixty
_ON_A_PAGE = 100
_DAY = timedelta(days=1)


def front(room: Room, connection: Connection) -> dict[str, Any]:
    stats = statistics.stats(connection)
    by_day = days.stories_by_day(connection)
    lacking = days.not_held_by_day(connection)
    first_on, last_on = min(by_day, default=None), max(by_day, default=None)
    named = [day.year for day in (*by_day, *lacking)]
    years = range(min(named), max(named) + 1) if named else ()
    return {
        "stories": stats.stories,
        "revisions": stats.revisions,
        "captures": stats.captures,
        "first_on": first_on,
        "last_on": last_on,
        "papers": [paper.title or paper.host.removeprefix("www.") for paper in NEWSPAPERS.values()],
        "last_run": next((run_data(each) for each in runs(connection, 1)), None),
        "years": list(_years(years, by_day, lacking)),
        "sections": stats.stories_by_section,
        "languages": stats.stories_by_language,
        "designs": stats.captures_by_layout,
        "outcomes": stats.captures_by_outcome,
        "unread": stats.unread_by_reason,
        "ledger": stats.ledger,
        "gaps": [
            {"first": first, "last": last, "days": (last - first).days + 1}
            for first, last in sorted(stats.gaps, key=lambda gap: gap[0] - gap[1])[:6]
        ],
        "days": {day.isoformat(): count for day, count in by_day.items()},
    }


def _years(years: Iterable[int], by_day: Mapping[date, int], lacking: Mapping[date, int]) -> Iterator[dict[str, Any]]:
    """weeks: stories by sevens of days from New Year, the last of one or two; not_held: the same of what is known."""
    held, known = _by_year(by_day), _by_year(lacking)
    for year in years:
        of_year = held.get(year, {})
        yield {
            "year": year,
            "stories": sum(of_year.values()),
            "days": len(of_year),
            "weeks": _weeks(of_year),
            "not_held": _weeks(known.get(year, {})),
        }


def _by_year(by_day: Mapping[date, int]) -> dict[int, dict[date, int]]:
    years: dict[int, dict[date, int]] = {}
    for day, count in by_day.items():
        years.setdefault(day.year, {})[day] = count
    return years


def _weeks(days_of_year: Mapping[date, int]) -> list[int]:
    weeks = [0] * charts.WEEKS
    for day, count in days_of_year.items():
        weeks[charts.week_of(day)] += count
    return weeks


def year(room: Room, connection: Connection, year: int) -> dict[str, Any]:
    if not 1 < year < 9999:
        raise NotFound(f"there is no year {year}")
    span = date(year, 1, 1), date(year, 12, 31)
    by_day = days.stories_by_day(connection, *span)
    lacking = days.not_held_by_day(connection, *span)
    whole = days.stories_by_day(connection)
    if not by_day and not lacking:
        raise NotFound(f"the archive has no story of {year}, and knows of none")
    years = sorted({day.year for day in whole})
    return {
        "year": year,
        "stories": sum(by_day.values()),
        "days": {day.isoformat(): count for day, count in by_day.items()},
        "not_held": {day.isoformat(): count for day, count in lacking.items()},
        "before": max((each for each in years if each < year), default=None),
        "after": min((each for each in years if each > year), default=None),
        "first_on": min(whole, default=None),
        "last_on": max(whole, default=None),
    }


def day(room: Room, connection: Connection, day: str, front: str | None) -> dict[str, Any]:
    try:
        on = date.fromisoformat(day)
    except ValueError as error:
        raise NotFound(f"there is no day {day}") from error
    if not 1 < on.year < 9999:
        raise NotFound(f"{day} is no day on every clock")
    papers = [_of_paper(connection, paper, on, front) for paper in NEWSPAPERS.values()]
    if front is not None and not any(each["page"] == front for paper in papers for each in paper["fronts"]):
        raise NotFound(f"no front or section page {front} was captured by the end of {day}")
    before, after = days.neighbours(connection, on)
    return {
        "day": on,
        "weekday": f"{on:%A}",
        "before": before,
        "after": after,
        "front": front,
        "papers": [each for each in papers if any(each[name] for name in ("fronts", "stories", "edited", "gone"))],
    }


def _of_paper(connection: Connection, paper: Newspaper, on: date, chosen: str | None) -> dict[str, Any]:
    start = datetime.combine(on, time(), paper.zone)
    end = start + _DAY
    moment = end - timedelta.resolution
    sections = [address for name in paper.sections for address in paper.section_pages(name)]
    addresses = list(dict.fromkeys([f"https://{paper.host}/", *sections]))
    fronts = pages_as_of(connection, addresses, moment)
    shown = next((each for each in fronts if each.page == chosen), fronts[0] if fronts else None)
    absent = days.absent_between(connection, start, end, paper.host)
    return {
        "paper": paper.name,
        "host": paper.host,
        "as_of": moment,
        "clock": str(paper.zone) if isinstance(paper.zone, ZoneInfo) else f"{start:%z}",
        "fronts": [_summary(each) for each in fronts],
        "shown": shown and page_data(connection, shown),
        "stories": [columns(row) for row in days.stories_of_day(connection, on, paper.host, _MOST_STORIES)],
        "edited": [columns(row) for row in days.edited_between(connection, start, end, paper.host, _MOST_STORIES)],
        "gone": [each for each in gone(connection, redirect_target, story_ids=absent) if start <= each.gone_by < end],
    }


def _summary(page: PageAsOf) -> dict[str, Any]:
    return {
        "page": page.page,
        "capture": page.capture_id,
        "captured_at": page.captured_at,
        "seen_at": page.seen_at,
        "age_seconds": page.age.total_seconds(),
        "whole": page.whole,
        "layout": page.layout,
        "teasers": len(page.teasers),
    }


def page_data(connection: Connection, page: PageAsOf) -> dict[str, Any]:
    """A page with its lists in their order, each with its teasers in place."""
    numbers = days.numbers_of(connection, {row.address for row in page.teasers})
    lists: list[dict[str, Any]] = []
    for row in page.teasers:
        if not lists or lists[-1]["list"] != row.list:
            lists.append({"list": row.list, "teasers": []})
        facts = columns(row, "position", "headline", "summary", "address", "image_url", "published_on")
        lists[-1]["teasers"].append(facts | {"story": numbers.get(row.address)})
    return _summary(page) | {"lists": lists}


def gone_view(room: Room, connection: Connection, page: int) -> dict[str, Any]:
    total, absences = last_gone(connection, redirect_target, limit=_ON_A_PAGE, offset=_ON_A_PAGE * (page - 1))
    rows = [asdict(each) for each in absences]
    return {"total": total, "page": page, "pages": -(-total // _ON_A_PAGE), "gone": rows}


def _gone_entry(row: Row) -> Entry:
    return Entry(
        name=f"{row['canonical_url']}#gone-{row['gone_by']:%Y%m%d%H%M%S}",
        path=f"/story/{row['story_id']}",
        title=row["headline"],
        updated=row["gone_by"],
        summary=f"Gone: {row['how']}",
    )


_GONE = ResultList(
    rows=lambda data: data["gone"],
    columns=(
        *("story_id", "canonical_url", "headline", "revision", "last_held_at"),
        *("how", "target", "gone_by", "last_gone_at", "back_at"),
    ),
    entry=_gone_entry,
)


def _stories_of_day(data: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for paper in data["papers"]:
        for row in paper["stories"]:
            yield {"published_on": data["day"], "host": paper["host"], "story_id": row["id"], **row}


def _story_entry(row: Row) -> Entry:
    return Entry(
        name=row["canonical_url"],
        path=f"/story/{row['story_id']}",
        title=row["headline"],
        updated=row["published_at"] or row["published_on"],
        summary=row["standfirst"] or "",
        author=row["byline"],
    )


_STORIES = ResultList(
    rows=_stories_of_day,
    columns=("story_id", "published_on", "host", "section", "byline", "headline", "canonical_url", "revisions"),
    entry=_story_entry,
)


PAGES = (
    Page(
        name="front",
        path="/",
        heavy=True,
        view=front,
        summary="What the archive holds, by week and kind.",
    ),
    Page(name="year", path="/year/{year:number}", view=year, summary="The days of a year, with their stories."),
    Page(
        name="day",
        path="/day/{day:day}",
        view=day,
        summary="The newspaper as of the end of a day: fronts with their teasers, stories, edits, removals.",
        list=_STORIES,
        parameters=(Parameter(name="front", means="The address of the front or section page to show in full."),),
    ),
    Page(
        name="gone",
        path="/gone",
        heavy=True,
        view=gone_view,
        summary="Stories whose address answers without them.",
        parameters=(PAGE,),
        list=_GONE,
    ),
)
