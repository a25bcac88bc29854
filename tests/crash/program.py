"""The real program as a person starts it, and what it acknowledged.

A line of its feed is written after the pipeline has let the item pass, straight to a pipe: what came
through the pipe was acknowledged, and a kill takes nothing back.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

from tests.crash.site import ROOT

LONGEST_SECONDS = 180.0
_FAST = {
    "DOWNLOAD_DELAY": "0",
    "AUTOTHROTTLE_ENABLED": "False",
    "CONCURRENT_REQUESTS": "8",
    "CONCURRENT_REQUESTS_PER_DOMAIN": "8",
    "LOG_LEVEL": "WARNING",
}
REAL = ("-m", "scrapy")


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """One page, or story in one, that the program said it holds, as its item names the capture."""

    url: str
    captured_at: str  # as the database writes it
    digest: str
    file: str
    offset: int
    part: str


def acknowledged(line: bytes) -> Acknowledged | None:
    """None for a line that a kill cut."""
    if not line.endswith(b"\n"):
        return None
    capture = json.loads(line)["capture"]
    at = capture["captured_at"].replace("Z", "+00:00")
    return Acknowledged(
        capture["url"],
        at,
        capture["digest"],
        capture["record"]["file"],
        capture["record"]["offset"],
        capture["part"] or "",
    )


def command(archive: Path, origin: str, entry: Sequence[str] = REAL) -> list[str]:
    """entry: what Python runs in place of `scrapy`, as a variant that writes in the wrong order."""
    settings = _FAST | {"PAPER_ORIGIN": origin, "ARCHIVE_DIR": str(archive)}
    options = [word for name, value in settings.items() for word in ("-s", f"{name}={value}")]
    return [sys.executable, "-u", *entry, "crawl", "post", "-o", "-:jsonlines", *options]


def environment() -> dict[str, str]:
    return os.environ | {"SCRAPY_SETTINGS_MODULE": "postscraper.settings", "PYTHONPATH": str(ROOT)}


class Run:
    """One start of the program; `end` waits for it."""

    def __init__(
        self, archive: Path, origin: str, entry: Sequence[str] = REAL, under: Sequence[str | Path] = ()
    ) -> None:
        """under: the words of a program that starts it, as strace."""
        self.archive = archive
        self.acknowledged: list[Acknowledged] = []
        self.stderr = ""
        self.began = time.monotonic()
        self.first_seconds: float | None = None  # from the start to the first page acknowledged
        self._process = subprocess.Popen(
            [*map(str, under), *command(archive, origin, entry)],
            cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        self._readers = [Thread(target=self._hear), Thread(target=self._read_errors)]
        for reader in self._readers:
            reader.start()

    def _hear(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if page := acknowledged(line):
                self.first_seconds = self.first_seconds or time.monotonic() - self.began
                self.acknowledged.append(page)

    def _read_errors(self) -> None:
        assert self._process.stderr is not None
        self.stderr = self._process.stderr.read().decode(errors="replace")

    def lives(self) -> bool:
        return self._process.poll() is None

    def wait(self, seconds: float) -> bool:
        """Let it run; whether it still lives."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return True
        return False

    def wait_for(self, pages: int, seconds: float = LONGEST_SECONDS) -> bool:
        """Let it run until it acknowledged so many pages; whether it did."""
        until = time.monotonic() + seconds
        while len(self.acknowledged) < pages and self.lives() and time.monotonic() < until:
            time.sleep(0.003)
        return len(self.acknowledged) >= pages

    def ask_to_stop(self) -> None:
        """It ends in order; or at once, when its own end has come so far that it no longer listens."""
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()

    def end(self, seconds: float = LONGEST_SECONDS) -> int:
        """Its exit code; negative: the signal that ended it. Killed when it does not end in time."""
        if self.wait(seconds):
            self.kill()
            self._process.wait()
        for reader in self._readers:
            reader.join()
        for stream in (self._process.stdout, self._process.stderr):
            assert stream is not None
            stream.close()
        return self._process.returncode

    def sentence(self) -> str:
        """What it said last on stderr."""
        lines = self.stderr.strip().splitlines()
        return lines[-1] if lines else ""
