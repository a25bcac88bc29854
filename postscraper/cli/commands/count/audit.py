"""`postscraper audit`: known stories, and which of them the archive holds."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import click

from postscraper.cli import options
from postscraper.cli.output import address, counted, joined, line, note, print_json
from postscraper.errors import BadRequest, closest
from postscraper.items import plain
from postscraper.layouts.wordpress import wordpress_rest
from postscraper.newspapers import NEWSPAPERS
from postscraper.run.audit_rules import AuditRules
from postscraper.sources import wordpress
from storage.archive import Archive
from storage.ledger.audit import ASSUMED, STANDINGS, AuditedAddress, Estimate, audit, estimate, totals

Day = tuple[date | None, str | None]  # and its section


@click.command("audit")
@options.published
@click.option("--section", help="Only this section, by its short name.")
@options.json
@options.reading
def audit_command(
    since: date | None, until: date | None, section: str | None, json_wanted: bool, archive: Archive
) -> None:
    """Compare the stories in sitemaps, feeds, lists, teasers and links with those that the archive holds.

    The indexes of other archives count as lists, as far as they were read.

    By day and section: held, missing, unread, moved, gone, excluded, failed. Names every address
    that is missing or failed, and estimates how many stories no list knows of. An address of unknown
    day is in every span, for a gap may lie there.

    \b
    Example:
      postscraper audit --since 2018-01-01 --until 2018-12-31 --section national
    """
    sections = sorted({name for paper in NEWSPAPERS.values() for name in paper.sections})
    section = section and section.casefold()
    if section is not None and section not in sections:
        raise BadRequest(f"--section {section} is unknown{closest(section, sections)}")
    with archive.connect() as connection:
        audited = audit(connection, AuditRules(archive.folder))
        site = SiteTotals.of(totals(connection, wordpress_rest.NAME))
    # An address of unknown day stays in every span: a gap may lie there.
    selected = [each for each in audited if _within(each, since, until) and section in (None, each.section)]
    if json_wanted:
        print_json(_data(selected, estimate(selected), site))
    else:
        _print(selected, estimate(selected))
        _print_totals(site, audited)


@dataclass(frozen=True, slots=True)
class SiteTotals:
    """Numbers of stories by year and by section from the site's REST API; empty where no list contains them.

    A story counts in each of its sections; stories behind a password or of a later day are included.
    """

    years: Mapping[int, int]
    sections: Mapping[str, int]

    @classmethod
    def of(cls, by_list: Mapping[str, Mapping[str, int]]) -> "SiteTotals":
        """by_list: counts by the address of the list that contains them."""
        years = {
            year: counts[""] for url, counts in by_list.items() if (year := wordpress.year_of(url)) and "" in counts
        }
        sections = {
            name: count
            for url, counts in by_list.items()
            if wordpress.is_categories(url)
            for name, count in counts.items()
        }
        return cls(dict(sorted(years.items())), dict(sorted(sections.items())))

    def as_data(self) -> dict[str, Any] | None:
        if not self.years and not self.sections:
            return None
        return {"stories": sum(self.years.values()), "years": dict(self.years), "sections": dict(self.sections)}


def _within(audited: AuditedAddress, since: date | None, until: date | None) -> bool:
    on = audited.on
    return on is None or ((since is None or on >= since) and (until is None or on <= until))


def _by_day(audited: Iterable[AuditedAddress]) -> list[tuple[Day, list[AuditedAddress]]]:
    """By day and section, the earliest first, those without a day last."""
    groups: dict[Day, list[AuditedAddress]] = {}
    for each in audited:
        groups.setdefault((each.on, each.section), []).append(each)
    return sorted(groups.items(), key=lambda group: (group[0][0] is None, group[0][0] or date.min, group[0][1] or ""))


def _counts(audited: Iterable[AuditedAddress]) -> Mapping[str, int]:
    counts = Counter(each.standing for each in audited)
    return {standing: counts[standing] for standing in STANDINGS if counts[standing]}


def _data(audited: list[AuditedAddress], estimated: Estimate | None, site: SiteTotals) -> dict[str, Any]:
    lacking = [each for each in audited if each.standing != "held"]
    return {
        "totals": _counts(audited),
        "days": [{"on": plain(on), "section": section, **_counts(day)} for (on, section), day in _by_day(audited)],
        "not_held": [plain(asdict(each) | {"lists": sorted(each.lists)}) for each in lacking],
        "estimate": asdict(estimated) if estimated else None,
        "assumed": ASSUMED,
        "site_says": site.as_data(),
    }


def _print(audited: list[AuditedAddress], estimated: Estimate | None) -> None:
    if not audited:
        note("No list names such a story.")
        return
    line(joined(*_count_texts(audited)), bold=True)
    for (on, section), day in _by_day(audited):
        lacking = [each for each in day if each.standing in ("missing", "failed")]
        if lacking:
            line()
            line(joined(on or "day unknown", section or "section unknown", *_count_texts(day)))
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


def _print_totals(site: SiteTotals, audited: list[AuditedAddress]) -> None:
    """The years and sections in which the site counts more stories than are held."""
    held = [each for each in audited if each.standing == "held"]
    if site.years:
        line()
        line(f"The site says it has {counted(sum(site.years.values()), 'story', 'stories')}; {len(held):,} are held.")
    in_year = Counter(each.on.year for each in held if each.on)
    in_section = Counter(each.section for each in held)
    for year, count in site.years.items():
        if count > in_year[year]:
            line(f"  of {year}: {count:,}, held {in_year[year]:,}")
    for section, count in site.sections.items():
        if count > in_section[section]:
            line(f"  in {section}: {count:,}, held {in_section[section]:,}")


def _count_texts(audited: Iterable[AuditedAddress]) -> list[str]:
    return [f"{count:,} {standing}" for standing, count in _counts(audited).items()]
