"""Types of answers about the archive and its stories by time, words and state."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, TypedDict

from postscraper.web.answers.story import ChangeShown
from postscraper.web.schema import With
from storage.ledger.audit import Estimate, List, Standing
from storage.query.history.changes import ChangeKind
from storage.query.history.edits import Edit
from storage.query.history.gone import Gone
from storage.query.search.facets import Facets
from storage.query.search.search import Hit
from storage.query.search.trend import Period


class Run(TypedDict):
    """A crawl; null for what is not known, as of one that was killed. facts: what is known of it, in words."""

    number: int
    newspaper: str
    source: str
    started_at: datetime
    ended_at: datetime | None
    exit_code: int | None
    reason: str | None
    outcomes: Mapping[str, int]
    unread: Mapping[str, int]
    requests: int | None
    bytes: int | None
    doors: Mapping[str, str]
    queued: int | None
    pages: int
    too_few: Sequence[str]
    verdict: str
    facts: Mapping[str, str]


class Runs(TypedDict):
    """The newest first."""

    runs: Sequence[Run]


class YearOfFront(TypedDict):
    """weeks: stories by sevens of days from New Year. not_held: the same of stories that are known and not held yet."""

    year: int
    stories: int
    days: int
    weeks: Sequence[int]
    not_held: Sequence[int]


class Gap(TypedDict):
    """Days without a story, both ends included."""

    first: date
    last: date
    days: int


class Front(TypedDict):
    """Counts of the archive. outcomes: captures by result; unread: by reason; ledger: known addresses by state.

    first_on, last_on: first and last day of publication. gaps: the six longest spans without a story.
    days: stories by day of publication.
    """

    stories: int
    revisions: int
    captures: int
    first_on: date | None
    last_on: date | None
    papers: Sequence[str]
    last_run: Run | None
    years: Sequence[YearOfFront]
    sections: Mapping[str, int]
    languages: Mapping[str, int]
    designs: Mapping[str, int]
    outcomes: Mapping[str, int]
    unread: Mapping[str, int]
    ledger: Mapping[str, int]
    gaps: Sequence[Gap]
    days: Mapping[str, int]


class Year(TypedDict):
    """days: stories by day. not_held: known stories that are not held yet, by day. before, after: years with stories.

    first_on, last_on: of the whole archive.
    """

    year: int
    stories: int
    days: Mapping[str, int]
    not_held: Mapping[str, int]
    before: int | None
    after: int | None
    first_on: date | None
    last_on: date | None


class FrontSummary(TypedDict):
    """A page with teasers as it stood.

    page: its address. capture: number of the capture that shows it. seen_at: of that, or of a later answer that the
    page is unchanged. age_seconds: from `seen_at` to the moment. whole: whether the page came to its end.
    """

    page: str
    capture: int
    captured_at: datetime
    seen_at: datetime
    age_seconds: float
    whole: bool
    layout: str | None
    teasers: int


class TeaserInPlace(TypedDict):
    """position: in its list, from 1. address: where it leads. story: number of the story there; null if not held."""

    position: int
    headline: str | None
    summary: str | None
    address: str
    image_url: str | None
    published_on: date | None
    story: int | None


class TeaserList(TypedDict):
    """list: its printed name."""

    list: str | None
    teasers: Sequence[TeaserInPlace]


class FrontInFull(FrontSummary):
    """lists: the teasers of the page in their places."""

    lists: Sequence[TeaserList]


class StoryOfDay(TypedDict):
    """A story in its newest wording. id: its number. revisions: how many wordings are held."""

    id: int
    canonical_url: str
    language: str
    section: str | None
    published_at: datetime | None
    revisions: int
    headline: str
    standfirst: str | None
    byline: str | None


class EditOfDay(TypedDict):
    """A revision that was first captured on the day. id: number of the story. number: of the revision, from 1."""

    id: int
    canonical_url: str
    language: str
    number: int
    headline: str
    first_captured_at: datetime


class PaperOfDay(TypedDict):
    """as_of: the last moment of the day. clock: of the newspaper. fronts: front page and sections as of then."""

    paper: str
    host: str
    as_of: datetime
    clock: str
    fronts: Sequence[FrontSummary]
    shown: FrontInFull | None
    stories: Sequence[StoryOfDay]
    edited: Sequence[EditOfDay]
    gone: Sequence[Gone]


class Day(TypedDict):
    """before, after: the nearest days with stories. papers: those with anything on this day."""

    day: date
    weekday: str
    before: date | None
    after: date | None
    front: str | None
    papers: Sequence[PaperOfDay]


class GonePage(TypedDict):
    """A page of absences, the last to go first; total: of all pages."""

    total: int
    page: int
    pages: int
    gone: Sequence[Gone]


class Search(TypedDict):
    """total: stories that match; gone: those of them whose address answers without them now. ranked: how many can be
    reached by pages in this order. notice: a sentence about a filter or page that has no story.

    sections, layouts: names by which a search can be narrowed.
    """

    title: str
    q: str
    fault: None
    notice: str | None
    gone: int
    total: int
    page: int
    pages: int
    limit: int
    ranked: int
    hits: Sequence[Hit]
    facets: Facets | None
    sections: Sequence[str]
    layouts: Sequence[str]


class TrendLine(TypedDict):
    """stories: counts by period. shares: of all stories of the period, 0 to 1; null where none is held."""

    words: str
    stories: Sequence[int]
    shares: Sequence[float | None]
    undated: int


class Trend(TypedDict):
    """periods: `2018` or `2018-06`, without a gap. all_stories: that are held, with the words or without, by period."""

    title: str
    questions: Sequence[str]
    fault: None
    notice: str | None
    by: Period
    periods: Sequence[str]
    all_stories: Sequence[int]
    series: Sequence[TrendLine]
    sections: Sequence[str]


class NoteOfEdit(TypedDict):
    """number: of the revision that first shows it."""

    kind: str
    text: str
    number: int


EditShown = Annotated[
    Edit, With(kinds=Sequence[ChangeKind], changes=Sequence[ChangeShown], corrections=Sequence[NoteOfEdit])
]


class Changes(TypedDict):
    """The last change first; more: than `limit` are known. kinds, sections: by which it can be narrowed."""

    limit: int
    more: bool
    kinds: Sequence[str]
    sections: Sequence[str]
    edits: Sequence[EditShown]


class Withdrawal(TypedDict):
    """on: the day."""

    on: date
    reason: str


class Withdrawals(TypedDict):
    """Stories that were taken out of the archive."""

    withdrawn: Sequence[Withdrawal]


class NotHeld(TypedDict):
    """on: day of publication, if known. lists: the kinds of lists that name it."""

    address: str
    standing: Standing
    why: str | None
    on: date | None
    section: str | None
    lists: Sequence[List]


class Audit(TypedDict):
    """totals: known addresses of stories by their standing. estimate: of all stories that the paper printed; null when
    too few lists overlap. assumed: on what it rests. not_held: the first of them; lacking: how many there are.
    """

    totals: Mapping[str, int]
    section: str | None
    sections: Sequence[str]
    estimate: Estimate | None
    assumed: str
    lacking: int
    not_held: Sequence[NotHeld]
