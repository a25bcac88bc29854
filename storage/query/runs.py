"""Runs of the archive, which are crawls, replays and merges: when, what came, how politely, and how each ended."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from storage.database.schema import CrawlRun
from storage.errors import NoSuchRun


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """One run; None for what is not known, as of a run that was killed.

    ended_at, exit_code: None while it runs, and of one that was killed. reason: why it ended so; None after a good end.
    outcomes, unread: pages by result, and those unread by reason. requests: sent, answers: that came.
    bytes: of the answers. not_modified: answers 304. delay_seconds: the setting; shortest_gap_seconds: the shortest
    time between two requests to one host. filled: of the stories' pages, by field: how many have it, of how many, and
    the least share that should. doors: the closed ones with the reason. queued: addresses that were left.
    skeletons: classes that no earlier run met in the markup of stories, see `NewClass` in storage/ingest/skeletons.py.
    """

    number: int
    newspaper: str
    source: str
    arguments: Mapping[str, Any] | str
    started_at: datetime
    ended_at: datetime | None
    exit_code: int | None
    reason: str | None
    outcomes: Mapping[str, int]
    unread: Mapping[str, int]
    requests: int | None
    answers: int | None
    bytes: int | None
    not_modified: int | None
    delay_seconds: float | None
    shortest_gap_seconds: float | None
    filled: Mapping[str, tuple[int, int, float]]
    doors: Mapping[str, str]
    queued: int | None
    skeletons: Sequence[Mapping[str, Any]]

    @property
    def pages(self) -> int:
        return sum(self.outcomes.values())

    @property
    def too_few(self) -> tuple[str, ...]:
        """The fields that fewer stories have than should."""
        return tuple(name for name, (has, of, floor) in self.filled.items() if has < floor * of)

    @property
    def verdict(self) -> str:
        """How it ended, in words."""
        if self.exit_code == 0:
            return "ended well"
        if self.exit_code is not None:
            return f"ended with {self.exit_code}: {self.reason}"
        return "ended" if self.ended_at else "not ended: it runs, or was killed"

    @property
    def facts(self) -> list[tuple[str, str]]:
        """What is known of it, in words."""
        facts_in_words = [("arguments", json.dumps(self.arguments, ensure_ascii=False) if self.arguments else "")]
        facts_in_words += [("started", f"{self.started_at:%Y-%m-%d %H:%M:%S} UTC")]
        facts_in_words += [("ended", f"{self.ended_at:%Y-%m-%d %H:%M:%S} UTC")] if self.ended_at else []
        for name in ("requests", "answers", "bytes", "queued"):
            value = getattr(self, name)
            facts_in_words.append((name, "" if value is None else f"{value:,}"))
        if self.answers and self.not_modified is not None:
            facts_in_words.append(("answers 304", f"{self.not_modified:,}, {self.not_modified / self.answers:.0%}"))
        for name in ("delay_seconds", "shortest_gap_seconds"):
            value = getattr(self, name)
            title = name.removesuffix("_seconds").replace("_", " ")
            facts_in_words.append((title, "" if value is None else f"{value:.1f} s"))
        return [(name, value) for name, value in facts_in_words if value]


def runs(connection: Connection, limit: int | None = None) -> list[RunReport]:
    """The newest first."""
    table = CrawlRun.__table__
    return [_report(row) for row in connection.execute(select(table).order_by(table.c.id.desc()).limit(limit))]


def run(connection: Connection, number: int) -> RunReport:
    """Raises NoSuchRun."""
    table = CrawlRun.__table__
    row = connection.execute(select(table).where(table.c.id == number)).first()
    if row is None:
        raise NoSuchRun(f"the archive has no run {number}; `postscraper runs` lists them")
    return _report(row)


def _report(row: Row[Any]) -> RunReport:
    values = dict(row._mapping)
    for name in ("arguments", "outcomes", "unread", "filled", "doors"):
        values[name] = json.loads(values[name] or "{}")
    values["skeletons"] = json.loads(values["skeletons"] or "[]")
    values["filled"] = {name: tuple(counts) for name, counts in values["filled"].items()}
    return RunReport(number=values.pop("id"), **values)
