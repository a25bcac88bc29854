"""The archive: the one way in and out.

`with Archive.open("archive") as archive: archive.add(item)`; every `add` is one durable transaction.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from functools import cached_property
from itertools import compress
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from sqlalchemy import Connection, Engine, Row, and_, bindparam, func, not_, select

from storage.database import engine as opening
from storage.database.schema import Capture
from storage.errors import ArchiveError, Damaged, NotAnArchive
from storage.holdings.holdings import Holdings
from storage.holdings.queue import mark_held as settle_holdings
from storage.ingest import reprocess, search_index, tombstones, visits
from storage.ingest import visits as replays
from storage.ingest.batch import Outcome, load
from storage.ingest.prepare import Identity, prepare
from storage.ingest.visits import Taken
from storage.ingest.write import write
from storage.ledger.discoveries import MergedDiscovery
from storage.ledger.ledger import Ledger
from storage.ledger.states import DROPPED, Discovery, Visit
from storage.query import export, history, search, statistics
from storage.query.history import FullStory, Wording, find, full_story, promotions, revisions
from storage.query.search import Hit, Limits, Sort
from storage.query.statistics import Stats

__all__ = ["Archive", "ArchiveError", "Discovery", "Hit", "Outcome", "Visit"]

# Made once: one of the two is asked for every page that a run brings.
_KEPT = (
    select(
        *(Capture.url, Capture.captured_at, Capture.status),
        *(Capture.evidence_file, Capture.evidence_offset, Capture.evidence_length),
    )
    .where(Capture.digest == bindparam("digest"), Capture.evidence_file.is_not(None))
    .limit(1)
)
_IS_SAME = and_(
    *(Capture.url == bindparam("url"), Capture.status == bindparam("status")),
    *(Capture.captured_at >= bindparam("second"), Capture.captured_at < bindparam("next")),
)
_KEPT_SAME = _KEPT.where(_IS_SAME).order_by(Capture.id)
_KEPT_ANY = _KEPT.order_by(not_(_IS_SAME), Capture.url != bindparam("url"), Capture.id)


class Archive:
    """A folder with a database of stories; made by `Archive.open`, and closed by `close` or `with`."""

    def __init__(self, folder: Path, engine: Engine, writer: Engine, evidence: Path, *, readonly: bool) -> None:
        self.folder = folder
        self.evidence = evidence
        self.readonly = readonly
        self._engine = engine
        self._writer = writer

    @classmethod
    def open(
        cls,
        folder: str | PathLike[str],
        *,
        db_url: str | None = None,
        evidence: Path | None = None,
        readonly: bool = False,
    ) -> Self:
        """The archive in a folder, made when there is none; readonly: never made, and never changed.

        db_url: of another database than the folder's own `archive.db`. evidence: another folder of records than its
        own. Raises ArchiveError.
        """
        folder = Path(folder)
        path = folder / opening.DATABASE
        if db_url is None and readonly and not path.is_file():
            raise NotAnArchive(f"there is no archive in {folder}")
        if not readonly:
            opening.make_folder(folder)
        engine = opening.engine_for(folder, db_url, readonly=readonly)
        writer = opening.writer_for(folder, db_url, readonly=readonly)
        try:
            if not readonly and opening.is_empty(engine):
                opening.upgrade(writer)
            opening.check_version(engine, folder)
        except BaseException:
            writer.dispose()
            engine.dispose()
            raise
        return cls(folder, engine, writer, evidence or folder / tombstones.EVIDENCE, readonly=readonly)

    @classmethod
    def upgrade(cls, folder: str | PathLike[str], *, db_url: str | None = None) -> None:
        """Bring an archive of an earlier version to this program's. Raises ArchiveError."""
        if db_url is None and not (Path(folder) / opening.DATABASE).is_file():
            raise NotAnArchive(f"there is no archive in {folder}")
        engine = opening.writer_for(Path(folder), db_url, readonly=False)
        try:
            opening.upgrade(engine)
        finally:
            engine.dispose()

    def close(self) -> None:
        self._writer.dispose()
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @cached_property
    def ledger(self) -> Ledger:
        """Every address ever heard of."""
        return Ledger(self._engine, self._writer)

    @cached_property
    def holdings(self) -> Holdings:
        """What other archives say they have."""
        return Holdings(self._engine, self._writer)

    def connect(self) -> Connection:
        """A connection for questions of one's own, to be closed by who asks."""
        return self._engine.connect()

    def add(self, item: Any, visit: Visit | None = None) -> Outcome:
        """Store one item, durably; what became of it. May be repeated. Raises ArchiveError."""
        return self.add_many([(item, visit)])[0]

    def add_many(self, items: Iterable[tuple[Any, Visit | None]]) -> list[Outcome]:
        """Store items, and what their visits announce, in one durable transaction: all or none.

        Raises ValueError for what is no item, ArchiveError when the database cannot.
        """
        return self._taken(items, visits.apply_visits)

    def replay(
        self,
        items: Sequence[tuple[Any, Visit | None]],
        far: Mapping[str, int],
        heard: Iterable[MergedDiscovery] | None = None,
    ) -> list[Outcome]:
        """As `add_many`, and in the same transaction how far files are dealt with (storage/ingest/visits.py).

        heard: what the pages announce, put together; None: their visits say it themselves.
        """

        def settle(connection: Connection, taken: Sequence[Taken]) -> None:
            visits.apply_visits(connection, taken, heard)
            replays.mark(connection, far)

        return self._taken(items, settle)

    def replayed(self) -> dict[str, int]:
        """How far files are dealt with by `replay`: bytes by file."""
        with self._engine.connect() as connection:
            return replays.done(connection)

    def reread(self, items: Iterable[tuple[Any, Visit | None]]) -> list[Outcome]:
        """Store other readings of captures that it has, in one durable transaction; see storage/ingest/reprocess.py.

        No visit is counted; what the visits announce is heard. Raises as `add_many` does.
        """
        return self._taken(items, reprocess.apply_readings)

    def _taken(
        self, items: Iterable[tuple[Any, Visit | None]], settle: Callable[[Connection, Sequence[Taken]], None]
    ) -> list[Outcome]:
        entries = [prepare(item, visit) for item, visit in items]
        with self.write() as connection:
            barred = tombstones.addresses(connection)
            allowed = [not barred or not tombstones.is_barred(each, barred) for each in entries]
            brought = list(compress(entries, allowed))
            intake = load(connection, brought)
            taken = [intake.add(each) for each in brought]
            write(connection, intake)
            settle(connection, taken)
            settle_holdings(connection, brought)
            turned_away = [each for each, is_allowed in zip(entries, allowed, strict=True) if not is_allowed]
            tombstones.reject(connection, turned_away, self.evidence)
        if turned_away:
            self.overwrite_withdrawn()
        outcomes = (outcome for _, outcome, _ in taken)
        return [next(outcomes) if is_allowed else Outcome.WITHDRAWN for is_allowed in allowed]

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One durable transaction of the only writer; all or none."""
        with self._writer.begin() as connection:
            opening.only_writer(connection)
            yield connection

    def withdrawn(self) -> frozenset[str]:
        """The addresses that are kept out; see storage/withdrawals.py."""
        with self._engine.connect() as connection:
            return tombstones.addresses(connection)

    def dropped(self) -> dict[tuple[str, int, str], str]:
        """What pipelines kept out: the detail of the capture by the file, offset and part of its record."""
        table = Capture.__table__.c
        where = select(table.evidence_file, table.evidence_offset, table.part, table.detail)
        with self._engine.connect() as connection:
            found = connection.execute(where.where(table.reason == DROPPED, table.evidence_file.is_not(None)))
            return {(file, offset, part): detail for file, offset, part, detail in found}

    def withdrawal(self, address: str) -> Row[Any] | None:
        """The tombstone of an address, as in the table `withdrawn`; None of one that is not kept out."""
        with self._engine.connect() as connection:
            return tombstones.of(connection, address)

    def overwrite_withdrawn(self) -> int:
        """Overwrite the records of withdrawn stories that wait for it; how many. Raises Damaged."""
        try:
            return tombstones.overwrite(self.evidence, self._engine, self._writer)
        except OSError as error:
            what = f"a record of a withdrawn story cannot be overwritten: {error.strerror}"
            raise Damaged(f"{error.filename or self.folder}: {what}; run `postscraper withdraw` again") from error

    def shrink(self) -> None:
        """Write the database anew, without the pages that are free: what was deleted stands in them still.

        Raises Locked while another program reads it.
        """
        opening.write_anew(self._writer, self.folder)

    def find_capture(self, wanted: Identity, *, same_body: bool = True) -> Row[Any] | None:
        """The very capture, if its bytes are in the evidence; None without one.

        same_body: else the first capture with the same body, of this address if there is one.
        """
        url, second, status, digest, _ = wanted
        values = {"url": url, "second": second, "next": None, "status": status, "digest": digest}
        if second is not None:
            values["next"] = second + timedelta(seconds=1)
        with self._engine.connect() as connection:
            found = connection.execute(_KEPT_ANY if same_body else _KEPT_SAME, values)
            return cast("Row[Any] | None", found.first())

    def parts(self, row: Row[Any]) -> set[str]:
        """The parts of the answer of a capture that rows name, '' for the whole answer; row: as `captures` gives it."""
        table = Capture.__table__.c
        answer = [
            table[name].is_not_distinct_from(getattr(row, name)) for name in ("url", "captured_at", "digest", "source")
        ]
        with self._engine.connect() as connection:
            return set(connection.execute(select(table.part).where(*answer)).scalars())

    def kept_captures(self) -> int:
        """How many answers have their bytes in the evidence."""
        with self._engine.connect() as connection:
            kept = (
                select(func.count()).select_from(Capture).where(Capture.evidence_file.is_not(None), Capture.part == "")
            )
            return int(connection.execute(kept).scalar_one())

    def evidence_ends(self) -> dict[str, int]:
        """For each evidence file the end of its last record that a capture names, in bytes."""
        end = func.max(Capture.evidence_offset + Capture.evidence_length)
        known = select(Capture.evidence_file, end).where(Capture.evidence_file.is_not(None))
        with self._engine.connect() as connection:
            rows = connection.execute(known.group_by(Capture.evidence_file))
            return {str(file): int(last) for file, last in rows if last is not None}

    def story(self, story: str | int) -> FullStory:
        """A story by its number or any of its addresses, with all its past. Raises NoSuchStory."""
        with self._engine.connect() as connection:
            return full_story(connection, story)

    def revisions(self, story: str | int) -> list[Wording]:
        """The wordings of a story, the oldest first. Raises NoSuchStory."""
        with self._engine.connect() as connection:
            return revisions(connection, find(connection, story).id)

    def sightings(self, address: str) -> list[Row[Any]]:
        """Where and when an address was announced, in the order of time; it need not be archived itself."""
        with self._engine.connect() as connection:
            return promotions(connection, address)

    def search(
        self,
        words: str,
        *,
        since: date | None = None,
        until: date | None = None,
        section: str | None = None,
        author: str | None = None,
        sort: Sort = "best",
        limit: int = 20,
        page: int = 1,
        marks: tuple[str, str] = ("[", "]"),
    ) -> list[Hit]:
        """Stories in which all the words occur, whichever of their wordings holds them.

        words: as in storage/query/syntax.py. since, until: days of publication, both included. page: from 1, of
        `limit` stories. marks: put around each word found in the snippet. Raises BadQuery.
        """
        limits = Limits(
            since=since, until=until, section=section, author=author, sort=sort, limit=limit, page=page, marks=marks
        )
        with self._engine.connect() as connection:
            return search.search(connection, words, limits)

    def count(
        self,
        words: str,
        *,
        since: date | None = None,
        until: date | None = None,
        section: str | None = None,
        author: str | None = None,
    ) -> int:
        """How many stories `search` finds on all its pages. Raises BadQuery."""
        limits = Limits(since=since, until=until, section=section, author=author)
        with self._engine.connect() as connection:
            return search.count(connection, words, limits)

    def sections(self) -> list[str]:
        """The sections of its stories, as printed, the largest first."""
        with self._engine.connect() as connection:
            return statistics.sections(connection)

    def layouts(self) -> list[str]:
        """The layouts by which its captures were read, as `stats` names them."""
        with self._engine.connect() as connection:
            return statistics.layouts(connection)

    def nearest(self, address: str) -> str | None:
        """The canonical address of a story that resembles an address which no story has; None without one."""
        with self._engine.connect() as connection:
            return history.nearest(connection, address)

    def reindex(self) -> int:
        """Build the index of words anew; how many revisions it holds."""
        with self._writer.begin() as connection:
            return search_index.fill(connection)

    def end_rereading(self, without: Collection[int] = ()) -> int:
        """After a run that read every capture anew, but for those without bytes; see storage/ingest/reprocess.py."""
        with self._writer.begin() as connection:
            opening.only_writer(connection)
            return reprocess.end_rereading(connection, without)

    def items(self, captures: Sequence[Row[Any]]) -> dict[int, dict[str, Any]]:
        """What captures (as `captures` gives them) were read as, by their ids: items but for `capture`."""
        with self._engine.connect() as connection:
            return reprocess.items(connection, captures)

    def stats(self) -> Stats:
        """What the archive holds, in numbers."""
        with self._engine.connect() as connection:
            return statistics.stats(connection)

    def stories(self, *, since: date | None = None, until: date | None = None) -> Iterator[dict[str, Any]]:
        """The newest wording of every story for export, by address; see storage/export.py."""
        with self._engine.connect() as connection:
            yield from export.stories(connection, since, until)

    def captures(
        self, *, outcome: str | None = None, since: date | None = None, until: date | None = None
    ) -> Iterator[Row[Any]]:
        """Captures in the order in which they came in: all, or those of one outcome, of a span of days.

        since, until: days of the capture in UTC, both included.
        """
        return history.captures(self._engine, outcome, since, until)
