"""Particulars of one newspaper, as plain data: hosts, layouts, clock, languages, sections.

Nothing here needs more than the standard library, so that a package with a newspaper of its own can import it while
`postscraper.newspapers` loads that package.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time, tzinfo

from postscraper.languages import ENGLISH, Language


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DateForms:
    """The forms in which a newspaper prints dates, in all of its languages. The patterns are regular expressions.

    day, clock, zone: what it prints for a day, for a time behind it and for its zone; without groups, and wide: a word
        in a month's place that is none makes an odd date, and not words of the story.
    day_parts: of a printed day, with the groups `day`, `month` and `year`; the first that matches counts.
    clock_parts: of a printed time, with the groups `hour`, `minute` and `half`.
    months: the number of each month by its names, in lower case.
    mornings: the marks in `half` of the hours before noon, in lower case; any other is of the hours after.
    digits: other figures and the ones that they stand for.
    """

    day: str
    clock: str
    zone: str
    day_parts: tuple[str, ...]
    clock_parts: str
    months: Mapping[str, int]
    mornings: frozenset[str] = frozenset()
    digits: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Newspaper:
    """One newspaper's particulars.

    name: of its spider, and of its evidence files.
    title: its name as it prints it, for citations; "" for its host.
    host: where it is served; its www, bare, m. and mail. hosts are the same. other_hosts: more names of that host,
        without www.
    layouts: the dotted paths of the modules of its layouts, each imported when the first page is read.
    languages: the first is that of a list without headlines. English words are always read besides: engines and
        agencies write them.
    zone: of its newsroom's clock. founded_on: its first issue's day; no page of it is dated earlier.
    default_time: on that clock, what its engines gave to stories without a time; None: no time in particular.
    house_bylines: bylines that name no person, in lower case, besides those of any newspaper.
    default_alts: alternative texts that its engines give to any picture.
    sections: the paths of its section pages by their short names.
    seeds: paths that a crawl begins with besides the sections. later_seeds: requested after these.
    rest_api: whether it runs on WordPress, and a crawl begins with questions to its REST API.
    parameters: those of a query that tell its pages apart, besides WordPress's and those of any list or search.
    no_stories: first path segments under which no story lies.
    floors: the least share of a crawl's articles that must have each field; below it a design has changed, or a layout
        reads it no more.
    """

    name: str
    title: str = ""
    host: str
    other_hosts: tuple[str, ...] = ()
    layouts: tuple[str, ...]
    languages: tuple[Language, ...]
    zone: tzinfo
    dates: DateForms
    founded_on: date
    default_time: time | None = None
    house_bylines: frozenset[str] = frozenset()
    default_alts: frozenset[str] = frozenset()
    sections: Mapping[str, str]
    seeds: tuple[str, ...]
    later_seeds: tuple[str, ...] = ()
    rest_api: bool = False
    parameters: frozenset[str] = frozenset()
    no_stories: frozenset[str] = frozenset()
    floors: Mapping[str, float] = field(default_factory=dict)

    def section_pages(self, name: str) -> list[str]:
        """The addresses of a section by its short name: the newspaper's own path, and WordPress's."""
        return [f"https://{self.host}{path}" for path in (self.sections[name], f"/category/{name}")]

    @property
    def languages_read(self) -> tuple[Language, ...]:
        """The newspaper's own, and English."""
        return tuple(dict.fromkeys((*self.languages, ENGLISH)))

    def words_for(self, name: str) -> str:
        """A regular expression for one field of `Language`, in all languages that are read."""
        return "|".join(filter(None, (getattr(each, name) for each in self.languages_read)))
