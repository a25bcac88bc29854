"""Table of a benchmark's figures, and its bars."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A bar that was set before measuring. at_most: the figure should stay below it, not reach it."""

    what: str
    figure: float
    bar: float
    at_most: bool = False

    @property
    def met(self) -> bool:
        return self.figure <= self.bar if self.at_most else self.figure >= self.bar

    def line(self) -> str:
        bound = "at most" if self.at_most else "at least"
        return f"wanted {bound} {self.bar:.3g} {self.what}: {self.figure:.2f}, {'met' if self.met else 'NOT MET'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """rows: cells as printed, the first one a name. notes: what a reader must know to trust the figures."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    notes: tuple[str, ...] = ()
    wanted: tuple[Wanted, ...] = ()

    def text(self) -> str:
        lines = [self.columns, *self.rows]
        widths = [max(len(line[column]) for line in lines) for column in range(len(self.columns))]
        ruled = [self.columns, tuple("-" * width for width in widths), *self.rows]
        printed = [self.title, "=" * len(self.title), *(_aligned(line, widths) for line in ruled)]
        return "\n".join([*printed, *self.notes, *(wanted.line() for wanted in self.wanted)])

    def plain(self) -> dict[str, Any]:
        """The table as JSON data; each bar also with `met`."""
        return asdict(self) | {"wanted": [asdict(each) | {"met": each.met} for each in self.wanted]}


def _aligned(line: tuple[str, ...], widths: Sequence[int]) -> str:
    name, *figures = line
    cells = (cell.rjust(width) for cell, width in zip(figures, widths[1:], strict=True))
    return "  ".join([name.ljust(widths[0]), *cells])
