"""Plots of docs/performance.md, drawn from the figures that stand there: `python -m docs.plots`."""

import re
from collections.abc import Iterator
from pathlib import Path

import matplotlib
from matplotlib import pyplot

FOLDER = Path(__file__).parent
PAGE, PLOT = FOLDER / "performance.md", FOLDER / "pictures" / "growth.svg"
STEP = 10_000  # stories between two rates
BARS = (300, 200)  # milliseconds: of searches, and of single stories and counts

_RATES = re.compile(r"^x the first, of each ten thousand: ([\d., ]+)$", re.M)
_SIZE = re.compile(r"^([\d,]+) stories\ncall .*\n-.*\n((?:\w.* +[\d.]+\n)+)", re.M)


def rates(text: str) -> list[float]:
    """Stories written a second by the rate of the first STEP, of each further STEP."""
    match = _RATES.search(text)
    assert match is not None
    return [float(rate) for rate in match[1].split(", ")]


def latencies(text: str) -> Iterator[tuple[int, dict[str, float]]]:
    """Sizes of the archive in stories, each with the 99th percentile of every question in ms of CPU."""
    for size, rows in _SIZE.findall(text):
        lines = (re.split(r"\s{2,}", row) for row in rows.splitlines())
        yield int(size.replace(",", "")), {name: float(p99) for name, _, p99, *_ in lines}


def draw(text: str, file: Path) -> None:
    """The growth of an archive as SVG: how fast it is written, and how fast it answers."""
    # The same figures give the same file.
    matplotlib.rcParams |= {"svg.hashsalt": "postscraper", "svg.fonttype": "none", "font.size": 9}
    figure, (writing, asking) = pyplot.subplots(1, 2, figsize=(10, 4), layout="constrained")
    written = rates(text)
    writing.plot([STEP * number for number in range(1, len(written) + 1)], written, color="#7a3b2e")
    writing.axhline(0.7, color="#888888", linestyle="--", linewidth=0.8)
    writing.set(title="Stories written a second, the first ten thousand = 1", xlabel="stories", ylim=(0, 1.1))
    by_size = dict(latencies(text))
    for number, name in enumerate(next(iter(by_size.values()))):
        points = [by_size[size][name] for size in by_size]
        style = ("-", "--", ":")[number % 3]
        asking.plot(list(by_size), points, style, marker="o", markersize=3, label=name)
    for milliseconds in BARS:
        asking.axhline(milliseconds, color="#888888", linestyle="--", linewidth=0.8)
    asking.set(title="99th percentile of 200 questions, ms of CPU", xlabel="stories", xscale="log", yscale="log")
    asking.legend(fontsize=7, ncols=2)
    writing.xaxis.set_major_formatter(lambda stories, _: f"{stories:,.0f}")
    figure.savefig(file, metadata={"Date": None})


if __name__ == "__main__":
    draw(PAGE.read_text("utf-8"), PLOT)
