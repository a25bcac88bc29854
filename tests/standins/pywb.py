"""pywb as a program: its commands, and its server over one folder."""

import os
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

from tests.helpers.paths import ROOT

COMMANDS = Path(os.environ.get("POSTSCRAPER_PYWB", ROOT / ".venv-pywb" / "bin"))


def command(name: str, *words: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    call = [str(COMMANDS / name), *map(str, words)]
    return subprocess.run(call, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def done(name: str, *words: str | Path, folder: Path) -> str:
    """What the command printed; it must succeed."""
    finished = command(name, *words, folder=folder)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


def collect(folder: Path, collection: str, files: Iterable[Path]) -> None:
    """Make a collection of WARC files."""
    done("wb-manager", "init", collection, folder=folder)
    done("wb-manager", "add", collection, *sorted(files), folder=folder)


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The origin of a pywb that serves the collections of the folder, and those that its config.yaml names."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    call = [str(COMMANDS / "wayback"), "-p", str(port), "-b", "127.0.0.1"]
    with (folder / "log").open("wb") as log, subprocess.Popen(call, cwd=folder, stdout=log, stderr=log) as server:
        try:
            _wait_for(port, folder / "log")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.kill()


def _wait_for(port: int, log: Path) -> None:
    for _ in range(300):
        connection = HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            connection.request("GET", "/static/search.js")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.1)
        else:
            return
        finally:
            connection.close()
    raise TimeoutError(log.read_text("utf-8"))
