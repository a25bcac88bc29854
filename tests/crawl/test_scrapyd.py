"""A crawl that a real scrapyd starts: with its own arguments and settings, and without scrapy.cfg."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from tests.helpers.crawls import asked
from tests.helpers.paths import ROOT, SAMPLES

pytestmark = pytest.mark.skipif(find_spec("scrapyd") is None, reason="scrapyd is not installed: `make test` does")

SECONDS = 60
CONFIGURATION = """
[scrapyd]
http_port = {port}
max_proc = 1
poll_interval = 0.1
items_dir = items

[settings]
post = postscraper.settings
"""


class Scrapyd:
    """A running one, in a folder of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self._origin = folder, f"http://127.0.0.1:{port}"

    def ask(self, service: str, **words: str | list[str]) -> dict[str, object]:
        """words: of a POST; none: a GET."""
        data = urlencode(words, doseq=True).encode() if service in ("schedule", "cancel") else None
        query = "" if data or not words else f"?{urlencode(words)}"
        with urlopen(f"{self._origin}/{service}.json{query}", data, timeout=SECONDS) as answer:
            found: dict[str, object] = json.load(answer)
        assert found["status"] == "ok", found
        return found

    def run(self, **words: str | list[str]) -> tuple[Path, Path]:
        """Where a job that is done left its log and its items."""
        job = self.ask("schedule", project="post", **words)["jobid"]
        until = time.monotonic() + SECONDS
        while job not in [each["id"] for each in self.ask("listjobs", project="post")["finished"]]:  # type: ignore[attr-defined]
            assert time.monotonic() < until
            time.sleep(0.1)
        place = Path("post", str(words["spider"]))
        return self.folder / "logs" / place / f"{job}.log", self.folder / "items" / place / f"{job}.jl"


@pytest.fixture
def scrapyd(tmp_path: Path) -> Iterator[Scrapyd]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / "scrapyd.conf").write_text(CONFIGURATION.format(port=port))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SCRAPY")}
    environment |= {"SCRAPY_SETTINGS_MODULE": "postscraper.settings", "PYTHONPATH": str(ROOT)}
    with (tmp_path / "scrapyd.log").open("wb") as log:
        running = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "scrapyd"],
            cwd=tmp_path, env=environment, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        server, until = Scrapyd(tmp_path, port), time.monotonic() + SECONDS
        while time.monotonic() < until:
            with suppress(URLError):
                server.ask("daemonstatus")
                break
            assert running.poll() is None, (tmp_path / "scrapyd.log").read_text()
            time.sleep(0.1)
        yield server
    finally:
        running.terminate()
        running.wait(SECONDS)


@pytest.mark.long
def test_a_job_of_scrapyd_is_a_crawl(scrapyd: Scrapyd) -> None:
    assert scrapyd.ask("listspiders", project="post")["spiders"] == ["post", "postkhmer"]
    design = SAMPLES / "phnompenhpost" / "drupal_2017"
    words = {"source": "folder", "path": str(design), "limit": "9", "_mine": "7", "jobid": "first"}
    log, items = scrapyd.run(spider="post", setting=["LOG_LEVEL=INFO", "CLOSESPIDER_TIMEOUT=50"], **words)
    assert "Spider closed (finished)" in log.read_text()
    assert "Traceback" not in log.read_text()
    assert len(items.read_text("utf-8").splitlines()) == 9
    assert asked(scrapyd.folder, "SELECT count(*) FROM capture") == [(9,)]
    scrapyd.run(spider="post", **{**words, "limit": "none", "jobid": "second"})
    told = (scrapyd.folder / "scrapyd.log").read_text()
    assert "post: 9 pages in" in told
    assert "Process finished: project='post' spider='post' job='first'" in told
    assert "Process died: exitstatus=2 project='post' spider='post' job='second'" in told
