"""`postscraper audit`: what is known of, and what of it is held."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import click

from postscraper.cli import options
from postscraper.cli.output import address, counted, joined, line, print_json
from postscraper.errors import BadRequest, closest
from postscraper.items import plain
from postscraper.layouts.wordpress import wordpress_rest
from postscraper.newspapers import NEWSPAPERS
from postscraper.run.discovery import Discoverer
from postscraper.run.evidence_reader import EvidenceReader
from postscraper.run.scope import Scope
from postscraper.sources import wordpress
from storage.archive import Archive
from storage.ledger.audit import ASSUMED, STANDINGS, AuditedAddress, Estimate, audit, estimate, totals

Place = tuple[date | None, str | None]


@click.command("audit")
@options.since
@options.until
@click.option("--section", help="Only this section, by its short name.")
@options.json
@options.archive
def command(since: date | None, until: date | None, section: str | None, json_wanted: bool, archive: Path) -> None:
    """Compare what sitemaps, feeds, lists, teasers and links know of with what the archive holds.

    The indexes of other archives count as lists, as far as they were read.

    By day and section: held, missing, unread, moved, gone, excluded, failed. Names every address
    that is missing or failed, and estimates how many stories no list knows of.

    \b
    Example:
      postscraper audit --since 2018-01-01 --until 2018-12-31 --section national
    """
    options.check_span(since, until)
    sections = {name for paper in NEWSPAPERS.values() for name in paper.sections}
    if section is not None and section not in sections:
        raise BadRequest(f"--section {section} is unknown{closest(section, sorted(sections))}")
    with Archive.open(archive, readonly=True) as opened, opened.connect() as connection:
        found = audit(connection, Places(archive))
        said = SiteSays.of(totals(connection, wordpress_rest.NAME))
    # A day or section that is not known rules nothing out: a gap may lie there.
    known = [each for each in found if _within(each, since, until) and section in (None, each.section)]
    if json_wanted:
        print_json(_data(known, estimate(known), said))
    else:
        _print(known, estimate(known))
        _print_totals(said, found)


@dataclass(frozen=True, slots=True)
class SiteSays:
    """How many stories the site's REST API says it has, by year and by section; empty where nothing says so.

    A story of several sections counts in each, one behind a password or of a later day as well.
    """

    years: Mapping[int, int]
    sections: Mapping[str, int]

    @classmethod
    def of(cls, found: Mapping[str, Mapping[str, int]]) -> "SiteSays":
        """found: counts by the address of the list that gave them."""
        years = {year: counts[""] for url, counts in found.items() if (year := wordpress.year_of(url)) and "" in counts}
        sections = {
            name: count
            for url, counts in found.items()
            if wordpress.is_categories(url)
            for name, count in counts.items()
        }
        return cls(dict(sorted(years.items())), dict(sorted(sections.items())))

    def as_data(self) -> dict[str, Any] | None:
        if not self.years and not self.sections:
            return None
        return {"stories": sum(self.years.values()), "years": dict(self.years), "sections": dict(self.sections)}


class Places:
    """What the newspapers say of addresses."""

    def __init__(self, archive: Path) -> None:
        self._address = EvidenceReader(archive).address
        self._ears = {paper.host: Discoverer(paper, Scope(), {}) for paper in NEWSPAPERS.values()}

    def key(self, url: str) -> str | None:
        try:
            found = self._address(url)
        except ValueError:
            return None
        return found if self._ear(found) else None

    def _ear(self, found: str) -> Discoverer | None:
        return self._ears.get(found.split("/")[2])

    def is_story(self, found: str) -> bool:
        ear = self._ear(found)
        return ear is not None and ear.kind(found) == "story"

    def exclusion_rule(self, found: str) -> str | None:
        ear = self._ear(found)
        return ear.exclusion_rule(found, 0) if ear else "on another host"

    def section(self, found: str) -> str | None:
        ear = self._ear(found)
        return ear.section(found) if ear else None


def _within(known: AuditedAddress, since: date | None, until: date | None) -> bool:
    return known.on is None or ((since is None or known.on >= since) and (until is None or known.on <= until))


def _places(known: Iterable[AuditedAddress]) -> dict[Place, list[AuditedAddress]]:
    """By day and section, the earliest first, those without a day last."""
    found: dict[Place, list[AuditedAddress]] = {}
    for each in known:
        found.setdefault((each.on, each.section), []).append(each)
    order = sorted(found, key=lambda place: (place[0] is None, place[0] or date.min, place[1] or ""))
    return {place: found[place] for place in order}


def _counts(known: Iterable[AuditedAddress]) -> Mapping[str, int]:
    counted = Counter(each.standing for each in known)
    return {standing: counted[standing] for standing in STANDINGS if counted[standing]}


def _data(known: list[AuditedAddress], estimated: Estimate | None, said: SiteSays) -> dict[str, Any]:
    days = [{"on": plain(on), "section": section, **_counts(some)} for (on, section), some in _places(known).items()]
    return {
        "totals": _counts(known),
        "days": days,
        "not_held": [plain(asdict(each) | {"lists": sorted(each.lists)}) for each in known if each.standing != "held"],
        "estimate": asdict(estimated) if estimated else None,
        "assumed": ASSUMED,
        "site_says": said.as_data(),
    }


def _print(known: list[AuditedAddress], estimated: Estimate | None) -> None:
    line(joined(*_told(_counts(known))) or "Nothing is known of any story.", bold=True)
    for (on, section), some in _places(known).items():
        lacking = [each for each in some if each.standing in ("missing", "failed")]
        if lacking:
            line()
            line(joined(on or "day unknown", section or "section unknown", *_told(_counts(some))))
        for each in lacking:
            line(f"  {each.standing}: {joined(address(each.address), each.why)}")
    line()
    if estimated is None:
        line("How many stories no list knows of cannot be estimated: the two kinds of lists share too few.")
        return
    line(
        f"About {counted(estimated.stories, 'story', 'stories')} ({estimated.at_least:,} to {estimated.at_most:,})"
        f" by the lists' overlap:"
        f" {estimated.by_engine:,} in the site's own, {estimated.by_people:,} in teasers and links,"
        f" {estimated.in_both:,} in both; {estimated.unknown:,} may be in none."
    )
    line(f"Assumed: {ASSUMED}.")


def _print_totals(said: SiteSays, found: list[AuditedAddress]) -> None:
    """Years and sections of which the site says it has more than is held."""
    held = [each for each in found if each.standing == "held"]
    if said.years:
        line()
        line(f"The site says it has {counted(sum(said.years.values()), 'story', 'stories')}; {len(held):,} are held.")
    in_year = Counter(each.on.year for each in held if each.on)
    in_section = Counter(each.section for each in held)
    for year, count in said.years.items():
        if count > in_year[year]:
            line(f"  of {year}: {count:,}, held {in_year[year]:,}")
    for section, count in said.sections.items():
        if count > in_section[section]:
            line(f"  in {section}: {count:,}, held {in_section[section]:,}")


def _told(counts: Mapping[str, int]) -> list[str]:
    return [f"{count:,} {standing}" for standing, count in counts.items()]
