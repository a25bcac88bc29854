"""The inputs that the generator of hostile pages writes, read in a process of their own.

A process of its own keeps one kind's memory apart from everything else's. Run by hand:
`python tests/helpers/hostile_pages.py FOLDER KIND` prints one JSON line for each input.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from postscraper.items import Capture, plain
from postscraper.newspapers import POST
from postscraper.reading.read import read

GENERATOR = Path(__file__).parents[1] / "hostile" / "badpages.py"
ADDRESSES = {
    "sitemap": "https://www.phnompenhpost.com/sitemap.xml",
    "feed": "https://www.phnompenhpost.com/rss.xml",
    "http": "https://www.phnompenhpost.com/national/canal-repairs-1",
}
CATEGORIES = {"sitemap": "sitemap", "feed": "feed", "http": "http-body"}


def peak_mb() -> float:
    """The most memory this process has held. ru_maxrss would tell that of the process it was forked from."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one input gave. peak_mb: the most memory that the process had held by then."""

    id: str
    expect: dict[str, Any]
    limits: dict[str, float]
    item: dict[str, Any]
    seconds: float
    peak_mb: float

    @property
    def cut(self) -> bool:
        return any(problem["kind"] == "cut" for problem in self.item.get("problems", []))

    def beyond_limits(self) -> str | None:
        """A sentence when it took too long or too much memory, or a layout broke on it."""
        if self.seconds > self.limits["seconds"] or self.peak_mb > self.limits["rss_mb"]:
            return f"{self.id}: {self.seconds:.1f} s, {self.peak_mb:.0f} MB"
        return f"{self.id}: {self.item['detail']}" if self.item.get("reason") == "layout_failed" else None


def outcomes(kind: str, folder: Path) -> tuple[Outcome, ...]:
    """What every input of the kind gives; `folder` is filled. Skips the test without the generator."""
    corpus = folder / kind
    subprocess.run(
        [sys.executable, str(GENERATOR), str(corpus), "--only", CATEGORIES[kind]], check=True, capture_output=True
    )
    done = subprocess.run(
        [sys.executable, __file__, str(corpus), kind],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        timeout=300,
    )
    return tuple(Outcome(**json.loads(line)) for line in done.stdout.splitlines())


def outcomes_in(folder: Path, kind: str) -> Iterator[Outcome]:
    for line in (folder / "manifest.jsonl").read_text("utf-8").splitlines():
        case = json.loads(line)
        labels = {"Content-Type": case["http"]["content_type"], "Content-Encoding": case["http"]["content_encoding"]}
        capture = Capture(
            url=ADDRESSES[kind],
            captured_at=None,
            body=(folder / case["file"]).read_bytes(),
            headers=tuple((name, value) for name, value in labels.items() if value),
            source="badpages",
        )
        started = time.perf_counter()
        item = read(capture, POST)
        yield Outcome(
            id=case["id"],
            expect=case["expect"],
            limits=case["limits"],
            item=plain(item),
            seconds=time.perf_counter() - started,
            peak_mb=peak_mb(),
        )


if __name__ == "__main__":
    for each in outcomes_in(Path(sys.argv[1]), sys.argv[2]):
        print(json.dumps(asdict(each)))
