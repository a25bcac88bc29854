"""Steps of a documentation page: its commands, statements and programs, run and compared with what the page shows.

A console block has a command behind each dollar sign; the output of SQL and Python is in the text block below. `…`
stands for any characters, and for any lines where it has a line of its own. What no test can run is in a block of `sh`.
"""

import io
import os
import re
import shlex
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, redirect_stdout
from pathlib import Path
from typing import Any

from tests.helpers.crawls import PROJECT, options, scrapy
from tests.helpers.paths import ROOT
from tests.helpers.programs import complete

ARCHIVE = "demo-archive"  # of `make demo`
SHELL_ALONE = ("make demo", ". .venv/bin/activate", f"export POSTSCRAPER_ARCHIVE={ARCHIVE}")


def steps(page: str) -> Iterator[tuple[str, str, str]]:
    """The language, the input and the output of each step of a page, in order, but those that only set up a shell."""
    for language, block, output in re.findall(
        r"^```(console|sql|python)\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?",
        (ROOT / page).read_text("utf-8"),
        re.DOTALL | re.MULTILINE,
    ):
        if language == "console":
            for call in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
                command, _, printed = call.partition("\n")
                if command not in SHELL_ALONE:
                    yield language, command, printed
        else:
            yield language, block, output


def make_demo(folder: Path) -> None:
    """The archive of `make demo`."""
    for paper in ("post", "postkhmer"):
        done = scrapy(folder, "crawl", paper, "-a", "source=samples", settings=(f"ARCHIVE_DIR={ARCHIVE}",))
        assert done.returncode == 0, done.stderr


class Reader:
    """A person who follows a page in the current folder, and looks into one archive.

    settings: of every crawl, beside those that the page gives.
    """

    def __init__(self, page: str, archive: str = ARCHIVE, settings: tuple[str, ...] = ()) -> None:
        self._page, self._archive, self._settings = page, archive, settings
        self._names: dict[str, Any] = {}

    def follow(self) -> dict[str, int]:
        """How many steps of each language printed what the page shows."""
        run = {"console": self.shell, "sql": self.sqlite, "python": self.python}
        compared = dict.fromkeys(run, 0)
        for language, words, expected in steps(self._page):
            assert_shown(words, run[language](words), expected)
            compared[language] += 1
        for value in self._names.values():
            if isinstance(value, sqlite3.Connection):
                value.close()
        return compared

    def shell(self, command: str) -> str:
        """What a command prints; programs of the project are forked from one that has loaded them."""
        environment = {**PROJECT, "POSTSCRAPER_ARCHIVE": self._archive}
        program, *words = shlex.split(command)
        if program in ("scrapy", "postscraper"):
            own = options(*self._settings) if program == "scrapy" or words[0] == "watch" else []
            done = complete(Path.cwd(), "-m", program, *words, *own, environment=environment)
        else:
            path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
            call = ["bash", "-c", command]
            done = subprocess.run(call, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def sqlite(self, statement: str) -> str:
        """The rows as the program sqlite3 prints them: a line each, `|` between the columns, nothing for NULL."""
        with closing(sqlite3.connect(f"file:{self._archive}/archive.db?mode=ro", uri=True)) as connection:
            rows = connection.execute(statement).fetchall()
        return "".join("|".join("" if value is None else str(value) for value in row) + "\n" for row in rows)

    def python(self, code: str) -> str:
        with redirect_stdout(io.StringIO()) as printed:
            exec(compile(code, self._page, "exec"), self._names)
        return printed.getvalue()


def assert_shown(words: str, printed: str, expected: str) -> None:
    as_shown = re.fullmatch(_pattern(expected), _lines(printed))
    assert as_shown, f"{words}\nprints\n{printed}"


def _pattern(expected: str) -> str:
    """An expression for the output that a page shows."""
    return "\n".join(
        "(?s:.*)" if line == "…" else re.escape(line).replace("…", ".*") for line in _lines(expected).splitlines()
    )


def _lines(text: str) -> str:
    """Without white space at the ends of lines, and without empty lines at the end."""
    return "\n".join(line.rstrip() for line in text.rstrip().splitlines())
