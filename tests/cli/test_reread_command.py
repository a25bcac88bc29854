"""`postscraper reread`: what it prints, what it asks, and a page that is no program."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from shutil import copytree

import pytest

from postscraper.cli.commands.prove.reread_page import around, html
from postscraper.run.reprocess import CaptureSelection, Changes, Report
from storage.archive import Archive
from storage.database.lock import RunLock
from tests.helpers.archives import answer, file, run_on, saved_pages
from tests.helpers.canonical import canonical
from tests.helpers.commands import refused, run
from tests.helpers.paths import ROOT


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Real designs, of which two stories were read worse than they are by the layouts of today."""
    folder = tmp_path_factory.mktemp("filled") / "archive"
    with run_on(folder) as opened:
        for each in [each for each in saved_pages() if "www.phnompenhpost.com/national/" in each.url]:
            file(opened, answer(each))
    with Archive.open(folder) as archive:
        rows = [row for row in archive.captures() if row.layout == "drupal_2017" and row.outcome == "article"][:2]
        items = archive.items(rows)
        worse = []
        for row in rows:
            receipt = {name: getattr(row, name) for name in ("url", "captured_at", "status", "source", "digest")}
            changes = {
                "byline": None,
                "headline": "<script>alert(1)</script>\x1b[31m & so",
                "capture": receipt | {"record": None},
            }
            worse.append((items[row.id] | changes, None))
        archive.reread(worse)
    return folder


@pytest.fixture
def worse(filled: Path, tmp_path: Path) -> Path:
    return copytree(filled, tmp_path / "worse")


def test_the_command_reports_and_accepts(worse: Path, tmp_path: Path) -> None:
    before = canonical(worse)
    told = run("reread", "--dry-run", "--json", "--html", tmp_path / "report.html", "--archive", worse)
    assert told.exit_code == 0, told.stderr
    data = json.loads(told.stdout)
    assert (data["changed"], data["accepted"], data["missing"]) == (2, 0, [])
    fields = {each["field"]: (each["layout"], each["changed"]) for each in data["fields"]}
    assert fields["headline"] == ("drupal_2017", 2)
    assert canonical(worse) == before
    printed = run("reread", "--dry-run", "--archive", worse).stdout
    assert "\x1b" not in printed
    assert "2 read otherwise than before" in printed
    assert "<script>" in printed
    accepted = run("reread", "--yes", "--archive", worse)
    assert "Replaced 2 readings." in accepted.stdout
    assert json.loads(run("reread", "--yes", "--json", "--archive", worse).stdout)["changed"] == 0
    assert "it can be accepted" in printed
    assert "accepted" not in run("reread", "--dry-run", "--archive", worse).stdout


def test_the_page_says_the_same_and_is_no_program(worse: Path, tmp_path: Path) -> None:
    run("reread", "--dry-run", "--html", tmp_path / "report.html", "--archive", worse)
    page = (tmp_path / "report.html").read_text("utf-8")
    tags, texts = seen(page)
    assert "script" not in tags
    assert not {"link", "img", "iframe"} & set(tags), "one file, which fetches nothing"
    assert any("<script>alert(1)</script>" in text for text in texts)
    assert {"del", "ins", "table"} <= set(tags)


def seen(page: str) -> tuple[list[str], list[str]]:
    tags: list[str] = []
    texts: list[str] = []

    class Seen(HTMLParser):
        def handle_starttag(self, tag: str, attrs: object) -> None:
            tags.append(tag)

        def handle_data(self, data: str) -> None:
            texts.append(data)

    Seen().feed(page)
    # What was removed stands apart from what stayed; put together again.
    return tags, [*texts, "".join(texts)]


def test_a_hostile_value_stays_text() -> None:
    changes = Changes()
    report = Report(CaptureSelection())
    bad = '"><img src=x onerror=alert(1)>\x00'
    report.layouts = {bad: {bad: changes}}
    report.missing = [(bad, bad)]
    assert "<img" not in html(report)
    assert around(None, []) == ("—", "—")
    assert around("a" * 300, "a" * 300 + "b")[1] == "… " + "a" * 20 + "b"


def test_nobody_to_answer_is_told_before_the_work(worse: Path) -> None:
    told = run("reread", "--archive", worse)
    assert told.exit_code == 2
    assert "--dry-run" in told.stderr
    assert "--yes" in told.stderr
    with RunLock(worse):
        refused(run("reread", "--yes", "--archive", worse), 7, "is in use by process")
        assert run("reread", "--dry-run", "--archive", worse).exit_code == 0, "a report disturbs no crawl"


def typed(folder: Path, answer: bytes) -> Iterator[bytes]:
    ours, theirs = pty.openpty()
    call = [sys.executable, "-m", "postscraper", "reread", "--json", "--archive", str(folder)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    running = subprocess.Popen(call, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
    os.close(theirs)
    os.write(ours, answer)
    out, err = running.communicate(timeout=60)
    os.close(ours)
    yield out
    yield err


@pytest.mark.parametrize(("key", "replaced"), [(b"n\n", 0), (b"y\n", 2)])
def test_a_person_is_asked(worse: Path, key: bytes, replaced: int) -> None:
    out, err = typed(worse, key)
    assert b"Replace the readings of 2 captures?" in err
    assert json.loads(out)["accepted"] == replaced
