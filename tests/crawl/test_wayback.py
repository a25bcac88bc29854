"""The real program against a stand-in for the Wayback Machine: `scrapy crawl post -a source=wayback`."""

import json
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

import pytest
from pytest_httpserver import HTTPServer

from postscraper.run.evidence_reader import EvidenceReader
from postscraper.run.local import own_evidence
from postscraper.sources.folder import capture
from storage.evidence.store import Evidence
from storage.maintenance.check import check, verify
from tests.helpers.archives import answer, file, run_on
from tests.helpers.canonical import canonical
from tests.helpers.commands import run
from tests.helpers.crawls import FAST, NO_WAIT, asked, scrapy
from tests.helpers.paths import SAMPLES
from tests.helpers.wayback_server import Kept, Machine, compressed, usual

SITE = "http://www.phnompenhpost.com"
DESIGN = SAMPLES / "phnompenhpost" / "drupal_2017"
CLINIC, TOLL = ((DESIGN / f"{name}.html").read_bytes() for name in ("river-clinic", "bridge-toll"))
STORY, OTHER = "/national/river-clinic-opens-koh-thom", "/business/bridge-toll"
EDITED = CLINIC.replace(b"A clinic of eleven beds", b"A clinic of twelve beds")


def crawl(
    folder: Path, machine: Machine, *words: str, settings: tuple[str, ...] = (), paper: str = "post"
) -> subprocess.CompletedProcess[str]:
    own = (f"WAYBACK_ORIGIN={machine.origin}", NO_WAIT, *FAST, *settings)
    return scrapy(folder, "crawl", paper, "-a", "source=wayback", *words, settings=own)


def states(folder: Path) -> dict[object, object]:
    return {row[0]: row[1] for row in asked(folder, "SELECT state, count(*) FROM holding GROUP BY 1")}


@pytest.fixture
def machine(httpserver: HTTPServer) -> Machine:
    kept = [
        Kept(f"{SITE}:80{STORY}", "20180612032000", CLINIC),
        Kept(f"https://m.phnompenhpost.com{STORY}", "20190612032000", EDITED),
        Kept(f"{SITE}{OTHER}", "20180712032000", TOLL),
        Kept(f"{SITE}/sites/default/files/a.jpg", "20180712032001", b"JPEG", mimetype="image/jpeg"),
        Kept(f"{SITE}/user/login", "20180712032001", b"<html>Log in</html>"),
        Kept("http://jobs.phnompenhpost.com/", "20180712032002", b"<html>jobs</html>"),
    ]
    return Machine(httpserver, kept)


def test_captures_keep_their_moment_address_and_headers(tmp_path: Path, machine: Machine) -> None:
    done = crawl(tmp_path, machine)
    assert done.returncode == 0, done.stderr
    rows = asked(tmp_path, "SELECT url, captured_at, status, source FROM capture ORDER BY captured_at")
    assert rows == [
        (f"{SITE}:80{STORY}", "2018-06-12T03:20:00+00:00", 200, "wayback"),
        (f"{SITE}{OTHER}", "2018-07-12T03:20:00+00:00", 200, "wayback"),
        (f"https://m.phnompenhpost.com{STORY}", "2019-06-12T03:20:00+00:00", 200, "wayback"),
    ]
    assert states(tmp_path) == {"held": 3, "passed over": 2}
    assert sorted(asked(tmp_path, "SELECT address, why FROM holding WHERE state = 'passed over'")) == [
        ("http://jobs.phnompenhpost.com/", "another host"),
        ("https://www.phnompenhpost.com/user/login", "no stories under /user"),
    ]
    with run_on(tmp_path / "archive") as opened:
        kept = {exchange.captured_at: exchange for exchange, _ in own_evidence(opened)}
    moment = datetime(2018, 6, 12, 3, 20, tzinfo=UTC)
    assert kept[moment].headers == machine.kept[0].headers
    assert kept[moment].body == CLINIC
    with Evidence.open(tmp_path / "archive" / "evidence") as evidence:
        (name,) = evidence.files()
        exchanges = [exchange for _, exchange in evidence.records(name)]
    origins = [exchange.origin for exchange in exchanges if exchange.source == "wayback"]
    assert origins[0] == f"{machine.origin}/web/20180612032000id_/{SITE}:80{STORY}"
    assert any("/cdx/search/cdx?" in exchange.url for exchange in exchanges), "the index is evidence, too"
    folder = tmp_path / "archive"
    assert verify(folder, EvidenceReader(folder)).findings == []


def test_a_second_run_asks_for_nothing(tmp_path: Path, machine: Machine) -> None:
    assert crawl(tmp_path, machine).returncode == 0
    indexed, replayed = len(machine.indexed), len(machine.replayed)
    done = crawl(tmp_path, machine)
    assert done.returncode == 0
    assert (len(machine.indexed), len(machine.replayed)) == (indexed, replayed)
    assert "wayback: 3 held, 2 passed over." in done.stderr


def test_the_index_is_read_page_by_page_to_its_end(tmp_path: Path, machine: Machine) -> None:
    machine.rows = 2
    machine.before["index"] = [usual, compressed]
    assert crawl(tmp_path, machine).returncode == 0
    assert len(machine.indexed) == 3
    assert machine.indexed[0].get("resumeKey") is None
    assert states(tmp_path) == {"held": 3, "passed over": 2}
    (row,) = asked(tmp_path, "SELECT pages, listed, resume_key, finished_at IS NOT NULL FROM enumeration")
    assert row == (3, 5, None, 1)


def test_limit_is_a_number_of_pages_and_of_no_more_index_than_they_need(tmp_path: Path, machine: Machine) -> None:
    machine.rows = 2
    assert crawl(tmp_path, machine, "-a", "limit=1").returncode == 0
    assert (len(machine.indexed), len(machine.replayed)) == (1, 1)
    assert crawl(tmp_path, machine).returncode == 0
    assert (len(machine.indexed), len(machine.replayed)) == (3, 3)


def test_a_section_and_days_of_capture(tmp_path: Path, machine: Machine) -> None:
    done = crawl(tmp_path, machine, "-a", "section=national", "-a", "since=2019-01-01", "-a", "until=2019-12-31")
    assert done.returncode == 0, done.stderr
    assert [each["url"].split(".com")[0] for each in machine.indexed] == [
        "phnompenhpost",
        "m.phnompenhpost",
        "mail.phnompenhpost",
    ]
    assert machine.replayed == [f"20190612032000 https://m.phnompenhpost.com{STORY}"]
    assert crawl(tmp_path, machine, "-a", f"url=https://www.phnompenhpost.com{OTHER}").returncode == 0
    assert machine.replayed[1:] == [f"20180712032000 {SITE}{OTHER}"]


def test_each_newspaper_asks_for_its_own(tmp_path: Path, machine: Machine) -> None:
    address = "http://postkhmer.com/%E1%9E%80%E1%9E%B8%E1%9E%A1%E1%9E%B6/boats"
    machine.kept.append(Kept(address, "20160101000000", b"<html>?</html>"))
    assert crawl(tmp_path, machine, "-a", "limit=1").returncode == 0
    assert crawl(tmp_path, machine, paper="postkhmer").returncode == 0
    assert [each["url"] for each in machine.indexed] == ["phnompenhpost.com", "postkhmer.com"]
    assert machine.replayed[1:] == [f"20160101000000 {unquote(address)}"]
    assert states(tmp_path) == {"held": 2, "known": 2, "passed over": 2}
    assert asked(tmp_path, "SELECT section FROM holding WHERE captured_at < '2017'") == [("sport",)]


def test_what_is_held_by_its_bytes_is_not_fetched(tmp_path: Path, machine: Machine) -> None:
    """From the live site and from a WARC file, and when the same bytes are listed again at another moment."""
    page = capture(DESIGN / "river-clinic.html")
    folder = tmp_path / "archive"
    with run_on(folder) as opened:
        file(opened, answer(replace(page, url=f"https://www.phnompenhpost.com{STORY}")))
        file(opened, answer(replace(page, url=f"{SITE}{OTHER}", body=TOLL), source="warc"))
    machine.kept.append(Kept(f"https://m.phnompenhpost.com{STORY}", "20200101000000", CLINIC))
    assert crawl(tmp_path, machine).returncode == 0
    assert machine.replayed == [f"20190612032000 https://m.phnompenhpost.com{STORY}"]
    assert asked(tmp_path, "SELECT count(*) FROM capture WHERE source = 'wayback'") == [(1,)]
    told = "SELECT captured_at FROM holding WHERE state = 'held' AND why = 'the same bytes are held' ORDER BY 1"
    assert [str(row[0])[:4] for row in asked(tmp_path, told)] == ["2018", "2018", "2020"]


def test_captures_of_the_machine_and_live_ones_stand_in_the_order_of_time(tmp_path: Path, machine: Machine) -> None:
    page = capture(DESIGN / "river-clinic.html")
    between = datetime(2018, 12, 1, tzinfo=UTC)
    live = EDITED.replace(b"twelve beds", b"thirteen beds")
    with run_on(tmp_path / "archive") as opened:
        url = f"https://www.phnompenhpost.com{STORY}"
        file(opened, answer(replace(page, url=url, captured_at=between, body=live)))
    assert crawl(tmp_path, machine).returncode == 0
    revisions = asked(
        tmp_path,
        "SELECT r.number, c.source, substr(r.body, instr(r.body, 'A clinic of'), 18), substr(c.captured_at, 1, 7)"
        " FROM revision r JOIN story s ON s.id = r.story_id JOIN capture c ON c.id = r.capture_id"
        f" WHERE canonical_url LIKE '%{STORY}' ORDER BY 1",
    )
    assert revisions == [
        (1, "wayback", "A clinic of eleven", "2018-06"),
        (2, "live", "A clinic of thirte", "2018-12"),
        (3, "wayback", "A clinic of twelve", "2019-06"),
    ]


def test_the_nearest_capture_is_the_one_of_its_own_moment(tmp_path: Path, machine: Machine) -> None:
    """The index lists what the machine no longer gives; it answers with its neighbour."""
    gone = Kept(f"{SITE}{OTHER}", "20180711000000", TOLL + b"<!-- gone -->")
    whole = machine.kept.copy()
    machine.before["capture"] = [lambda _: setattr(machine, "kept", whole)]
    machine.kept = [*whole, gone]
    assert crawl(tmp_path, machine).returncode == 0
    rows = asked(tmp_path, f"SELECT state, why FROM holding WHERE url = '{SITE}{OTHER}' ORDER BY captured_at")
    assert rows == [("gone", "answers with the capture of 2018-07-12 03:20:00+00:00"), ("held", None)]
    moments = asked(tmp_path, f"SELECT captured_at FROM capture WHERE url = '{SITE}{OTHER}'")
    assert moments == [("2018-07-12T03:20:00+00:00",)]
    assert len([each for each in machine.replayed if OTHER in each]) == 2, "the neighbour is not asked for again"


def test_the_audit_knows_what_the_machine_knows(tmp_path: Path, machine: Machine) -> None:
    machine.kept.append(Kept(f"{SITE}/national/only-the-machine-knows", "20170101000000", b"<html>?</html>"))
    assert crawl(tmp_path, machine, "-a", "limit=1").returncode == 0
    found = json.loads(run("audit", "--json", "--archive", tmp_path / "archive").stdout)
    by_address = {each["address"].removeprefix("https://www.phnompenhpost.com"): each for each in found["not_held"]}
    known = by_address[STORY]
    assert (known["standing"], known["lists"], known["section"]) == ("missing", ["wayback"], "national")
    assert OTHER in by_address
    assert by_address["/user/login"]["standing"] == "excluded"


def test_what_the_machine_has_outlives_a_rebuild(tmp_path: Path, machine: Machine) -> None:
    assert crawl(tmp_path, machine, "-a", "limit=2").returncode == 0
    folder = tmp_path / "archive"
    before, rows = canonical(folder), asked(tmp_path, "SELECT * FROM holding ORDER BY 1, 2, 3")
    assert run("rebuild", "--archive", folder).exit_code == 0
    assert canonical(folder) == before
    assert asked(tmp_path, "SELECT * FROM holding ORDER BY 1, 2, 3") == rows
    assert check(folder, EvidenceReader(folder))[0].findings == []
    indexed = len(machine.indexed)
    assert crawl(tmp_path, machine).returncode == 0
    assert (len(machine.indexed), len(machine.replayed)) == (indexed, 3)
