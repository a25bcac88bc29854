"""Every command, statement and program of docs/tutorial.md, and the demo in README.md, print what the pages show.

`…` in a page stands for any characters, and for any lines where it has a line of its own.
"""

import io
import re
import shlex
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from postscraper.cli.main import GROUPS
from tests.helpers.crawls import scrapy
from tests.helpers.paths import ROOT
from tests.helpers.programs import complete

ARCHIVE = "demo-archive"
SHELL_ALONE = ("make demo", ". .venv/bin/activate", f"export POSTSCRAPER_ARCHIVE={ARCHIVE}")


def steps(page: str) -> Iterator[tuple[str, str, str]]:
    """The language, the input and the output of each step of a page, in order.

    A console block has a command behind each dollar sign; the output of SQL and Python is in the text block below.
    """
    for language, block, output in re.findall(
        r"^```(console|sql|python)\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?",
        (ROOT / page).read_text("utf-8"),
        re.DOTALL | re.MULTILINE,
    ):
        if language == "console":
            for call in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
                command, _, printed = call.partition("\n")
                yield language, command, printed
        else:
            yield language, block, output


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the archive of `make demo`."""
    folder = tmp_path_factory.mktemp("tutorial")
    for paper in ("post", "postkhmer"):
        done = scrapy(folder, "crawl", paper, "-a", "source=samples", settings=(f"ARCHIVE_DIR={ARCHIVE}",))
        assert done.returncode == 0, done.stderr
    return folder


def test_every_step_of_the_tutorial_prints_what_the_page_shows(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    names: dict[str, Any] = {}
    run: dict[str, Callable[[str], str]] = {"console": shell, "sql": sqlite, "python": partial(python, names)}
    compared = dict.fromkeys(run, 0)
    for language, words, expected in steps("docs/tutorial.md"):
        if words in SHELL_ALONE:
            continue
        printed = run[language](words)
        assert_shown(words, printed, expected)
        compared[language] += 1
    names["archive"].close()
    assert min(compared.values()) >= 5, compared


def test_the_demo_in_the_readme_prints_what_the_page_shows(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    demo = [(words, expected) for _, words, expected in steps("README.md") if words.endswith(f"--archive {ARCHIVE}")]
    assert len(demo) == 3
    for words, expected in demo:
        assert_shown(words, shell(words), expected)


def test_the_tables_of_commands_in_the_readme_are_the_groups_of_the_help() -> None:
    commands = re.search(r"^## Commands\n(.*?)^## ", (ROOT / "README.md").read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert commands
    _, *groups = re.split(r"^### ", commands[1], flags=re.MULTILINE)
    tables = {group.partition("\n")[0]: re.findall(r"^\| `([\w-]+)", group, re.MULTILINE) for group in groups}
    assert tables == {title: list(names) for title, names in GROUPS.items()}


def assert_shown(words: str, printed: str, expected: str) -> None:
    as_shown = re.fullmatch(pattern(expected), lines(printed))
    assert as_shown, f"{words}\nprints\n{printed}"


def shell(command: str) -> str:
    program, *words = shlex.split(command)
    assert program == "postscraper", command
    done = complete(Path.cwd(), "-m", program, *words, environment={"POSTSCRAPER_ARCHIVE": ARCHIVE})
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def sqlite(statement: str) -> str:
    """The rows as the program sqlite3 prints them: a line each, `|` between the columns, nothing for NULL."""
    connection = sqlite3.connect(f"file:{ARCHIVE}/archive.db?mode=ro", uri=True)
    try:
        rows = connection.execute(statement).fetchall()
    finally:
        connection.close()
    return "".join("|".join("" if value is None else str(value) for value in row) + "\n" for row in rows)


def python(names: dict[str, Any], code: str) -> str:
    with redirect_stdout(io.StringIO()) as printed:
        exec(compile(code, "docs/tutorial.md", "exec"), names)
    return printed.getvalue()


def pattern(expected: str) -> str:
    """An expression for the output that a page shows."""
    return "\n".join(
        "(?s:.*)" if line == "…" else re.escape(line).replace("…", ".*") for line in lines(expected).splitlines()
    )


def lines(text: str) -> str:
    """Without white space at the ends of lines, and without empty lines at the end."""
    return "\n".join(line.rstrip() for line in text.rstrip().splitlines())
