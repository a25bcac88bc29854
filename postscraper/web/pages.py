"""Pages of the reading room as data: paths, parameters, views.

One table of them (postscraper/web/app.py) makes the routes, the links between the forms of a page, and the description
of the API.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

from postscraper.extraction.dates import span
from storage.archive import Archive
from storage.errors import ReadOnly
from storage.evidence.store import Evidence
from storage.warc.exchange import Exchange, RecordLocation

Form = Literal["html", "json", "csv", "atom"]
Kind = Literal["text", "first day", "last day", "number", "yes"]

LARGEST = 10**15  # of a number in an address: more than an archive has of anything, and less than SQLite can hold


class BadParameter(ValueError):
    """A parameter without a meaning; the message names the right form."""


class NotFound(Exception):
    """The archive has no such page; the message is a sentence."""


class TakenOut(Exception):
    """The story was withdrawn; the message says when and why."""


class Elsewhere(Exception):
    """The page has another path: the message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of a query.

    choices: the only values of a text. default: None without one. least, most: bounds of a number.
    """

    name: str
    means: str
    kind: Kind = "text"
    choices: tuple[str, ...] = ()
    default: Any = None
    least: int = 1
    most: int = LARGEST

    def parse(self, typed: str | None) -> Any:
        """The value; raises BadParameter."""
        if typed is None or not typed.strip():
            return self.default
        if self.choices and typed not in self.choices:
            raise BadParameter(f"{self.name} is one of {', '.join(self.choices)}, not {typed[:80]!r}")
        if self.kind == "text":
            return typed
        if self.kind == "yes":
            return typed.strip().lower() in ("1", "yes", "true", "on")
        return self._number(typed) if self.kind == "number" else self._day(typed)

    def _number(self, typed: str) -> int:
        if not (typed.isascii() and typed.isdigit() and len(typed) < 16 and self.least <= int(typed) <= self.most):
            raise BadParameter(f"{self.name} is a number from {self.least} to {self.most:,}, not {typed[:80]!r}")
        return int(typed)

    def _day(self, typed: str) -> date | datetime:
        try:
            first, last = span(typed.strip())
        except ValueError as error:
            raise BadParameter(
                f"{self.name}: {typed[:80]!r} is no day; write it as 2018-06-20, 2018-06 or 2018"
            ) from error
        if not 1 < last.year < 9999:
            raise BadParameter(f"{self.name}: {typed[:80]!r} is no day on every clock")
        return last if self.kind == "last day" else first


PAGE = Parameter(name="page", means="The page, from 1.", kind="number", most=1_000_000, default=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What views need besides the parameters.

    replay: address of a collection of pywb that replays this archive's evidence; None without one.
    """

    archive: Archive
    replay: str | None = None

    @property
    def folder(self) -> Path:
        return self.archive.folder

    @property
    def has_evidence(self) -> bool:
        """Whether records can be read; a pack has none."""
        try:
            return bool(self.archive.evidence)
        except ReadOnly:
            return False

    def exchange(self, row: Any) -> Exchange:
        """The stored exchange of a capture; row: of `capture`. Raises NotFound, RecordUnreadable."""
        if row.evidence_file is None:
            raise NotFound("the bytes of this capture are not in the evidence")
        location = RecordLocation.of(row)
        return Evidence.open(self.archive.evidence).read(location)


View = Callable[..., dict[str, Any]]
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry of a feed. name: unlike that of any other; an address. path: in the room. updated: None when unknown."""

    name: str
    path: str
    title: str
    updated: datetime | date | None
    summary: str = ""
    author: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultList:
    """The list that a page shows. rows: from the page's data. columns: of the table. entry: of a row in the feed."""

    rows: Callable[[Mapping[str, Any]], Iterable[Row]]
    columns: Sequence[str]
    entry: Callable[[Row], Entry] | None = None

    @property
    def forms(self) -> tuple[Form, ...]:
        """Those of a page with this list, besides HTML."""
        return ("json", "csv", "atom") if self.entry else ("json", "csv")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of the room.

    path: as Starlette writes it, with the numbers and days in it. name: of its template, and in the links of others.
    view: from room, connection, the path's parts and the parameters to the data of the page, which is also its JSON.
    summary: one line. list: that it shows, if it is one. forms: besides HTML. heavy: whether it counts over the whole
    archive. fresh: whether each request is answered anew, though the database is the same. seconds: of a processor
    that its queries may take; None: as those of other pages. One that may take more is made one at a time.
    """

    name: str
    path: str
    view: View
    summary: str
    parameters: Sequence[Parameter] = ()
    list: ResultList | None = None
    heavy: bool = False
    fresh: bool = False
    seconds: float | None = None

    @property
    def forms(self) -> tuple[Form, ...]:
        return self.list.forms if self.list else ("json",)

    def values(self, query: Mapping[str, str]) -> dict[str, Any]:
        """Raises BadParameter."""
        return {each.name: each.parse(query.get(each.name)) for each in self.parameters}

    def path_in(self, form: Form) -> str:
        """The path in another form: `/story/12.json`; of the front `/index.json`."""
        return self.path if form == "html" else f"{self.path if self.path != '/' else '/index'}.{form}"


def columns(row: Any, *names: str) -> dict[str, Any]:
    """A row as a mapping; names: these columns only."""
    return {name: value for name, value in row._mapping.items() if not names or name in names}
