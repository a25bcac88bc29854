"""Files that commands write: `-` is standard output, success is said, and errors name the file that was asked for."""

import csv
import json
import re
import xml.etree.ElementTree as ET
from datetime import timedelta
from pathlib import Path

import pytest

from tests.helpers.archives import answer, file, fill, run_on, saved_pages
from tests.helpers.commands import run
from tests.helpers.permissions import no_superuser

STORY = "/national/river-clinic-opens-koh-thom"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved page, and the same edited three days later."""
    folder = tmp_path_factory.mktemp("output") / "archive"
    [page] = [page for page in saved_pages() if b"<title>River clinic opens at Koh Thom" in page.body]
    fill(folder, [page])
    with run_on(folder) as opened:
        opened.begin()
        words = re.sub(rb"eleven beds", b"twelve beds", page.body)
        assert page.captured_at is not None
        file(opened, answer(page, body=words, captured_at=page.captured_at + timedelta(days=3)))
    return folder


def _is_csv(text: str) -> bool:
    return len(list(csv.reader(text.splitlines()))) > 1


def _is_drawing(text: str) -> bool:
    return ET.fromstring(text).tag.endswith("svg")


def _is_page(text: str) -> bool:
    return text.lower().startswith("<!doctype html>") and text.rstrip().endswith("</html>")


WRITERS = {
    "export {} --format csv": _is_csv,
    "export -o {} --format csv": _is_csv,
    "trend clinic --csv {}": _is_csv,
    "trend clinic --svg {}": _is_drawing,
    f"diff {STORY} --html {{}}": _is_page,
    "reread --dry-run --html {}": _is_page,
    f"proof {STORY} --page {{}}": lambda text: "<title>River clinic" in text,
    "fixity -o {}": lambda text: len(text.splitlines()) > 2,
}


@pytest.mark.parametrize("words", WRITERS)
def test_a_hyphen_is_standard_output_which_then_has_nothing_else(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    streamed = run(*words.format("-").split(), "--archive", archive)
    assert streamed.exit_code == 0, streamed.output
    assert list(tmp_path.iterdir()) == []
    written = run(*words.format("out").split(), "--archive", archive)
    assert written.exit_code == 0, written.output
    assert re.search(r"^out: \w", written.stdout, re.MULTILINE), "a file is named when it is written"
    assert streamed.stdout_bytes == Path("out").read_bytes()
    assert WRITERS[words](streamed.stdout)


@pytest.mark.parametrize("words", [*WRITERS, "pack {}.wacz"])
def test_an_error_names_the_file_that_was_asked_for(archive: Path, tmp_path: Path, words: str) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o755)
    with no_superuser(archive, tmp_path):
        done = run(*words.format(closed / "out").split(), "--archive", archive)
    assert done.exit_code == 13, done.output
    target = closed / ("out.wacz" if "pack" in words else "out")
    assert done.stderr == f"postscraper: {target}: Permission denied\n"
    assert list(closed.iterdir()) == []


def test_with_json_a_page_is_written_and_nothing_else_is_printed(archive: Path, tmp_path: Path) -> None:
    done = run("diff", STORY, "--json", "--html", tmp_path / "out.html", "--archive", archive)
    assert json.loads(done.stdout)["to"] == 2
    assert _is_page((tmp_path / "out.html").read_text("utf-8"))
