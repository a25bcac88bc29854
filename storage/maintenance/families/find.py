"""Find the families of an archive, and write them: `postscraper families --find` and `--update`.

Stories are examined in batches, each in its own transaction, and the families written in one at the end, which marks
the stories as compared: a run that was stopped goes on where it was. In memory are the numbers of the stories, a
quarter of their sketches at a time, the pairs, and a few texts.

Under the caller's run lock. SQLite alone.
"""

from array import array
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import groupby
from multiprocessing import get_context

from sqlalchemy import Connection, delete, select, text, update

from storage.archive import Archive
from storage.database.bulk import add_rows, chunks, run_in, select_in
from storage.database.derived import Family, FamilyLink, FamilySketch
from storage.database.engine import require_sqlite
from storage.database.schema import Image, Revision, Story
from storage.maintenance.families.candidates import are_alike, pairs
from storage.maintenance.families.examine import (
    SAMPLE,
    Examined,
    Wording,
    begin,
    examine,
    examine_batch,
    has_extra,
    stock_phrases,
)
from storage.maintenance.families.links import Facts, Link, Membership, families, link, same_text, with_twins
from storage.maintenance.families.texts import Text
from storage.maintenance.families.twins import DAYS_APART, Edition, twin_links

BATCH = 500  # stories, in one transaction
PROCESSES = 2
FEWEST_FOR_PROCESSES = 5_000  # stories; to start two processes takes as long as to examine a thousand
SKETCHES = 20_000  # in memory, 6 MB
TEXTS = 1_000  # in memory, 60 MB with their shingles

_COLUMNS = ("story_id", "revision_id", "digest", "sketch", "is_wire", "is_rerun", "compared")
_LINK = ("older_id", "younger_id", "reason", "similarity", "older_share", "younger_share", "evidence")
_ROW = ("head_id", "story_id", "compared_id", "reason", "similarity", "own_share", "evidence")
_UNKNOWN = 0  # as a day

OnProgress = Callable[[int, int], object]  # takes the stories examined, and those to examine


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyCounts:
    """Result of a run. members: by reason. only_equal: without the extra, so that nearly equal texts were not found."""

    stories: int
    examined: int
    families: int
    members: Mapping[str, int]
    only_equal: bool


def find(archive: Archive, *, new_only: bool, on_progress: OnProgress = lambda _done, _total: None) -> FamilyCounts:
    """Find and write the families. new_only: compare only stories that are new or edited since the last time."""
    if not new_only:
        with archive.write() as connection:
            require_sqlite(connection, "families")
            connection.execute(delete(FamilySketch))
    examined = _examine(archive, on_progress)
    with archive.connect() as connection:
        stories = Stories(connection)
        new, former = None, list[Link]()
        if new_only:
            new = {stories.number[each] for (each,) in connection.execute(_NOT_COMPARED)}
            former = _former_links(connection, stories, new)
        copies = list(_copies(connection, stories))
        copied = {each.younger for each in copies}
        links = [each for each in former if each.reason != "twin" and not copied & {each.older, each.younger}]
        links += _nearly_same(connection, stories, copied, new)
        members = families([*copies, *links])
        twins = [each for each in former if each.reason == "twin"]
        twins += _twins(connection, stories, {each.story for each in members if each.reason != "head"}, new)
        members = with_twins(members, twins)
    with archive.write() as connection:
        connection.execute(delete(Family))
        add_rows(connection, Family, _ROW, (_row(each, stories) for each in members))
        connection.execute(delete(FamilyLink))
        add_rows(connection, FamilyLink, _LINK, (_link_row(each, stories) for each in (*links, *twins)))
        connection.execute(update(FamilySketch).where(~FamilySketch.compared).values(compared=True))
    return FamilyCounts(
        stories=len(stories.ids),
        examined=examined,
        families=len({each.head for each in members}),
        members=dict(Counter(each.reason for each in members).most_common()),
        only_equal=not has_extra(),
    )


class Stories:
    """The stories in the order of the rule for heads, by number from 0: first published, first seen, address.

    ids: by number. number: by id. days: proleptic ordinals, 0 for an unknown one. is_khmer: 1 or 0.
    """

    def __init__(self, connection: Connection) -> None:
        self.ids, self.days, self.revisions = array("q"), array("i"), array("q")
        self.is_khmer, self.marks = bytearray(), bytearray()
        days: dict[str, int] = {}
        for row in connection.execute(text(_IN_ORDER)):
            self.ids.append(row.id)
            self.revisions.append(row.revision_id)
            day = row.published_on
            if day is not None and day not in days:
                days[day] = date.fromisoformat(day).toordinal()
            self.days.append(_UNKNOWN if day is None else days[day])
            self.is_khmer.append(row.language == "km")
            self.marks.append(row.is_wire | row.is_rerun << 1)
        self.number = array("I", bytes(4 * (max(self.ids, default=0) + 1)))
        for number, story_id in enumerate(self.ids):
            self.number[story_id] = number

    def facts(self, number: int) -> Facts:
        mark = self.marks[number]
        return Facts(day=self.days[number] or None, is_wire=bool(mark & 1), is_rerun=bool(mark & 2))


_IN_ORDER = """
SELECT story.id, published_on, language, revision_id, is_wire, is_rerun
FROM story JOIN family_sketch ON family_sketch.story_id = story.id
ORDER BY published_on IS NULL, published_on, first_seen_at IS NULL, first_seen_at, canonical_url
"""
_NOT_COMPARED = select(FamilySketch.story_id).where(~FamilySketch.compared)
_TO_EXAMINE = """
SELECT story.id FROM story LEFT JOIN family_sketch ON family_sketch.story_id = story.id
WHERE newest_revision_id IS NOT NULL
AND (revision_id IS NULL OR revision_id <> newest_revision_id OR (:extra AND sketch IS NULL)) ORDER BY story.id
"""


def _examine(archive: Archive, on_progress: OnProgress) -> int:
    """Examine stories that are new or edited; how many."""
    with archive.connect() as connection:
        require_sqlite(connection, "families")
        ids = [each for (each,) in connection.execute(text(_TO_EXAMINE), {"extra": has_extra()})]
        stock = _stock(connection) if ids and has_extra() else frozenset()
    batches = chunks(ids, BATCH)
    done = 0
    with archive.connect() as connection, _workers(len(ids), stock) as examined_of:
        for examined in examined_of(_wordings(connection, batch) for batch in batches):
            connection.rollback()  # a long read would keep SQLite's log from being emptied
            with archive.write() as writer:
                run_in(writer, delete(FamilySketch), FamilySketch.story_id, [row[0] for row in examined])
                add_rows(writer, FamilySketch, _COLUMNS, ((*row, False) for row in examined))
            done += len(examined)
            on_progress(done, len(ids))
    return len(ids)


def _stock(connection: Connection) -> frozenset[str]:
    """Stock phrases of the paper; none while it is small.

    The sample is of the stories with the smallest digests of words, which are random, and hardly changes.
    """
    sample = connection.execute(text(_SAMPLE), {"size": SAMPLE}).all()
    return stock_phrases((body, language) for body, language in sample) if len(sample) == SAMPLE else frozenset()


_SAMPLE = """
SELECT body, language FROM (
    SELECT min(newest_revision_id) AS id FROM story GROUP BY words_digest ORDER BY words_digest LIMIT :size
) AS sampled JOIN revision ON revision.id = sampled.id JOIN story ON story.id = revision.story_id
"""

_Examiner = Callable[[Iterator[list[Wording]]], Iterator[list[Examined]]]


@contextmanager
def _workers(stories: int, stock: frozenset[str]) -> Iterator[_Examiner]:
    """A function that examines batches in order, a few of them at a time."""
    if stories < FEWEST_FOR_PROCESSES:
        yield lambda batches: (examine(batch, stock) for batch in batches)
        return
    # spawn: a forked child would inherit the database's connection.
    with ProcessPoolExecutor(PROCESSES, get_context("spawn"), begin, (stock,)) as pool:

        def ahead(batches: Iterator[list[Wording]]) -> Iterator[list[Examined]]:
            queue: deque[Future[list[Examined]]] = deque()
            for batch in batches:
                queue.append(pool.submit(examine_batch, batch))
                if len(queue) > 2 * PROCESSES:
                    yield queue.popleft().result()
            while queue:
                yield queue.popleft().result()

        yield ahead


def _wordings(connection: Connection, ids: Sequence[int]) -> list[Wording]:
    revision, story = Revision.__table__.c, Story.__table__.c
    of_revision = [revision[name] for name in ("kicker", "headline", "standfirst", "agency", "body")]
    of_story = [story.id.label("story_id"), story.language, story.words_digest, revision.id.label("revision_id")]
    query = select(*of_story, *of_revision).join(Revision, revision.id == story.newest_revision_id)
    return [Wording(**row._mapping) for row in select_in(connection, query, story.id, ids)]


_EQUAL = """
SELECT digest, story_id FROM family_sketch
WHERE digest IN (SELECT digest FROM family_sketch GROUP BY digest HAVING count(*) > 1) ORDER BY digest
"""


def _copies(connection: Connection, stories: Stories) -> Iterator[Link]:
    """Links of the first story with a text to each other that has it."""
    for _, rows in groupby(connection.execute(text(_EQUAL)), key=lambda row: row.digest):
        first, *copies = sorted(stories.number[row.story_id] for row in rows)
        yield from (same_text(first, copy, stories.facts(first), stories.facts(copy)) for copy in copies)


def _nearly_same(
    connection: Connection, stories: Stories, copies: Collection[int], new: Collection[int] | None
) -> Iterator[Link]:
    """Links by the texts; copies: stories with the text of another, which are left out."""
    if not has_extra() or (new is not None and not new):
        return
    stored = _Stored(connection, stories)
    sketch_of = lru_cache(maxsize=SKETCHES)(stored.sketch)
    text_of = lru_cache(maxsize=TEXTS)(stored.text)
    left_out = bytearray(len(stories.ids))
    for number in copies:
        left_out[number] = 1
    for older, younger in pairs(lambda: (each for each in stored.sketches() if not left_out[each[0]]), new):
        if are_alike(sketch_of(older), sketch_of(younger)):
            texts = text_of(older), text_of(younger)
            if near := link(older, younger, texts, (stories.facts(older), stories.facts(younger))):
                yield near


class _Stored:
    """Sketches and texts in the database, by the numbers of the stories; without SQLAlchemy's work on each row."""

    def __init__(self, connection: Connection, stories: Stories) -> None:
        self._connection, self._stories = connection, stories

    def sketches(self) -> Iterator[tuple[int, bytes]]:
        rows = self._connection.exec_driver_sql("SELECT story_id, sketch FROM family_sketch WHERE length(sketch) > 0")
        for story_id, sketch in rows:
            yield self._stories.number[story_id], sketch

    def sketch(self, number: int) -> bytes:
        query = "SELECT sketch FROM family_sketch WHERE story_id = ?"
        sketch: bytes = self._connection.exec_driver_sql(query, (self._stories.ids[number],)).scalar_one()
        return sketch

    def text(self, number: int) -> Text:
        query = "SELECT body, language FROM revision JOIN story ON story.id = revision.story_id WHERE revision.id = ?"
        return Text(*self._connection.exec_driver_sql(query, (self._stories.revisions[number],)).one())


def _former_links(connection: Connection, stories: Stories, new: set[int]) -> list[Link]:
    """The links of an earlier run between stories that are neither new nor edited.

    Stories whose order has changed, by another day of publication, are added to `new`.
    """
    table = FamilyLink.__table__
    rows = [
        (stories.number[row.older_id], stories.number[row.younger_id], row) for row in connection.execute(select(table))
    ]
    new.update(number for older, younger, _ in rows if older > younger for number in (older, younger))
    return [
        Link(
            older=older,
            younger=younger,
            reason=row.reason,
            similarity=row.similarity,
            own_shares=(row.older_share, row.younger_share),
            evidence=row.evidence,
        )
        for older, younger, row in rows
        if not new & {older, younger}
    ]


def _twins(
    connection: Connection, stories: Stories, followers: Collection[int], new: Collection[int] | None
) -> list[Link]:
    """Links of twins between heads, or stories without a family. followers: members of a family besides its head."""
    if not 0 < sum(stories.is_khmer) < len(stories.ids):
        return []
    links = twin_links(_editions(connection, stories, _days_of(stories, new, followers)))
    return [each for each in links if new is None or each.older in new or each.younger in new]


def _days_of(stories: Stories, new: Collection[int] | None, followers: Collection[int]) -> Sequence[int]:
    """The stories of known day to compare as twins, in the order of days; new: only of the days around these."""
    days = None
    if new is not None:
        around = range(-DAYS_APART, DAYS_APART + 1)
        days = {stories.days[number] + apart for number in new if stories.days[number] for apart in around}
    numbers = (number for number, day in enumerate(stories.days) if day != _UNKNOWN and (days is None or day in days))
    return array("I", (number for number in numbers if number not in followers))


def _editions(connection: Connection, stories: Stories, numbers: Sequence[int]) -> Iterator[Edition]:
    revision, image = Revision.__table__.c, Image.__table__.c
    for batch in chunks(numbers, BATCH):
        ids = [stories.revisions[number] for number in batch]
        query = select(revision.id, revision.headline, revision.standfirst, revision.body).where(revision.id.in_(ids))
        texts = {row.id: "\n\n".join(filter(None, row[1:])) for row in connection.execute(query)}
        pictures: dict[int, list[str]] = {}
        for revision_id, url in connection.execute(
            select(image.revision_id, image.url).where(image.revision_id.in_(ids))
        ):
            pictures.setdefault(revision_id, []).append(url)
        for number, revision_id in zip(batch, ids, strict=True):
            language = "km" if stories.is_khmer[number] else "en"
            urls = pictures.get(revision_id, ())
            yield Edition.of(number, stories.days[number], language, texts[revision_id], urls)


def _row(member: Membership, stories: Stories) -> tuple[object, ...]:
    ids = (stories.ids[number] for number in (member.head, member.story, member.compared))
    return (*ids, member.reason, member.similarity, member.own_share, member.evidence)


def _link_row(link: Link, stories: Stories) -> tuple[object, ...]:
    ids = stories.ids[link.older], stories.ids[link.younger]
    return (*ids, link.reason, link.similarity, *link.own_shares, link.evidence)
