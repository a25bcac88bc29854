"""HTML engines: the speed of turbohtml, lexbor and lxml, and the effect of hostile inputs on each."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.hostile import ENGINES, INPUTS, MOST_SECONDS, fate
from benchmarks.selections import lexbor_selects, lxml_selects, peer, turbohtml_selects
from benchmarks.tables import Table
from benchmarks.timing import Rates, cpu_rates


def run(bodies: list[bytes], story: Path, *, rounds: int, least_seconds: float, part: int, inputs: int) -> Table:
    """bodies: of story pages. story: the page whose body takes the inputs.

    part: divides the size of the inputs. inputs: how many of them.
    """
    rates = _rates(bodies, rounds, least_seconds)
    names = list(INPUTS)[:inputs]
    missing = {"selectolax (lexbor)"} - set(rates)
    rows = []
    for engine in ENGINES:
        if engine not in missing:
            rate = f"{median(rates[engine]):,.0f}" if engine in rates else "-"
            rows.append((engine, rate, *(fate(engine, name, part=part, story=story) for name in names)))
    notes: tuple[str, ...] = (
        f"pages/s: parse and 12 selections, over the same {len(bodies)} story pages",
        f"inputs: CPU seconds and peak memory of a process of its own, stopped after {MOST_SECONDS} s of wall time",
    )
    if part > 1:
        notes += (f"a quick look: the inputs are 1/{part} of the size they are named for",)
    return Table(title="Engines, and hostile inputs", columns=("engine", "pages/s", *names), rows=rows, notes=notes)


def _rates(bodies: list[bytes], rounds: int, least_seconds: float) -> Rates:
    engines: dict[str, Callable[[bytes], Any]] = {"turbohtml": turbohtml_selects, "lxml.html": lxml_selects}
    lexbor: Any = peer("selectolax.lexbor")
    if lexbor is not None:
        engines["selectolax (lexbor)"] = partial(lexbor_selects, parse=lexbor.LexborHTMLParser)
    passes: Mapping[str, Callable[[], int]] = {name: partial(_over, bodies, select) for name, select in engines.items()}
    return cpu_rates(passes, rounds=rounds, least_seconds=least_seconds)


def _over(bodies: list[bytes], select: Callable[[bytes], Any]) -> int:
    for body in bodies:
        select(body)
    return len(bodies)
