"""Read stored captures again with the current layouts: compare first, then accept the new readings.

    chosen = CaptureSelection(layouts=("drupal_2017",))
    report = compare(archive, EvidenceReader(folder), chosen)  # nothing is written
    accept(archive, EvidenceReader(folder), report)            # writes the new readings

Reading is repeatable: `accept` stores what `compare` reported. The bytes come from the evidence.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import Any

from postscraper.run.evidence_reader import EvidenceReader
from storage.archive import Archive
from storage.database.values import storable
from storage.errors import EvidenceError
from storage.evidence.store import FOLDER, Evidence
from storage.ingest.reprocess import Rereader
from storage.query import captures

BATCH = 200  # captures in memory, and in one transaction
MOST_EXAMPLES = 3
# Fields that are not compared: bookkeeping, and those implied by outcome and layout.
_NOT_COMPARED = frozenset({"type", "layout", "url", "reason", "capture"})
_UNREAD = "unread"

Progress = Callable[[int], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureSelection:
    """Captures to read again.

    layouts: by which they were read; `unread` for pages that gave no item; (): all.
    since, until: days of the capture in UTC, both included.
    """

    layouts: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None

    @property
    def is_all(self) -> bool:
        return not (self.layouts or self.since or self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One capture whose reading changes.

    before, after: the value of the field as JSON data; for a change of outcome the headline, the reason in words, or
        the number of teasers.
    """

    url: str
    captured_at: str | None
    before: Any
    after: Any


@dataclass(slots=True)
class Changes:
    """Count of the captures in which one field, or the outcome, changes, with the first of them as examples.

    gained: without a value before.
    lost: without a value now.
    changed: with another value.
    """

    changed: int = 0
    gained: int = 0
    lost: int = 0
    examples: list[Example] = field(default_factory=list)

    def count(self, how: str, example: Example) -> None:
        setattr(self, how, getattr(self, how) + 1)
        if len(self.examples) < MOST_EXAMPLES:
            self.examples.append(example)


@dataclass(slots=True)
class Report:
    """Result of a comparison.

    read: captures read again.
    layouts: changes by layout, or `old → new`, and by field.
    changed_by_layout: captures with any change.
    outcomes: by `before → after`, as `unread (no_body) → article`.
    missing: address of each capture whose bytes cannot be read, and the reason.
    changed_ids, missing_ids: of the captures.
    """

    selection: CaptureSelection
    read: int = 0
    layouts: dict[str, dict[str, Changes]] = field(default_factory=dict)
    changed_by_layout: Counter[str] = field(default_factory=Counter)
    outcomes: dict[str, Changes] = field(default_factory=dict)
    missing: list[tuple[str, str]] = field(default_factory=list)
    changed_ids: set[int] = field(default_factory=set)
    missing_ids: set[int] = field(default_factory=set)

    @property
    def changed(self) -> int:
        return len(self.changed_ids)


def compare(
    archive: Archive, reader: EvidenceReader, selection: CaptureSelection, on_progress: Progress = lambda _: None
) -> Report:
    """Read the selected captures again, and compare with their stored readings; nothing is written."""
    report = Report(selection)
    reread = Rereader(Evidence.open(archive.folder / FOLDER), reader)
    for rows in _batches(_selected(archive, selection)):
        before = archive.items(rows)
        for row in rows:
            try:
                item, _ = reread(row)
            except EvidenceError as error:
                report.missing.append((row.url, str(error)))
                report.missing_ids.add(row.id)
            else:
                report.read += 1
                _compare(report, row, before[row.id], storable(item))
                _find_new(report, row, reread.parts(row), archive)
        on_progress(report.read)
    return report


def accept(archive: Archive, reader: EvidenceReader, report: Report, on_progress: Progress = lambda _: None) -> int:
    """Replace the old readings by the new ones, in durable batches; returns how many captures changed.

    Under the run lock of the caller; may be repeated. Revisions keep their numbers and times: a changed layout adds
    none. Each capture uses its own reading only after all captures with bytes were read again; see
    storage/ingest/reprocess.py.
    """
    reread = Rereader(Evidence.open(archive.folder / FOLDER), reader)
    changed = (row for row in _selected(archive, report.selection) if row.id in report.changed_ids)
    done = 0
    for rows in _batches(changed):
        archive.reread(reading for row in rows for reading in _accepted(reread, row))
        done += len(rows)
        on_progress(done)
    if report.selection.is_all:
        archive.end_rereading(report.missing_ids)
    return done


def _accepted(reread: Rereader, row: Any) -> Iterator[Any]:
    """The new reading of a capture; for a whole response also those of the stories in it, which may be new."""
    yield reread(row)
    if not row.part:
        yield from (reading for part, reading in reread.parts(row).items() if part)


def _selected(archive: Archive, selection: CaptureSelection) -> Iterator[Any]:
    for row in archive.captures(since=selection.since, until=selection.until):
        if not selection.layouts or (row.layout or _UNREAD) in selection.layouts:
            yield row


def _batches(rows: Iterator[Any]) -> Iterator[Sequence[Any]]:
    while batch := list(islice(rows, BATCH)):
        yield batch


def _compare(report: Report, row: Any, before: dict[str, Any], after: dict[str, Any]) -> None:
    layout = _name(before.get("layout"), after.get("layout"))
    at = after["capture"]["captured_at"]
    was, now = _outcome(before), _outcome(after)
    differences = list(_differences(before, after))
    if not differences and before.get("layout") == after.get("layout") and was == now:
        return
    report.changed_ids.add(row.id)
    report.changed_by_layout[layout] += 1
    if was != now:
        example = Example(url=row.url, captured_at=at, before=_gist(before), after=_gist(after))
        report.outcomes.setdefault(f"{was} → {now}", Changes()).count("changed", example)
    if before["type"] != after["type"]:
        return  # every field would be gained or lost
    for name, how in differences:
        example = Example(url=row.url, captured_at=at, before=before.get(name), after=after.get(name))
        report.layouts.setdefault(layout, {}).setdefault(name, Changes()).count(how, example)


def _find_new(report: Report, row: Any, readings: Mapping[str, tuple[Any, Any]], archive: Archive) -> None:
    """Report the stories in a response that have no row yet."""
    if row.part or len(readings) == 1:
        return
    for part in readings.keys() - archive.ask(captures.parts, row):
        item = storable(readings[part][0])
        report.changed_ids.add(row.id)
        at = item["capture"]["captured_at"]
        example = Example(url=part, captured_at=at, before=None, after=_gist(item))
        report.outcomes.setdefault("nothing → article", Changes()).count("changed", example)


def _differences(before: dict[str, Any], after: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The fields that differ, in the order of the contract: gained, lost or changed."""
    for name in dict.fromkeys((*after, *before)):
        old, new = before.get(name), after.get(name)
        if name not in _NOT_COMPARED and old != new and not (_is_empty(old) and _is_empty(new)):
            yield name, "gained" if _is_empty(old) else "lost" if _is_empty(new) else "changed"


def _is_empty(value: Any) -> bool:
    return value is None or value in ("", [], {})


def _name(before: str | None, after: str | None) -> str:
    old, new = before or _UNREAD, after or _UNREAD
    return old if old == new else f"{old} → {new}"


def _outcome(item: dict[str, Any]) -> str:
    return f"unread ({item['reason']})" if item["type"] == _UNREAD else str(item["type"])


def _gist(item: dict[str, Any]) -> str:
    """An item summarized in one line."""
    if item["type"] == "article":
        return str(item["headline"])
    return str(item["detail"]) if item["type"] == _UNREAD else f"{len(item['teasers'])} teasers"
