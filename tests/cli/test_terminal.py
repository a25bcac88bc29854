"""What commands print on a terminal: colours, unless NO_COLOR or TERM forbids them."""

import os
import pty
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.helpers.archives import fill, saved_pages
from tests.helpers.paths import ROOT


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("terminal") / "archive"
    fill(folder, saved_pages())
    return folder


def on_terminal(archive: Path, words: str, **settings: str) -> bytes:
    """All that a command writes to a terminal."""
    terminal, end = pty.openpty()
    call = [sys.executable, "-m", "postscraper", *words.split(), "--archive", str(archive)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TERM": "xterm"} | settings
    environment = {name: value for name, value in environment.items() if value}
    with subprocess.Popen(call, stdin=end, stdout=end, stderr=end, env=environment) as command:
        os.close(end)
        written = bytearray()
        with suppress(OSError):  # Linux's end of a terminal
            while part := os.read(terminal, 65_536):
                written += part
        os.close(terminal)
    assert command.returncode == 0, written
    return bytes(written)


LONG = pytest.mark.long


@pytest.mark.parametrize(
    "words", ["stats", pytest.param("search the", marks=LONG), pytest.param("as-of 2026", marks=LONG)]
)
def test_colours_are_for_terminals_that_want_them(archive: Path, words: str) -> None:
    assert b"\x1b[1m" in on_terminal(archive, words, NO_COLOR="")
    assert b"\x1b" not in on_terminal(archive, words, NO_COLOR="1")
    assert b"\x1b" not in on_terminal(archive, words, NO_COLOR="", TERM="dumb")
