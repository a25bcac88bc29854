"""Writers work alone, under the run lock; readers go on beside them."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from postscraper.cli.main import COMMANDS, GROUPS
from storage.archive import Archive
from storage.database.lock import RunLock
from storage.database.schema import BASELINE, SCHEMA
from tests.helpers.archives import fill, saved_pages
from tests.helpers.commands import SITE, refused, run
from tests.helpers.crawls import scrapy
from tests.helpers.warc_files import pages, warc_gz

STORY = f"{SITE}/national/river-clinic-opens-koh-thom"
# Each of its crawls is a program of its own, which refuses as any crawl does.
CRAWLS = {"watch"}
WRITERS = {
    "replay": ("FILES",),
    "merge": ("OTHER", "--yes"),
    "retry": ("--state", "done"),
    "check": ("--repair",),
    "reread": ("--yes",),
    "rebuild": (),
    "compact": (),
    "withdraw": (STORY, "--reason", "a test", "--yes"),
    "upgrade": (),
}
READERS = {
    "search": ("river",),
    "quote": ("river",),
    "trend": ("river",),
    **dict.fromkeys(("show", "history", "promotion", "headlines"), (STORY,)),
    "diff": (STORY, "--from", "1"),
    "changes": (),
    "front": ("/",),
    "as-of": ("2018-06-22",),
    **dict.fromkeys(("gone", "families", "images"), ()),
    "datasette": ("--out", "COPY"),
    "cite": (STORY,),
    "stats": (),
    "export": ("--format", "jsonl"),
    "ledger": (),
    "runs": (),
    "audit": (),
    "check": (),
    "verify": (),
    "proof": (STORY,),
    "fixity": (),
    "reread": ("--dry-run",),
    "backup": ("COPY",),
    "pack": ("copy.wacz",),
}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("writers") / "archive"
    fill(folder, [page for page in saved_pages() if page.url in (STORY, f"{SITE}/")])
    return folder


def state(folder: Path) -> list[tuple[str, bytes]]:
    found = (path for path in folder.rglob("*") if path.is_file() and path.suffix not in {".db-wal", ".db-shm"})
    return [(path.name, path.read_bytes()) for path in sorted(found) if path.name != ".lock"]


def test_every_command_is_one_or_the_other() -> None:
    # These go on until they are ended: tests/web/test_serve.py reads beside a writer.
    assert {*WRITERS, *READERS, *CRAWLS, "serve", "mcp", *GROUPS["Saved pages"]} == set(COMMANDS)


@pytest.mark.parametrize("command", WRITERS)
def test_a_writer_begins_nothing_beside_another(archive: Path, tmp_path: Path, command: str) -> None:
    Archive.open(tmp_path / "other").close()
    paths = {"FILES": warc_gz(tmp_path / "x.warc.gz", pages(2)), "OTHER": tmp_path / "other"}
    words = [str(paths.get(word, word)) for word in WRITERS[command]]
    if command == "upgrade":
        version(archive, BASELINE)
    before = state(archive)
    with RunLock(archive):
        refused(run(command, *words, "--archive", archive), 7, "in use by process")
    assert state(archive) == before
    if command == "upgrade":
        version(archive, SCHEMA)


def version(folder: Path, number: str) -> None:
    with closing(sqlite3.connect(folder / "archive.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = ?", (number,))


def test_a_crawl_begins_nothing_beside_another(archive: Path) -> None:
    with RunLock(archive):
        done = scrapy(archive.parent, "crawl", "post", "-a", f"url={SITE}/national/x")
    assert (done.returncode, "in use by process" in done.stderr) == (7, True)


@pytest.mark.parametrize("command", READERS)
def test_a_reader_goes_on_beside_a_writer(archive: Path, tmp_path: Path, command: str) -> None:
    paths = {"COPY": tmp_path / "copy", "copy.wacz": tmp_path / "copy.wacz"}
    words = [str(paths.get(word, word)) for word in READERS[command]]
    with RunLock(archive):
        assert run(command, *words, "--archive", archive).exit_code == 0
