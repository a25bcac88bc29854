"""One file that opens anywhere: its contents, and the same counts in every program that reads it."""

import functools
import gzip
import json
import re
import sqlite3
import subprocess
import sys
from datetime import date, timedelta
from hashlib import sha256
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from zipfile import ZIP_STORED, ZipFile

import pytest

from postscraper.cli.main import GROUPS
from postscraper.items import plain
from storage.archive import Archive
from storage.database.packed import DATABASE_MEMBER
from storage.errors import ReadOnly
from storage.evidence.store import Evidence
from storage.maintenance.pack.cdx import search_key
from storage.maintenance.pack.pack import pack
from storage.query.export.selection import StorySelection
from storage.query.search.filters import Filters
from storage.warc.files import raw_records
from tests.helpers.archives import answer, file, run_on, saved_pages
from tests.helpers.archives import fill as fill_with
from tests.helpers.browser import browsing
from tests.helpers.commands import run
from tests.helpers.items import article, listing, teaser
from tests.standins import pywb
from tests.standins.serving import ask

QUERIES = (
    "the", "clinic", "river clinic", "\"river clinic\"", "rive*", "clinic -river", "clinic OR ferry", "1993", "o'clock",
    "ភូមិ", "ទឹក", "ក", "ភ្នំពេញ", "គ្រួសារ", "៣០០", "ភូ", "zebra", "KOH thom", "well-known", "café", "10 per cent", "ល",
    "300", "២០១៨", "ស្ត្រី", "ស្រ្តី", "ក្រោយពី", "\u1780\u17d2\u179a\u17c1\u17b6\u1799", "ខ្មែរ", "កម្ពុជា", "នៅ", "ដ៏", "ប៉ុន្តែ",
)  # fmt: skip


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our saved pages, and one of them edited three days later."""
    folder = tmp_path_factory.mktemp("packed") / "archive"
    pages = saved_pages()
    fill_with(folder, pages)
    page = next(page for page in pages if b"<title>River clinic opens at Koh Thom" in page.body)
    with run_on(folder) as opened:
        opened.begin()
        assert page.captured_at is not None
        words = re.sub(rb"eleven beds", b"twelve beds", page.body)
        assert words != page.body
        file(opened, answer(page, body=words, captured_at=page.captured_at + timedelta(days=3)))
    return folder


@pytest.fixture(scope="module")
def whole(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole") / "whole.wacz"
    done = run("pack", out, "--archive", archive)
    assert done.exit_code == 0, done.output
    return out


@pytest.fixture(scope="module")
def unpacked(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    ZipFile(whole).extractall(folder)
    return folder


def rows(database: Path, query: str) -> list[Any]:
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def count(database: Path, table: str) -> int:
    return int(rows(database, f"SELECT count(*) FROM {table}")[0][0])


def test_every_digest_is_right(whole: Path) -> None:
    with ZipFile(whole) as package:
        about = json.loads(package.read("datapackage.json"))
        names = {each["path"] for each in about["resources"]}
        assert names == set(package.namelist()) - {"datapackage.json", "datapackage-digest.json"}
        for each in about["resources"]:
            data = package.read(each["path"])
            assert (each["hash"], each["bytes"]) == (f"sha256:{sha256(data).hexdigest()}", len(data))
        digest = json.loads(package.read("datapackage-digest.json"))
        assert digest["hash"] == f"sha256:{sha256(package.read('datapackage.json')).hexdigest()}"
        lines = package.read("about/sha256.txt").decode().splitlines()
        assert {line.split("  ")[1] for line in lines} == names - {"about/sha256.txt"}
        stored = {"archive/pages.warc.gz", "indexes/index.cdx.gz", DATABASE_MEMBER}
        assert {info.filename for info in package.infolist() if info.compress_type == ZIP_STORED} == stored


def test_the_database_holds_the_same_rows(archive: Path, unpacked: Path) -> None:
    copy = unpacked / DATABASE_MEMBER
    for table in ("story", "revision", "capture", "sighting", "image", "reading", "ledger", "words"):
        assert count(copy, table) == count(archive / "archive.db", table) > 0, table
    exact = "SELECT canonical_url, revisions, headline, body FROM article ORDER BY 1"
    assert rows(copy, exact) == rows(archive / "archive.db", exact)
    assert rows(copy, "PRAGMA integrity_check") == [("ok",)]
    assert rows(copy, "PRAGMA journal_mode") == [("delete",)]


def test_rows_name_the_records_of_the_pack(archive: Path, unpacked: Path) -> None:
    """Where the evidence itself lies, they say what they said there."""
    named = "SELECT url, captured_at, digest, evidence_file, evidence_offset, evidence_length FROM capture ORDER BY id"
    pages = unpacked / "archive" / "pages.warc.gz"
    records = {record.offset: record for record in raw_records(pages, pytest.fail)}
    with Evidence.open(archive / "evidence") as evidence:
        assert evidence.files()
    for new, old in zip(rows(unpacked / DATABASE_MEMBER, named), rows(archive / "archive.db", named), strict=True):
        assert new[:3] == old[:3]
        assert new[3] == "pages.warc.gz"
        record = records[new[4]]
        assert record.length == new[5]
        data = (archive / "evidence" / old[3]).read_bytes()[old[4] : old[4] + old[5]]
        assert pages.read_bytes()[new[4] : new[4] + new[5]] == data


def test_a_selection_holds_no_word_of_other_stories(archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "some.wacz"
    done = run("pack", out, "--section", "National", "--year", "2018", "--json", "--archive", archive)
    assert done.exit_code == 0, done.output
    ZipFile(out).extractall(tmp_path / "some")
    copy = tmp_path / "some" / DATABASE_MEMBER
    of_selection = "SELECT canonical_url FROM story WHERE section = 'National' AND published_on LIKE '2018%' ORDER BY 1"
    chosen = rows(archive / "archive.db", of_selection)
    assert rows(copy, "SELECT canonical_url FROM story ORDER BY 1") == chosen
    assert 0 < len(chosen) < count(archive / "archive.db", "story")
    assert json.loads(done.stdout)["stories"] == len(chosen)
    others = "SELECT headline FROM article WHERE NOT (section IS 'National' AND published_on LIKE '2018%')"
    stories = " ".join(path.read_text("utf-8") for path in (tmp_path / "some" / "reader").glob("*.js"))
    pages = (tmp_path / "some" / "pages" / "pages.jsonl").read_text("utf-8")
    for (headline,) in rows(archive / "archive.db", others):
        assert json.dumps(headline, ensure_ascii=False) not in stories + pages
    assert rows(copy, "SELECT count(*) FROM capture WHERE outcome = 'article' AND story_id IS NULL") == [(0,)]
    assert rows(copy, "PRAGMA foreign_key_check") == []
    assert count(copy, "words") == count(copy, "revision")
    assert count(copy, "sighting") > 0
    sheet = json.loads((tmp_path / "some" / "data" / "datasheet.json").read_text("utf-8"))
    assert (sheet["selection"], sheet["stories"]) == ({"section": "National", "year": 2018}, len(chosen))


def test_a_twin_that_is_not_selected_is_forgotten(archive: Path, tmp_path: Path) -> None:
    with Archive.open(tmp_path / "archive") as opened:
        opened.add(article("a", 0, published_on=date(2017, 1, 1)))
        opened.add(article("b", 1, published_on=date(2018, 1, 1)))
        assert [each["same_words_as"] is None for each in opened.stories()] == [True, False]
        selection = StorySelection(filters=Filters(year=2018))
        packed = pack(opened, tmp_path / "x.wacz", selection, software="postscraper", version_of=str)
    assert (packed.stories, packed.records, packed.pages, packed.left_out) == (1, 0, 0, [])
    with Archive.open(tmp_path / "x.wacz", readonly=True) as copy:
        assert [each["same_words_as"] for each in copy.stories()] == [None]


def test_commands_that_read_take_a_pack_as_an_archive(archive: Path, whole: Path, tmp_path: Path) -> None:
    story = "/national/river-clinic-opens-koh-thom"
    for words in (
        ("search", "clinic", "--json"),
        ("show", story),
        ("stats", "--json"),
        ("ledger",),
        ("audit",),
        ("fixity",),
        ("families", "--json"),
        ("images", "--json"),
        ("images", "--lost", "--json"),
    ):
        inside, outside = (run("--archive", folder, *words) for folder in (whole, archive))
        assert (inside.exit_code, inside.stderr) == (0, ""), inside.output
        drop = re.compile(r'"score": \S+')  # ranks are those of the index, which is built in another order
        assert drop.sub("", inside.stdout) == drop.sub("", outside.stdout)
    assert run("--archive", whole, "export", tmp_path / "a.jsonl").exit_code == 0
    assert run("--archive", archive, "export", tmp_path / "b.jsonl").exit_code == 0
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()


def test_datasette_gets_the_database_of_a_pack(whole: Path, tmp_path: Path) -> None:
    told = json.loads(run("--archive", whole, "datasette", "--out", tmp_path / "out", "--json").stdout)
    database = Path(told["command"][1])
    assert database == tmp_path / "out" / "archive.db"
    assert str(database) in told["files"]
    assert count(database, "story") == len(rows(database, "SELECT story_id FROM article")) > 0


@pytest.mark.parametrize("words", [("families", "--find"), ("images", "--measure")])
def test_what_would_write_into_a_pack_is_refused(whole: Path, words: tuple[str, ...]) -> None:
    before = whole.read_bytes()
    done = run("--archive", whole, *words)
    assert (done.exit_code, done.stdout, "is a pack" in done.stderr) == (8, "", True)
    assert whole.read_bytes() == before


@pytest.mark.parametrize(
    "command", [*sorted({*GROUPS["Prove and mend"]} - {"fixity"}), "retry", "merge", "replay", "pack", "export"]
)
def test_commands_that_need_evidence_say_why_not(whole: Path, tmp_path: Path, command: str) -> None:
    words: dict[str, tuple[Any, ...]] = {
        "withdraw": ("/national/x", "--reason", "x"),
        "backup": (tmp_path / "copy",),
        "proof": ("/national/river-clinic-opens-koh-thom",),
        "merge": (whole, "--yes"),
        "replay": (whole,),
        "pack": (tmp_path / "again.wacz",),
        "export": (tmp_path / "out.warc.gz",),
    }
    before = whole.read_bytes()
    done = run("--archive", whole, command, *words.get(command, ()))
    assert (done.exit_code, done.stdout) == (8, ""), done.output
    assert "is a pack" in done.stderr
    assert "postscraper replay" in done.stderr
    takes_packs = "or a file that `pack` made" in " ".join(run(command, "--help").stdout.split())
    assert takes_packs == (command == "export"), "what else it exports it takes from a pack"
    assert whole.read_bytes() == before
    assert list(tmp_path.iterdir()) == []


def test_a_pack_is_not_merged(archive: Path, whole: Path) -> None:
    done = run("merge", whole, "--yes", "--archive", archive)
    assert (done.exit_code, "is a pack" in done.stderr) == (8, True)


def test_what_is_no_pack_is_refused(tmp_path: Path, whole: Path) -> None:
    with ZipFile(tmp_path / "other.wacz", "w") as package:
        package.writestr("archive/a.warc.gz", b"")
    done = run("--archive", tmp_path / "other.wacz", "stats")
    assert (done.exit_code, "not made by `postscraper pack`" in done.stderr) == (5, True)
    data = bytearray(whole.read_bytes())
    at = data.index(b"SQLite format 3") + 8192
    data[at : at + 4] = b"\0\1\2\3"
    (tmp_path / "damaged.wacz").write_bytes(data)
    done = run("--archive", tmp_path / "damaged.wacz", "stats")
    assert (done.exit_code, "is damaged" in done.stderr) == (5, True), done.output
    with pytest.raises(ReadOnly):
        Archive.open(whole)


def test_a_pack_is_whole_or_not_there(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = run("pack", tmp_path / "x.zip", "--archive", archive)
    assert (done.exit_code, "must end in .wacz" in done.stderr) == (2, True)

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("storage.maintenance.pack.package.Package.close", full)
    assert run("pack", tmp_path / "x.wacz", "--archive", archive).exit_code == 9
    assert list(tmp_path.iterdir()) == []


def test_replay_makes_an_archive_of_a_pack_again(archive: Path, whole: Path, tmp_path: Path) -> None:
    for paper in ("post", "postkhmer"):
        done = run("replay", whole, "--paper", paper, "--archive", tmp_path / "again", "--jobs", "1")
        assert done.exit_code == 0, done.output
    words = "SELECT canonical_url, number, headline, body FROM revision JOIN story ON story.id = story_id ORDER BY 1, 2"
    assert rows(tmp_path / "again" / "archive.db", words) == rows(archive / "archive.db", words)


def counts(database: Path) -> dict[str, int]:
    return {"stories": count(database, "story"), "revisions": count(database, "revision")}


def test_datasette_opens_the_database(archive: Path, unpacked: Path) -> None:
    query = "select+(select+count(*)+from+article)+stories,+(select+count(*)+from+revision)+revisions"
    call = [sys.executable, "-m", "datasette", str(unpacked / DATABASE_MEMBER), "--get"]
    done = subprocess.run(
        [*call, f"/archive.json?_shape=array&sql={query}"], capture_output=True, text=True, check=True, timeout=60
    )
    assert json.loads(done.stdout) == [counts(archive / "archive.db")]


@pytest.mark.parametrize("way", ["double click", "web server"])
def test_a_browser_reads_the_stories(archive: Path, unpacked: Path, way: str) -> None:
    with Archive.open(archive, readonly=True) as opened:
        expected = {query: opened.count(query) for query in QUERIES}
        found = opened.story("https://www.phnompenhpost.com/national/river-clinic-opens-koh-thom")
    assert sum(map(bool, expected.values())) > 12
    handler = functools.partial(_Quiet, directory=str(unpacked))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server, browsing() as page:
        Thread(target=server.serve_forever, daemon=True).start()
        origin = f"file://{unpacked}" if way == "double click" else f"http://127.0.0.1:{server.server_port}"
        requests, errors = list[str](), list[str]()
        page.on("request", lambda request: requests.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text))
        page.goto(f"{origin}/reader/index.html")
        page.wait_for_selector("#total")
        about = page.inner_text("#about")
        of_archive = counts(archive / "archive.db")
        assert about.startswith(f"{of_archive['stories']} stories · {of_archive['revisions']} revisions · ")
        for query, number in expected.items():
            page.evaluate("query => { location.hash = new URLSearchParams({words: query}) }", query)
            page.wait_for_function("query => document.getElementById('words').value === query", arg=query)
            total = f"{number} {'story' if number == 1 else 'stories'}" if number else "No story matches these words."
            page.wait_for_function("total => document.getElementById('total')?.textContent === total", arg=total)
        page.evaluate("id => { location.hash = `story=${id}&revision=1` }", found.row.id)
        page.wait_for_selector("article h2")
        assert page.inner_text("article h2") == found.revisions[0].row.headline
        assert "eleven beds" in page.inner_text("article")
        page.click("nav button:has-text('Revision 2')")
        page.wait_for_function("() => document.querySelector('article').innerText.includes('twelve beds')")
        server.shutdown()
    assert errors == []
    assert all(url.startswith(f"{origin}/reader/") for url in requests if not url.endswith("favicon.ico"))


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


def test_words_of_the_paper_are_no_markup_in_the_browser(tmp_path: Path) -> None:
    hostile = "<img src=x onerror='document.title=1'></script><script>document.title=1</script>\u2028`${1}`\x01"
    fields: dict[str, Any] = dict.fromkeys(("headline", "kicker", "standfirst", "byline", "section"), hostile)
    with Archive.open(tmp_path / "archive") as opened:
        opened.add(article("a", 0, hostile, canonical_url="javascript:document.title=1", **fields))
        opened.add(listing(teaser("a"), hours=1))
        pack(opened, tmp_path / "x.wacz", StorySelection(), software="postscraper", version_of=str)
    ZipFile(tmp_path / "x.wacz").extractall(tmp_path / "x")
    with browsing() as page:
        page.goto(f"file://{tmp_path}/x/reader/index.html")
        page.click("ol.hits a")
        page.wait_for_selector("article h2")
        assert page.title() == "Newspaper archive"
        assert page.eval_on_selector("article h2", "heading => heading.textContent") == hostile
        assert page.query_selector("main img, main script, main a[href^=javascript]") is None


@pytest.mark.pywb
def test_wacz_takes_it_for_valid(whole: Path, tmp_path: Path) -> None:
    assert "is valid" in pywb.done("wacz", "validate", "-f", whole, folder=tmp_path)


@pytest.mark.pywb
def test_pywb_replays_every_page_of_the_list(archive: Path, whole: Path, unpacked: Path, tmp_path: Path) -> None:
    lines = (unpacked / "pages" / "pages.jsonl").read_text("utf-8").split("\n")
    head, *pages = [json.loads(line) for line in lines if line]
    assert (head["format"], head["hasText"], len(pages)) == (
        "json-pages-1.0",
        True,
        count(archive / "archive.db", "revision"),
    )
    first = "SELECT url, captured_at, digest FROM capture WHERE id IN (SELECT capture_id FROM revision)"
    digests = {
        (url, plain(at).replace("+00:00", "Z")): digest for url, at, digest in rows(archive / "archive.db", first)
    }
    pywb.done("wb-manager", "init", "pack", folder=tmp_path)
    pywb.done("wb-manager", "add", "--unpack-wacz", "pack", whole, folder=tmp_path)
    with pywb.serving(tmp_path) as origin:
        for page in pages:
            stamp = re.sub(r"\D", "", page["ts"])[:14]
            body = ask(f"{origin}/pack/{stamp}id_/{page['url']}").body
            assert f"sha256:{sha256(body).hexdigest()}" == digests[page["url"], page["ts"]], page["url"]
            assert page["title"] in page["text"]


@pytest.mark.pywb
def test_the_index_is_that_of_another_program(unpacked: Path, tmp_path: Path) -> None:
    """Keys, times, places, statuses and types; addresses that our pages do not have, too."""
    theirs = pywb.done("cdxj-indexer", "--sort", unpacked / "archive" / "pages.warc.gz", folder=tmp_path).splitlines()
    ours = gzip.decompress((unpacked / "indexes" / "index.cdx.gz").read_bytes()).decode().splitlines()
    names = ("url", "mime", "offset", "length", "filename", "digest")

    def parts(line: str) -> tuple[Any, ...]:
        key, stamp, about = line.split(" ", 2)
        return (key, stamp, *(json.loads(about).get(name) for name in names))

    assert sorted(map(parts, ours)) == sorted(map(parts, theirs))
    addresses = (
        "http://www.phnompenhpost.com", "https://www2.phnompenhpost.com/A/B/", "http://x.com:80/", "https://x.com:8443/a",
        "https://x.com/a?b=2&a=1&c", "https://x.com/a?", "https://x.com/ព័ត៌មាន/ទឹក", "https://x.com/%E1%9E%97%20b",
        "https://x.com/a//b/../c/./d", "https://x.com/%2541", "https://user:pw@X.com/q#f", "https://x.com/a?x=%26&y=%3D",
    )  # fmt: skip
    code = "import json, surt, sys; print(json.dumps([surt.surt(url) for url in json.loads(sys.argv[1])]))"
    keys = json.loads(pywb.done("python", "-c", code, json.dumps(addresses), folder=tmp_path))
    assert [search_key(url) for url in addresses] == keys
