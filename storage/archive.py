"""The archive: the one interface to what is stored.

`with Archive.open("archive") as archive: archive.add(item)`; every `add` is one durable transaction.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from functools import cached_property
from itertools import compress
from os import PathLike
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from sqlalchemy import Connection, Engine, Row, event

from storage.database import engine as database
from storage.database import packed
from storage.database.lock import make_archive_folder
from storage.errors import Damaged, NotAnArchive
from storage.evidence.store import FOLDER
from storage.holdings.holdings import Holdings
from storage.holdings.queue import mark_held
from storage.ingest import derived, reprocess, search_index, tombstones, visits
from storage.ingest.batch import Outcome, load
from storage.ingest.prepare import prepare
from storage.ingest.visits import BatchResult
from storage.ingest.write import write
from storage.ledger.discoveries import MergedDiscovery
from storage.ledger.ledger import Ledger
from storage.ledger.states import Visit
from storage.query import captures, statistics
from storage.query.export.records import records
from storage.query.export.selection import StorySelection
from storage.query.history import history
from storage.query.history.history import FullStory
from storage.query.search import search, sql
from storage.query.search.filters import Filters
from storage.query.search.search import Hit, Page, Sort
from storage.query.statistics import Stats

__all__ = ["Archive", "Hit", "Outcome"]

Params = ParamSpec("Params")
Result = TypeVar("Result")


class Archive:
    """A folder with a database of stories; made by `Archive.open`, and closed by `close` or `with`."""

    def __init__(self, folder: Path, engine: Engine, writer: Engine, evidence: Path, *, readonly: bool) -> None:
        self.folder = folder
        self._evidence = evidence
        self._pack: Path | None = None  # the file that the folder's database was taken out of
        self.readonly = readonly
        self._engine = engine
        self._writer = writer
        self._on_close: Callable[[], object] = lambda: None

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

        folder: for reading also a pack, the file of storage/maintenance/pack; it has no evidence.
        db_url: of another database than the folder's own `archive.db`. evidence: another folder of records than its
        own. Raises ArchiveError.
        """
        folder = Path(folder)
        if db_url is None and readonly:
            if packed.is_pack(folder):
                return cls._open_pack(folder)
            cls.check_folder(folder)
        elif db_url is None:
            packed.refuse(folder)
        if not readonly:
            make_archive_folder(folder)
        engine = database.engine_for(folder, db_url, readonly=readonly)
        if database.is_sqlite(engine):
            event.listen(engine, "connect", lambda connection, _record: sql.register(connection))
        writer = database.engine_for(folder, db_url, readonly=readonly, writes=True)
        try:
            if not readonly and database.is_empty(engine):
                database.upgrade(writer, _derive)
            database.check_version(engine, folder)
        except BaseException:
            writer.dispose()
            engine.dispose()
            raise
        return cls(folder, engine, writer, evidence or folder / FOLDER, readonly=readonly)

    @classmethod
    def _open_pack(cls, pack: Path) -> Self:
        folder = packed.taken_out(pack)
        try:
            archive = cls.open(folder.name, readonly=True)
        except BaseException:
            folder.cleanup()
            raise
        archive._pack, archive._on_close = pack, folder.cleanup
        return archive

    @staticmethod
    def check_folder(folder: Path) -> None:
        """Raises NotAnArchive unless the folder holds a database, ReadOnly for a pack."""
        packed.refuse(folder)
        if not (folder / database.DATABASE).is_file():
            raise NotAnArchive(f"there is no archive in {folder}: name its folder, or fill one by `scrapy crawl`")

    @classmethod
    def upgrade(cls, folder: str | PathLike[str]) -> None:
        """Bring an archive of an earlier version to this program's. Raises ArchiveError."""
        cls.check_folder(Path(folder))
        engine = database.engine_for(Path(folder), None, readonly=False, writes=True)
        try:
            database.upgrade(engine, _derive)
        finally:
            engine.dispose()

    def close(self) -> None:
        self._writer.dispose()
        self._engine.dispose()
        self._on_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @cached_property
    def ledger(self) -> Ledger:
        """Every known address, and its state."""
        return Ledger(self._engine, self._writer)

    @cached_property
    def holdings(self) -> Holdings:
        """The captures that other archives list."""
        return Holdings(self._engine, self._writer)

    @property
    def evidence(self) -> Path:
        """The folder of the records. Raises ReadOnly for a pack, whose records cannot be read in it."""
        if self._pack is not None:
            packed.refuse(self._pack)
        return self._evidence

    def connect(self) -> Connection:
        """A connection for the caller's own queries, closed by the caller."""
        return self._engine.connect()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One durable transaction of the only writer; all or none."""
        with self._writer.begin() as connection:
            database.only_writer(connection)
            yield connection

    def ask(
        self,
        query: Callable[Concatenate[Connection, Params], Result],
        *values: Params.args,
        **options: Params.kwargs,
    ) -> Result:
        """The answer to a question of storage/query, or any other that takes a connection first, from one snapshot."""
        with self._engine.connect() as connection:
            return query(connection, *values, **options)

    def add(self, item: Any, visit: Visit | None = None) -> Outcome:
        """Store one item, durably; its outcome. May be repeated. Raises ArchiveError."""
        return self.add_many([(item, visit)])[0]

    def add_many(self, items: Iterable[tuple[Any, Visit | None]]) -> list[Outcome]:
        """Store items, and the links found on their visits, in one durable transaction: all or none.

        Raises ValueError for an object that is no item, ArchiveError when the database cannot store it.
        """
        return self._store(items, visits.apply_visits)

    def replay(
        self,
        items: Sequence[tuple[Any, Visit | None]],
        safe_offsets: Mapping[str, int],
        discoveries: Iterable[MergedDiscovery] | None = None,
    ) -> list[Outcome]:
        """As `add_many`; the same transaction stores how far each file is read (storage/ingest/visits.py).

        safe_offsets: bytes by file. discoveries: links found on the pages; None: those of the visits.
        """

        def apply(connection: Connection, results: Sequence[BatchResult]) -> None:
            visits.apply_visits(connection, results, discoveries)
            visits.mark_replayed(connection, safe_offsets)

        return self._store(items, apply)

    def reread(self, items: Iterable[tuple[Any, Visit | None]]) -> list[Outcome]:
        """Store new readings of stored captures in one durable transaction; see storage/ingest/reprocess.py.

        No visit is counted; the links found are added. Raises as `add_many` does.
        """
        return self._store(items, reprocess.apply_readings)

    def _store(
        self, items: Iterable[tuple[Any, Visit | None]], apply: Callable[[Connection, Sequence[BatchResult]], None]
    ) -> list[Outcome]:
        prepared = [prepare(item, visit) for item, visit in items]
        with self.write() as connection:
            barred = tombstones.addresses(connection)
            admitted = [not barred or not tombstones.is_barred(entry, barred) for entry in prepared]
            entries = list(compress(prepared, admitted))
            batch = load(connection, entries)
            results = [batch.add(entry) for entry in entries]
            write(connection, batch)
            apply(connection, results)
            mark_held(connection, entries)
            rejected = [entry for entry, is_admitted in zip(prepared, admitted, strict=True) if not is_admitted]
            tombstones.reject(connection, rejected, self.evidence)
        if rejected:
            self.overwrite_withdrawn()
        outcomes = (outcome for _, outcome, _ in results)
        return [next(outcomes) if is_admitted else Outcome.WITHDRAWN for is_admitted in admitted]

    def withdrawn(self) -> frozenset[str]:
        """The addresses of withdrawn stories, which are kept out; see storage/maintenance/withdrawal."""
        return self.ask(tombstones.addresses)

    def overwrite_withdrawn(self) -> int:
        """Overwrite the records of withdrawn stories that wait for it; how many. Raises Damaged."""
        try:
            return tombstones.overwrite(self.evidence, self._engine, self._writer)
        except OSError as error:
            what = f"a record of a withdrawn story cannot be overwritten: {error.strerror}"
            raise Damaged(f"{error.filename or self.folder}: {what}; run `postscraper withdraw` again") from error

    def shrink(self) -> None:
        """Write the database anew without its free pages, which still hold what was deleted.

        Raises Locked while another program reads it.
        """
        database.vacuum(self._writer, self.folder)

    def captures(self, *, since: date | None = None, until: date | None = None) -> Iterator[Row[Any]]:
        """Captures in the order in which they were stored.

        since, until: days of the capture in UTC, both included.
        """
        return captures.captures(self._engine, since, until)

    def story(self, story: str | int) -> FullStory:
        """A story by its number or any of its addresses, with its whole history. Raises NoSuchStory."""
        return self.ask(history.full_story, story)

    def stories(self, *, since: date | None = None, until: date | None = None) -> Iterator[dict[str, Any]]:
        """The newest wording of every story for export, by address; see storage/query/export/records.py."""
        selection = StorySelection(filters=Filters(since=since, until=until))
        with self._engine.connect() as connection:
            yield from records(connection, "stories", selection)

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
        """Stories in which all the words occur, in any one of their wordings.

        words: as in storage/query/search/syntax.py. since, until: days of publication, both included. page: from 1, of
        `limit` stories. marks: put around each match in the snippet. Raises BadQuery.
        """
        filters = Filters(since=since, until=until, section=section, author=author)
        return self.ask(search.search, words, filters, Page(sort=sort, limit=limit, number=page, marks=marks))

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
        filters = Filters(since=since, until=until, section=section, author=author)
        return self.ask(search.count, words, filters)

    def stats(self) -> Stats:
        """Counts of stories, captures and addresses."""
        return self.ask(statistics.stats)

    def items(self, rows: Sequence[Row[Any]]) -> dict[int, dict[str, Any]]:
        """The stored items of captures, without `capture`, by the captures' ids; rows: as `captures` yields them."""
        return self.ask(reprocess.items, rows)

    def reindex(self) -> int:
        """Build the search index anew; the number of revisions in it."""
        with self.write() as connection:
            return search_index.fill(connection)

    def end_rereading(self, without: Collection[int] = ()) -> int:
        """End a run that reread every capture; see storage/ingest/reprocess.py.

        without: ids of the captures that have no bytes.
        """
        with self.write() as connection:
            return reprocess.end_rereading(connection, without)


def _derive(connection: Connection) -> None:
    """Fill the tables that are made from others."""
    derived.fill(connection)
    search_index.fill(connection)
