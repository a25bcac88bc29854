"""`postscraper promotion`, `headlines` and `front`: where stories were announced, and how a page stood."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any

import click

from postscraper.cli import options
from postscraper.cli.output import address, counted, duration, joined, line, minute, note, print_json, span
from postscraper.cli.stories import find_row
from postscraper.errors import BadRequest, closest
from postscraper.items import plain
from postscraper.newspaper import Newspaper
from postscraper.newspapers import NEWSPAPERS, POST
from postscraper.urls import addresses_typed, newspaper_at
from storage.archive import Archive
from storage.errors import NoSuchStory
from storage.query.history.as_of import PageAsOf, pages_as_of
from storage.query.history.promotion import PLACES, Beside, Promotion, Stay, headlines, promotion


@click.command("promotion")
@click.argument("story", metavar="URL|ID")
@options.json
@options.reading
def promotion_command(story: str, json_wanted: bool, archive: Archive) -> None:
    """Print on which fronts, lists and feeds a story stood: from when to when, how high, under which headlines.

    It says no more than captures show: between two captures of a page that both have the story it stayed;
    it was gone by the next one without it. A story that the lists name and the archive does not hold has
    a promotion, too.

    \b
    Example:
      postscraper promotion /national/flood-wall-holds-river-peaks
    """
    promoted = _promotion(archive, story)
    if json_wanted:
        print_json(plain(promoted))
        return
    if promoted.headline:
        line(promoted.headline, bold=True)
    line(address(promoted.address))
    for stay in promoted.stays:
        _print_stay(stay)
    for beside in promoted.beside:
        _print_beside(beside)
    if promoted.undated:
        line()
        line(f"{counted(promoted.undated, 'announcement')} on captures of unknown time")
    if not (promoted.stays or promoted.beside or promoted.undated):
        note("No captured page or feed announces it.")


def _promotion(archive: Archive, story: str) -> Promotion:
    try:
        return archive.ask(promotion, find_row(archive, story).canonical_url)
    except NoSuchStory:
        for each in addresses_typed(story):
            promoted = archive.ask(promotion, each)
            if promoted.stays or promoted.beside or promoted.undated:
                return promoted
        raise


def _print_stay(stay: Stay) -> None:
    line()
    line(joined(address(stay.page), stay.kind, stay.list), bold=True)
    end = f"gone by {minute(stay.gone_by)}" if stay.gone_by else "no later capture without it"
    line("  " + joined(f"seen {span(stay.seen_from, stay.seen_to)}", counted(stay.captures, "capture"), end))
    if stay.not_yet_at:
        line(f"  not there yet at {minute(stay.not_yet_at)}")
    moves = [f"{place.position} at {minute(place.at)}" for place in stay.places[1:]]
    line("  " + joined(f"place {stay.places[0].position}", *moves, f"best {stay.best}" if moves else None))
    _print_wordings(stay.wordings)


def _print_beside(beside: Beside) -> None:
    line()
    line(joined(beside.list or "a list without a name", "beside other stories"), bold=True)
    seen = f"seen {span(beside.seen_from, beside.seen_to)}"
    line("  " + joined(seen, f"on {counted(beside.pages, 'page')}", f"best place {beside.best}"))
    _print_wordings(beside.wordings)


def _print_wordings(wordings: Iterable[tuple[str | None, str | None]]) -> None:
    for headline, summary in wordings:
        line("  " + (joined(headline and f"“{headline}”", summary) or "without words"))


@click.command("headlines")
@click.argument("story", metavar="URL|ID")
@options.json
@options.reading
def headlines_command(story: str, json_wanted: bool, archive: Archive) -> None:
    """Print every headline of a story side by side: on its page, for machines, in feeds, in teasers, in its address.

    \b
    Example:
      postscraper headlines /national/flood-wall-holds-river-peaks --json
    """
    row = find_row(archive, story)
    variants = archive.ask(headlines, row)
    if json_wanted:
        print_json([plain(variant) for variant in variants])
        return
    line(address(row.canonical_url))
    place = None
    for variant in variants:
        if variant.place != place:
            line()
            line(PLACES[variant.place], bold=True)
            place = variant.place
        line(f"  {variant.headline}")
        if variant.captures:
            seen = f"seen {span(variant.first_seen_at, variant.last_seen_at)}"
            line("    " + joined(seen, counted(variant.captures, "time")), dim=True)


@click.command("front")
@click.argument("page", metavar="[PAGE]", default="/")
@click.option(
    "--as-of", type=options.Moment(), metavar="TIME", help="A day (its end) or a time; the newest without it."
)
@options.json
@options.reading
def front_command(page: str, as_of: datetime | None, json_wanted: bool, archive: Archive) -> None:
    """Print the teasers of a front page or another list as they stood, and how old the evidence is.

    PAGE is an address, a path, or a section's short name; without it the front page. A time without an
    offset is on the newspaper's clock. The newest capture not later than the time counts.

    \b
    Example:
      postscraper front /national --as-of 2018-06-20T07:00
    """
    paper, stood, moment = page_stood(archive, page, as_of)
    if json_wanted:
        print_json(page_data(stood, moment))
        return
    if as_of:
        line(f"As of {options.clock_time(moment, paper.zone)}")
    print_page(stood, side="before" if as_of else "ago")


def page_stood(archive: Archive, page: str, as_of: datetime | None) -> tuple[Newspaper, PageAsOf, datetime]:
    """The newspaper of a page that a person names, the page as it stood, and the moment in UTC.

    as_of: naive on the newspaper's clock; None: now. Raises BadRequest for a path that two newspapers have and
    for an unknown section, NoSuchStory without a capture.
    """
    candidates: list[tuple[Newspaper, PageAsOf, datetime]] = []
    zone = POST.zone
    for paper, addresses in _pages(page):
        zone = paper.zone
        moment = options.on_clock(as_of, zone)
        if pages := archive.ask(pages_as_of, addresses, moment):
            candidates.append((paper, max(pages, key=lambda each: each.captured_at), moment))
    if len({paper.name for paper, *_ in candidates}) > 1:
        both = " and ".join(dict.fromkeys(each.page for _, each, _ in candidates))
        raise BadRequest(f"{page} is {both}: write the whole address")
    if not candidates:
        age = f" as old as {options.clock_time(options.on_clock(as_of, zone), zone)}" if as_of else ""
        raise NoSuchStory(f"the archive has no capture of {page}{age}")
    return candidates[-1]


def _pages(page: str) -> Iterable[tuple[Newspaper, list[str]]]:
    """The addresses that a person can mean, by newspaper. Raises BadRequest for a section that none has."""
    if any(mark in page for mark in "/."):
        for each in addresses_typed(page):
            with suppress(ValueError):
                if paper := newspaper_at(each):
                    yield paper, [each]
        return
    known = {name for paper in NEWSPAPERS.values() for name in paper.sections}
    if (name := page.casefold()) not in known:
        raise BadRequest(f"section {page} is unknown{closest(page, sorted(known))}")
    for paper in NEWSPAPERS.values():
        if name in paper.sections:
            yield paper, paper.section_pages(name)


def page_data(page: PageAsOf, moment: datetime) -> dict[str, Any]:
    facts = {name: getattr(page, name) for name in ("page", "layout", "captured_at", "seen_at", "whole", "capture_id")}
    teasers = [{name: plain(value) for name, value in row._mapping.items()} for row in page.teasers]
    return {"as_of": plain(moment), **plain(facts), "age_seconds": page.age.total_seconds(), "teasers": teasers}


def print_page(page: PageAsOf, limit: int | None = None, side: str = "before") -> None:
    """limit: at most so many teasers; side: the word behind the age."""
    line(address(page.page), bold=True)
    again = f"unchanged at {minute(page.seen_at)}" if page.seen_at > page.captured_at else None
    age = f"{duration(page.age)} {side}"
    line(joined(f"captured {minute(page.captured_at)}", again, age, page.layout, None if page.whole else "broke off"))
    name: str | None = ""
    for row in page.teasers[:limit]:
        if row.list != name:
            name = row.list
            if name:
                line(f"  {name}")
        line(f"  {row.position:>3}  {row.headline or row.summary or ''}")
        line(f"       {address(row.address)}", dim=True)
    if limit is not None and len(page.teasers) > limit:
        line(f"       and {len(page.teasers) - limit:,} more")
