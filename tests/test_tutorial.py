"""Every command, statement and program of docs/tutorial.md, of docs/how-to/ and of the demo in README.md.

They print what the pages show, and the examples of `postscraper COMMAND --help` work. What the pages ask of the
network is asked of stand-ins on loopback.
"""

import re
import shutil
from pathlib import Path

import click
import pytest
from pytest_httpserver import HTTPServer

from postscraper.cli.main import COMMANDS, main
from tests.helpers.crawls import FAST, NO_WAIT
from tests.helpers.mirror import Mirror
from tests.helpers.paths import ROOT, SAMPLES
from tests.helpers.transcripts import ARCHIVE, Reader, assert_shown, make_demo, steps
from tests.helpers.wayback_server import Kept, Machine

OF_THE_DEMO = {
    "docs/tutorial.md": {"console": 12, "sql": 6, "python": 6},
    "docs/how-to/analyse.md": {"console": 3, "sql": 2, "python": 2},
    "docs/how-to/cite.md": {"console": 6},
    "docs/how-to/library.md": {"console": 9},
    "docs/how-to/back-up.md": {"console": 6},
}

# Their examples serve until Ctrl-C, ask the network, or name files of one's own.
NOT_OF_THE_DEMO = ("serve", "mcp", "watch", "replay", "merge", "sample")

TAKE_LONG = ("docs/how-to/library.md", "docs/how-to/back-up.md")  # they prove and copy whole archives


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    make_demo(folder)
    return folder


@pytest.mark.parametrize(
    "page",
    [pytest.param(page, marks=[pytest.mark.long] if page in TAKE_LONG else []) for page in OF_THE_DEMO],
)
def test_every_step_on_the_demo_prints_what_the_page_shows(
    page: str, demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(demo, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    compared = Reader(page).follow()
    assert all(compared[language] >= least for language, least in OF_THE_DEMO[page].items()), compared


@pytest.mark.long
@pytest.mark.parametrize("page", ["docs/how-to/live.md", "docs/how-to/schedule.md"])
def test_every_step_on_the_live_paper_prints_what_the_page_shows(
    page: str, httpserver: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    mirror = Mirror(httpserver, SAMPLES)
    compared = Reader(page, "archive", (f"PAPER_ORIGIN={mirror.origin}", *FAST)).follow()
    assert compared["console"] >= 3, compared


def test_every_step_on_the_wayback_machine_prints_what_the_page_shows(
    httpserver: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    site, story = "http://www.phnompenhpost.com", "/national/river-clinic-opens-koh-thom"
    page = (SAMPLES / "phnompenhpost" / "drupal_2017" / "river-clinic.html").read_bytes()
    edited = page.replace(b"A clinic of eleven beds", b"A clinic of twelve beds")
    machine = Machine(
        httpserver,
        [
            Kept(f"{site}:80{story}", "20180612032000", page),
            Kept(f"https://m.phnompenhpost.com{story}", "20180712032000", edited),
        ],
    )
    settings = (f"WAYBACK_ORIGIN={machine.origin}", NO_WAIT, *FAST)
    compared = Reader("docs/how-to/wayback.md", "archive", settings).follow()
    assert compared == {"console": 2, "sql": 1, "python": 0}


def test_every_page_of_the_how_tos_is_followed() -> None:
    followed = {*OF_THE_DEMO, *(f"docs/how-to/{name}.md" for name in ("live", "schedule", "wayback"))}
    pages = {f"docs/how-to/{path.name}" for path in (ROOT / "docs" / "how-to").glob("*.md")}
    assert {page for page in pages - followed if list(steps(page))} == set()


def test_the_demo_in_the_readme_prints_what_the_page_shows(demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(demo)
    shown = [(words, expected) for _, words, expected in steps("README.md") if words.endswith(f"--archive {ARCHIVE}")]
    assert len(shown) == 3
    for words, expected in shown:
        assert_shown(words, Reader("README.md").shell(words), expected)


@pytest.mark.long
def test_the_examples_of_the_help_work_on_the_demo(demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(demo, tmp_path, dirs_exist_ok=True)
    (tmp_path / "samples").symlink_to(SAMPLES)
    monkeypatch.chdir(tmp_path)
    above = click.Context(main)
    helps = {name: main.get_command(above, name) for name in COMMANDS}
    examples = {
        name: re.findall(r"^ +(postscraper .*)$", (command and command.help) or "", re.MULTILINE)
        for name, command in helps.items()
    }
    assert [name for name, calls in examples.items() if not calls] == []
    withdrawals = examples.pop("withdraw")
    for name, calls in examples.items():
        for call in () if name in NOT_OF_THE_DEMO else calls:
            assert not re.match(r"No story matches|No edited|0 stories", Reader("README.md").shell(call)), call
    for call in withdrawals:
        assert "Withdrawn" in Reader("README.md").shell(f"{call} --yes")
