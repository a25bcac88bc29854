"""Report of `check` and `verify`, as JSON and as text."""

from collections import Counter
from typing import Any

from postscraper.cli.output import counted, joined, line, print_json
from storage.maintenance.checks.findings import Finding, Report


def data(report: Report) -> dict[str, Any]:
    return {
        "sound": report.sound,
        "captures": dict(report.counts),
        "findings": [_finding(each, report) for each in report.findings],
        "notes": report.notes,
    }


def _finding(finding: Finding, report: Report) -> dict[str, Any]:
    values = {name: getattr(finding, name) for name in ("kind", "where", "what")}
    return {**values, "fields": list(finding.fields), "mend": report.mend(finding)}


def show(report: Report, done: list[str], *, json_wanted: bool) -> None:
    if json_wanted:
        print_json(data(report) | {"done": done})
        return
    for sentence in done:
        line(f"{sentence}.")
    for finding in report.findings:
        fields = ", ".join(finding.fields)
        line(f"{finding.kind}: {finding.where}: {finding.what}{f' ({fields})' if fields else ''}")
    for mend, count in Counter(map(report.mend, report.findings)).most_common():
        line(f"{counted(count, 'finding')}: {mend}.")
    for note in report.notes:
        line(f"{note}.")
    counts = (f"{count:,} {name}" for name, count in report.counts.most_common())
    line(joined("Captures", *counts) if report.counts else "No captures.")
    if report.sound:
        line("The archive is sound.")
