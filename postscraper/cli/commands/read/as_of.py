"""`postscraper as-of` and `gone`: the newspaper on a day, and the stories that are not there any more."""

from datetime import date, datetime, tzinfo
from typing import Any

import click

from postscraper.cli import options
from postscraper.cli.commands.read.promotion import page_data, print_page
from postscraper.cli.commands.read.show import print_body
from postscraper.cli.output import address, counted, duration, joined, line, minute, note, print_json
from postscraper.cli.stories import find_row
from postscraper.items import plain
from postscraper.newspaper import Newspaper
from postscraper.newspapers import NEWSPAPERS, POST
from postscraper.urls import newspaper_at, redirect_target
from storage.archive import Archive
from storage.errors import NoSuchStory
from storage.query.history.as_of import StoryAsOf, pages_as_of, stories_as_of, story_as_of
from storage.query.history.gone import Gone, gone, of_days

_TEASERS = 10  # of a page, in the overview


@click.command("as-of")
@click.argument("moment", metavar="DATE", type=options.Moment())
@click.argument("story", metavar="[URL|ID]", required=False)
@options.paging
@options.json
@options.reading
def as_of_command(
    moment: datetime, story: str | None, limit: int, page: int, json_wanted: bool, archive: Archive
) -> None:
    """Print the newspaper as it stood: front page, sections and stories, or one story.

    DATE is a day (its end), or a time: 2018-06-20, 2018-06-20T07:00, 2018-06-20T07:00+07:00. Without an
    offset it is on the newspaper's clock. The newest capture not later counts, and each has its age: how
    long before the time it was taken. Stories are those published or seen by then.

    \b
    Example:
      postscraper as-of 2016-09-10 /national/flood-wall-holds-river-peaks
    """
    if story is not None:
        _story(archive, story, moment, json_wanted)
        return
    papers = [_overview(archive, paper, moment, limit, page) for paper in NEWSPAPERS.values()]
    held = [each for each in papers if each["pages"] or each["stories"]]
    if json_wanted:
        print_json([_overview_data(each) for each in held])
        return
    for overview in held:
        paper = NEWSPAPERS[overview["paper"]]
        line(f"{paper.title or paper.host} as of {options.clock_time(overview['as_of'], paper.zone)}")
        line()
        for listing in overview["pages"]:
            print_page(listing, _TEASERS)
            line()
        for each in overview["stories"]:
            _print_line(each)
        if overview["more"]:
            line(f"--page {page + 1} has more")
    if not held:
        note("Nothing was captured or published by then.")


def _overview(archive: Archive, paper: Newspaper, typed: datetime, limit: int, page: int) -> dict[str, Any]:
    moment = options.on_clock(typed, paper.zone)
    addresses = [f"https://{paper.host}/", *(url for name in paper.sections for url in paper.section_pages(name))]
    stories = archive.ask(
        stories_as_of,
        moment,
        options.last_day(moment, paper.zone),
        redirect_target,
        host=paper.host,
        limit=limit + 1,
        offset=limit * (page - 1),
    )
    pages = archive.ask(pages_as_of, list(dict.fromkeys(addresses)), moment)
    more = len(stories) > limit
    return {"paper": paper.name, "as_of": moment, "pages": pages, "stories": stories[:limit], "more": more}


def _overview_data(overview: dict[str, Any]) -> dict[str, Any]:
    moment = overview["as_of"]
    return {
        "paper": overview["paper"],
        "as_of": plain(moment),
        "pages": [page_data(each, moment) for each in overview["pages"]],
        "stories": [story_data(each, moment) for each in overview["stories"]],
    }


def _story(archive: Archive, story: str, typed: datetime, json_wanted: bool) -> None:
    stood, moment = story_stood(archive, story, typed)
    if json_wanted:
        print_json(story_data(stood, moment))
        return
    line(f"As of {options.clock_time(moment, _zone(stood.canonical_url))}")
    line(stood.item["headline"], bold=True)
    line(joined(stood.item["published_on"], stood.item["section"], stood.item["byline"]))
    line(address(stood.canonical_url))
    line(_evidence(stood))
    print_body(stood.item)


def story_stood(archive: Archive, story: str, as_of: datetime) -> tuple[StoryAsOf, datetime]:
    """A story that a person names, as it stood; and the moment in UTC.

    as_of: naive on the newspaper's clock. Raises BadRequest, NoSuchStory.
    """
    row = find_row(archive, story)
    zone = _zone(row.canonical_url)
    moment = options.on_clock(as_of, zone)
    stood = archive.ask(story_as_of, row, moment, options.last_day(moment, zone), redirect_target)
    if stood is None:
        raise NoSuchStory(f"{row.canonical_url} was neither published nor seen by {options.clock_time(moment, zone)}")
    return stood, moment


def _zone(url: str) -> tzinfo:
    return (newspaper_at(url) or POST).zone


def story_data(story: StoryAsOf, moment: datetime) -> dict[str, Any]:
    """A story as it stood as JSON data."""
    facts = {name: getattr(story, name) for name in StoryAsOf.__slots__ if name not in ("age", "item")}
    age = None if story.age is None else story.age.total_seconds()
    return {"as_of": plain(moment), **plain(facts), "age_seconds": age, "item": story.item}


def _print_line(story: StoryAsOf) -> None:
    line(story.item["headline"], bold=True)
    line(joined(story.story_id, story.item["published_on"], story.item["section"], _evidence(story)))
    line(address(story.canonical_url))
    line()


def _evidence(story: StoryAsOf) -> str:
    again = None
    if story.seen_at and story.captured_at and story.seen_at > story.captured_at:
        again = f"still there at {minute(story.seen_at)}"
    side = "after" if story.state == "seen later" else "before"
    age = None if story.age is None else f"{duration(story.age)} {side}"
    absent = f"gone by {minute(story.gone.gone_by)}: {story.gone.how}" if story.gone else None
    return joined(f"revision {story.revision}", f"captured {minute(story.captured_at)}", again, age, absent)


@click.command("gone")
@options.days("Gone by this day (UTC) or later.", "Gone by this day (UTC) or earlier.")
@options.json
@options.reading
def gone_command(since: date | None, until: date | None, json_wanted: bool, archive: Archive) -> None:
    """Print the stories whose address answered without them after they were held, and those that came back.

    The answers are 404, 410, a page that says so with status 200, and redirects to the front page or to a
    list. The day is that of the first such answer; the last held version stays in the archive.

    \b
    Example:
      postscraper gone --since 2018-06
    """
    stories = of_days(archive.ask(gone, redirect_target), since, until)
    if json_wanted:
        print_json([plain(each) for each in stories])
        return
    for each in stories:
        _print_gone(each)
    line(counted(len(stories), "story", "stories")) if stories else note(
        "No story is known to be gone" + (" by these days." if since or until else ".")
    )


def _print_gone(each: Gone) -> None:
    line(each.headline, bold=True)
    back = f"back at {minute(each.back_at)}" if each.back_at else f"still so at {minute(each.last_gone_at)}"
    held = f"last held {minute(each.last_held_at)}, revision {each.revision}"
    line(joined(each.story_id, f"gone by {minute(each.gone_by)}: {each.how}", back, held))
    line(address(each.canonical_url))
    line()
