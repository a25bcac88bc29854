"""Report of `postscraper reread` as one HTML file; all text is escaped."""

import json
from collections.abc import Iterator
from html import escape
from typing import Any

from postscraper.cli.html_page import html_page
from postscraper.cli.output import address
from postscraper.run.reprocess import Changes, Example, Report
from storage.query.history.differences import compared

SHOWN = 90  # characters of a value on a terminal
LONGEST = 4_000  # characters of a value on the page

_TITLE = "What today's layouts read otherwise"
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1b }
table { border-collapse: collapse; margin: .5rem 0 1.5rem } th, td { padding: .2rem .8rem; text-align: right }
th:first-child, td:first-child { text-align: left } tbody tr { border-top: 1px solid #ccc }
h3 { margin-bottom: 0 } p.at { color: #555; margin: .6rem 0 0; overflow-wrap: anywhere }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: #f4f4f2; margin: .2rem 0; padding: .4rem .6rem }
del { background: #ffd9d6 } ins { background: #d2f0d4; text-decoration: none }
"""


def shown(value: Any) -> str:
    """A value of an item as text: a block is a paragraph, an entry of a list a line, an empty value —."""
    if value is None or value in ("", [], {}):
        return "—"
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n".join(_entry(each) for each in value)
    return json.dumps(value, ensure_ascii=False)


def _entry(value: Any) -> str:
    """A block, a picture or a teaser on one line: its values in the order of the contract."""
    if not isinstance(value, dict):
        return shown(value)
    if set(value) == {"kind", "text"}:
        text = str(value["text"])
        return text if value["kind"] == "paragraph" else f"[{value['kind']}] {text}"
    return " · ".join(str(each) for each in value.values() if each is not None)


def around(before: Any, after: Any) -> tuple[str, str]:
    """Two values, cut to a line each, from shortly before their first difference."""
    old, new = shown(before), shown(after)
    same = next(
        (n for n, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), min(len(old), len(new))
    )
    start = max(same - 20, 0)
    return _cut(old, start), _cut(new, start)


def _cut(text: str, start: int) -> str:
    end = start + SHOWN
    return ("… " if start else "") + text[start:end] + (" …" if end < len(text) else "")


def html(report: Report) -> str:
    """The whole page."""
    return html_page(_TITLE, _STYLE, _body(report))


def _body(report: Report) -> Iterator[str]:
    yield f"<h1>{_TITLE}</h1>"
    yield f"<p>{report.read:,} captures read again, {report.changed:,} read otherwise than before.</p>"
    for layout, fields in report.layouts.items():
        yield f"<h2>{escape(layout)}, captures: {report.changed_by_layout[layout]:,}</h2>"
        yield "<table><thead><tr><th>field<th>changed<th>gained<th>lost</thead><tbody>"
        for name, changes in fields.items():
            counts = "".join(f"<td>{count:,}" for count in (changes.changed, changes.gained, changes.lost))
            yield f"<tr><td>{escape(name)}{counts}"
        yield "</tbody></table>"
        for name, changes in fields.items():
            yield f"<h3>{escape(name)}</h3>"
            yield from _examples(changes)
    for change, changes in report.outcomes.items():
        yield f"<h2>{escape(change)}, captures: {changes.changed:,}</h2>"
        yield from _examples(changes)
    if report.missing:
        yield f"<h2>Not read, captures: {len(report.missing):,}</h2>"
        yield from (f"<p class=at>{escape(address(url))}<br>{escape(why)}" for url, why in report.missing)


def _examples(changes: Changes) -> Iterator[str]:
    for example in changes.examples:
        at = f", {example.captured_at}" if example.captured_at else ""
        yield f"<p class=at>{escape(address(example.url) + at)}</p>"
        yield f"<pre>{_marked(example)}</pre>"


def _marked(example: Example) -> str:
    old, new = (shown(value)[:LONGEST] for value in (example.before, example.after))
    marks = {"same": ("", ""), "removed": ("<del>", "</del>"), "added": ("<ins>", "</ins>")}
    pieces = ((marks[change], text) for change, text in compared(old, new))
    return "".join(f"{begin}{escape(text)}{end}" for (begin, end), text in pieces)
