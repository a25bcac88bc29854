"""Other people's collections through `source=warc` and `postscraper replay`: every form gives the same captures."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
import zstandard

from postscraper.errors import BadRequest
from postscraper.run.evidence_reader import EvidenceReader
from postscraper.sources.warc import PageFilter
from postscraper.sources.warc import pages as found_in
from storage.evidence.store import Evidence
from storage.ledger.states import UNDATED
from storage.maintenance.check import verify
from storage.warc.exchange import Damage, Exchange, RecordLocation
from tests.helpers.canonical import ask, canonical
from tests.helpers.commands import run
from tests.helpers.crawls import asked, scrapy
from tests.helpers.paths import ROOT
from tests.helpers.warc_files import again, arc, earlier, page_at, pages, records, wacz, warc, warc_gz, warc_zst

HOST = "www.phnompenhpost.com"
GENERATOR = ROOT / "tests" / "hostile" / "badpages.py"
PAGES = list(pages(12))
# A body with another fault than the record's is a page all the same: whoever reads the page says so.
OF_THE_BODY = {"too_large", "truncated_body"}
FOUND_AGAIN = {"gz-then-append-after-cut": 5, "gz-garbage-middle": 2}
NOT_DAMAGE = {"date_future", "date_bad", "digest_unchecked", "digest_missing", "duplicate_record_id"}


def read(
    *paths: Path, papers: Mapping[str, str] | None = None
) -> tuple[list[tuple[RecordLocation, Exchange]], list[Damage], PageFilter]:
    damages: list[Damage] = []
    page_filter = PageFilter(HOST, papers=papers or {})
    return list(found_in(paths, page_filter, damages.append)), damages, page_filter


def bare(exchange: Exchange) -> tuple[object, ...]:
    return exchange.url, exchange.captured_at, exchange.status, exchange.reason, exchange.headers, exchange.body


DICTIONARY = zstandard.train_dictionary(4096, [part for exchange in pages(40) for part in (exchange.body[:3000],)])
FORMS: dict[str, Callable[[Path, Sequence[Exchange]], Path]] = {
    "x.warc": warc,
    "x.warc.gz": warc_gz,
    "x.warc.zst": warc_zst,
    "dict.warc.zst": lambda path, found: warc_zst(path, found, dictionary=DICTIONARY.as_bytes()),
    "packed.warc.zst": lambda path, found: warc_zst(path, found, dictionary=DICTIONARY.as_bytes(), packed=True),
    "x.wacz": wacz,
    "x.arc": arc,
    "x.arc.gz": arc,
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_gives_the_same_captures(tmp_path: Path, name: str) -> None:
    path = FORMS[name](tmp_path / name, PAGES)
    found, damages, _ = read(path)
    assert not damages
    assert [bare(exchange) for _, exchange in found] == [bare(exchange) for exchange in PAGES]
    assert {exchange.source for _, exchange in found} == {"warc"}
    for place, exchange in found:
        assert Evidence.open(tmp_path / "elsewhere").read(place).body == exchange.body
        assert exchange.origin == f"{path.name}, byte {place.offset}"


def test_a_folder_is_all_its_files(tmp_path: Path) -> None:
    (tmp_path / "deeper").mkdir()
    warc_gz(tmp_path / "deeper" / "a.warc.gz", PAGES[:3])
    warc(tmp_path / "b.warc", PAGES[3:5])
    (tmp_path / "notes.txt").write_text("no records", "utf-8")
    assert len(read(tmp_path)[0]) == len(read(tmp_path, tmp_path / "b.warc")[0]) == 5
    with pytest.raises(BadRequest, match="no such file"):
        read(tmp_path / "away")
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadRequest, match="no WARC file"):
        read(tmp_path / "empty")


@pytest.mark.parametrize("by", ["digest", "address"])
def test_revisits_have_the_body_of_their_original(tmp_path: Path, by: str) -> None:
    """In another file, and behind the revisit."""
    first, later = PAGES[0], again(PAGES[0], 600)
    of = earlier(first) if by == "digest" else replace(earlier(first), payload_digest=None)
    revisit = records([later], same_as=of)
    if by == "address":
        revisit = [record.replace(b"WARC-Payload-Digest: ", b"X-Was: ") for record in revisit]
    (tmp_path / "a.warc").write_bytes(b"".join(revisit))
    warc_gz(tmp_path / "b.warc.gz", PAGES[:2])
    found, damages, _ = read(tmp_path)
    assert not damages
    assert next((exchange.captured_at, exchange.body) for _, exchange in found) == (later.captured_at, first.body)
    alone, [damage], _ = read(tmp_path / "a.warc")
    assert not alone
    assert "which is not to be had" in damage.what
    assert damage.file == str(tmp_path / "a.warc")


def test_what_is_no_page_of_the_paper_is_counted(tmp_path: Path) -> None:
    page = PAGES[0]
    found = [
        page,
        replace(page, url="https://example.org/story"),
        replace(page, url="https://www.phnompenhpost.com/logo.png", headers=(("Content-Type", "image/png"),)),
        replace(page, url="https://www.phnompenhpost.com/robots.txt"),
        replace(page, url="https://www.phnompenhpost.com/search", method="POST"),
        replace(page, url="http://phnompenhpost.com/", status=301, headers=(("Location", f"https://{HOST}/"),)),
    ]
    taken, damages, page_filter = read(warc_gz(tmp_path / "x.warc.gz", found))
    assert ([exchange.url for _, exchange in taken], damages) == ([page.url], [])
    assert page_filter.skipped == {
        "another host": 1,
        "a picture, style or script": 1,
        "not asked for by GET": 1,
        "robots.txt, or a redirect to the same address": 2,
    }


@pytest.mark.parametrize("name", ["x.warc.gz", "x.warc.zst", "dict.warc.zst", "x.arc.gz"])
def test_a_damaged_record_costs_itself(tmp_path: Path, name: str) -> None:
    path = FORMS[name](tmp_path / name, PAGES[:5])
    place = read(path)[0][2][0]
    whole = bytearray(path.read_bytes())
    for at in range(place.offset + 40, place.offset + 60):
        whole[at] ^= 0xFF
    path.write_bytes(whole)
    found, [damage], _ = read(path)
    assert [exchange.url for _, exchange in found] == [PAGES[number].url for number in (0, 1, 3, 4)]
    assert (damage.file, damage.offset) == (str(path), place.offset)


def test_a_torn_end_is_named(tmp_path: Path) -> None:
    for name in ("x.warc.gz", "x.warc.zst", "x.arc"):
        path = FORMS[name](tmp_path / name, PAGES[:3])
        last = read(path)[0][-1][0]
        path.write_bytes(path.read_bytes()[: last.offset + last.length // 2])
        found, [damage], _ = read(path)
        assert len(found) == 2
        assert damage.offset == last.offset


def test_no_wacz(tmp_path: Path) -> None:
    (tmp_path / "bad.wacz").write_bytes(b"PK\x03\x04 cut")
    wacz(tmp_path / "deflated.wacz", PAGES[:1], compression=ZIP_DEFLATED)
    found, damages, page_filter = read(tmp_path)
    assert not found
    told = {each.file: each.what for each in reversed(damages)}
    assert "no WACZ" in told[f"{tmp_path}/bad.wacz"]
    assert "unpack it first" in told[f"{tmp_path}/deflated.wacz"]
    assert page_filter.not_warc == [f"{tmp_path}/bad.wacz", f"{tmp_path}/deflated.wacz"]


def test_a_package_that_was_cut_off_is_read_without_its_list_of_contents(tmp_path: Path) -> None:
    path = tmp_path / "x.wacz"
    wacz(path, PAGES[:2])
    with ZipFile(path) as package:
        end = package.start_dir
    path.write_bytes(path.read_bytes()[:end])
    found, _, page_filter = read(path)
    assert [exchange.url for _, exchange in found] == [page.url for page in PAGES[:2]]
    assert page_filter.not_warc == []


def test_what_is_no_warc_ends_a_run_with_its_name_after_all_others_were_read(tmp_path: Path) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    (folder / "a.warc").write_text("A letter, and no WARC.")
    warc_gz(folder / "b.warc.gz", PAGES[:2])
    (folder / "c.warc").touch()
    sentence = f"{folder}/a.warc: no WARC, ARC or WACZ file; no record in it can be read"
    done = scrapy(tmp_path, "crawl", "post", "-a", "source=warc", "-a", f"path={folder}", "-L", "ERROR")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (2, f"postscraper: {sentence}")
    assert asked(tmp_path, "SELECT count(*) FROM capture") == [(2,)]
    for pages_read in ("2 pages", "0 pages"):  # the second replay has read the other file, and still refuses this one
        replayed = run("replay", folder, "--jobs", 1, "--archive", tmp_path / "other")
        assert (replayed.exit_code, replayed.stderr.splitlines()[-1]) == (2, f"postscraper: {sentence}")
        assert replayed.stdout.startswith(pages_read)


def test_a_crawl_imports_and_reads_its_archive_again(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    warc_gz(tmp_path / "theirs" / "x.warc.gz", PAGES)
    warc_gz(tmp_path / "theirs" / "y.warc.gz", [again(PAGES[0], 60)])
    for name in ("theirs/x.warc.gz", "theirs/y.warc.gz"):
        done = scrapy(tmp_path, "crawl", "post", "-a", "source=warc", "-a", f"path={name}")
        assert done.returncode == 0, done.stderr
    everything = "SELECT url, captured_at, status, source, digest, evidence_file, evidence_offset, outcome FROM capture"
    held = asked(tmp_path, everything)
    assert (len(held), {row[3] for row in held}) == (13, {"warc"})
    evidence = Evidence.open(tmp_path / "archive" / "evidence")
    kept = [exchange for file in evidence.files() for _, exchange in evidence.records(file)]
    assert [each.captured_at for each in kept[:12]] == [each.captured_at for each in PAGES]
    assert (kept[0].origin or "").startswith("x.warc.gz, byte ")
    assert kept[0].request_headers == PAGES[0].request_headers
    assert kept[12].revisit_of is not None, "the same body is kept once"
    ledger, files = asked(tmp_path, "SELECT * FROM ledger"), evidence.files()
    for source in (("source=archive",), ("source=warc", "-a", "path=theirs")):
        done = scrapy(tmp_path, "crawl", "post", "-a", *source)
        assert done.returncode == 0, done.stderr
        assert "13 known captures" in done.stderr
        assert asked(tmp_path, everything) == held
        assert asked(tmp_path, "SELECT * FROM ledger") == ledger
        assert evidence.files() == files


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile") / "out"
    subprocess.run([sys.executable, str(GENERATOR), str(folder), "--only", "warc"], check=True, capture_output=True)
    return folder / "warc"


@pytest.mark.long
def test_hostile_files(hostile: Path) -> None:
    cases = sorted(hostile.glob("*.json"))
    assert len(cases) >= 51
    for sidecar in cases:
        case = json.loads(sidecar.read_text("utf-8"))
        name, expect, path = case["id"].removeprefix("warc--"), case["expect"], sidecar.with_suffix("")
        flags = set(expect["flags"])
        began = time.monotonic()
        found, damages, page_filter = read(path)
        assert time.monotonic() - began < case["limits"]["seconds"], name
        assert all(each.file == str(path) and 0 <= each.offset <= path.stat().st_size for each in damages), name
        assert not page_filter.skipped, name
        if expect.get("records") is not None:
            assert len(found) == FOUND_AGAIN.get(name, 1 if flags & OF_THE_BODY else expect["records"]), name
            assert bool(damages) == bool(flags - OF_THE_BODY - NOT_DAMAGE), name


@pytest.mark.long
def test_hostile_files_in_one_crawl(hostile: Path, tmp_path: Path) -> None:
    """All of them end in captures, with a page whose date nobody can read among them."""
    done = scrapy(tmp_path, "crawl", "post", "-a", "source=warc", "-a", f"path={hostile}", "-L", "WARNING")
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    sentence = done.stderr.splitlines()[-1]
    assert all(name in sentence for name in ("html-named-warc", "only-magic", "zeros-1mb")), "files without a record"
    assert asked(tmp_path, "SELECT count(*) FROM capture WHERE captured_at IS NULL") == [(1,)]
    assert asked(tmp_path, "SELECT count(*) FROM capture")[0][0] > 10
    assert "byte" in done.stderr


def without_dates(path: Path, found: Sequence[Exchange]) -> Path:
    whole = b"".join(records(found))
    for page in found:
        assert page.captured_at is not None
        whole = whole.replace(page.captured_at.isoformat().replace("+00:00", "Z").encode(), b"no date")
    path.write_bytes(whole)
    return path


def test_an_unreadable_date_is_none(tmp_path: Path) -> None:
    without_dates(tmp_path / "x.warc", [page_at(f"https://{HOST}/national/a-story", PAGES[0].body, 0)])
    [(_, found)], damages, _ = read(tmp_path)
    assert (found.captured_at, damages) == (None, [])


def test_a_page_without_a_date_has_one_moment_by_every_road(tmp_path: Path) -> None:
    theirs = without_dates(tmp_path / "x.warc", PAGES[:4])
    words = ("crawl", "post", "-L", "WARNING", "-a")
    crawled = scrapy(tmp_path, *words, "source=warc", "-a", f"path={theirs}")
    assert crawled.returncode == 0, crawled.stderr
    archive = tmp_path / "archive"
    ledger = canonical(archive)["ledger"]
    moments = [UNDATED.isoformat()]
    assert [row for (row,) in ask(archive, "SELECT DISTINCT captured_at FROM capture")] == [None]
    assert [row for (row,) in ask(archive, "SELECT DISTINCT visited_at FROM ledger WHERE visits > 0")] == moments
    for road in ((), ("--link",)):
        folder = tmp_path / f"replayed{len(road)}"
        assert run("replay", theirs, *road, "--archive", folder).exit_code == 0
        assert canonical(folder)["ledger"] == ledger
    assert run("rebuild", "--archive", archive).exit_code == 0
    assert canonical(archive)["ledger"] == ledger
    again_read = scrapy(tmp_path, *words, "source=archive")
    assert again_read.returncode == 0, again_read.stderr
    assert canonical(archive)["ledger"] == ledger
    assert verify(archive, EvidenceReader(archive)).findings == []
