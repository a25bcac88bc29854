"""Two revisions of a story side by side, as one HTML file without scripts; all text is escaped."""

from collections.abc import Iterable, Iterator
from html import escape
from typing import Any

from sqlalchemy import Row

from postscraper.cli.html_page import html_page
from postscraper.cli.output import address, minute, safe, shortened
from storage.query.history.changes import changes
from storage.query.history.differences import Piece, differences, side_by_side
from storage.query.history.history import FullStory, Wording

_NAMES = {"headline": "Headline", "kicker": "Kicker", "standfirst": "Standfirst", "byline": "Byline"}
_SHOWN = 200  # characters of the words of a change

_STYLE = """
:root { color-scheme: light dark; --line: #d5d5d0; --dim: #5f5f5a; --gone: #ffdad6; --new: #cdeccf }
@media (prefers-color-scheme: dark) { :root { --line: #444; --dim: #a9a9a4; --gone: #6b2724; --new: #1f5128 } }
body { font: 17px/1.6 Georgia, "Noto Serif", "Noto Serif Khmer", "Khmer OS", serif; max-width: 76rem;
  margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 } h2 { font-size: 1rem; margin: 2rem 0 .3rem }
p.about, th small, td.kind { color: var(--dim); font: 14px/1.5 system-ui, sans-serif } a { color: inherit }
table { border-collapse: collapse; width: 100% } th { text-align: left; font: 600 15px/1.4 system-ui, sans-serif }
th, td { vertical-align: top; padding: .5rem .8rem; border-top: 1px solid var(--line); overflow-wrap: anywhere }
table.sides { table-layout: fixed } table.sides td { white-space: pre-line } td.field { font-weight: 600 }
table.kinds td, table.kinds th { padding: .25rem .8rem; font-size: 15px } th small { display: block; font-weight: 400 }
del { background: var(--gone) } ins { background: var(--new); text-decoration: none }
:lang(km) { line-height: 1.9 }
"""


def html(story: FullStory, old: Wording, new: Wording) -> str:
    """The whole page."""
    title = f"{safe(new.row.headline)}: revisions {old.row.number} and {new.row.number}"
    return html_page(title, _STYLE, _body(story, old, new, _text(story.row.language)))


def _body(story: FullStory, old: Wording, new: Wording, language: str) -> Iterator[str]:
    url = story.row.canonical_url
    yield f'<h1 lang="{language}">{_text(new.row.headline)}</h1>'
    yield f'<p class="about"><a href="{_text(url)}">{_text(address(url))}</a></p>'
    yield from _kinds(old, new, language)
    yield f'<h2>Words</h2><table class="sides"><thead><tr>{_head(old.row)}{_head(new.row)}</thead><tbody>'
    fields = differences(old, new)
    for name, pieces in fields.items():
        if name != "body":
            yield f'<tr><td class="kind" colspan="2">{_NAMES.get(name, "Captions")}'
            yield from _rows(pieces, language, "field" if name == "headline" else "")
    if "body" in fields:
        yield '<tr><td class="kind" colspan="2">Body'
        yield from _rows(fields["body"], language, "")
    if not fields:
        yield '<tr><td colspan="2">The words are the same.'
    yield "</tbody></table>"


def _kinds(old: Wording, new: Wording, language: str) -> Iterator[str]:
    typed = changes(_item(old), _item(new))
    if typed:
        yield '<h2>Changes</h2><table class="kinds"><thead><tr><th>Kind<th>Before<th>After</thead><tbody>'
        for change in typed:
            place = change.field if change.block is None else f"{change.field}, block {change.block + 1}"
            words = "".join(
                f'<td lang="{language}">{_text(shortened(text or "—", _SHOWN))}'
                for text in (change.before, change.after)
            )
            kind = change.kind.replace("_", " ")
            yield f'<tr><td class="kind">{kind if kind == place else f"{kind} ({place})"}{words}'
        yield "</tbody></table>"


def _item(wording: Wording) -> dict[str, Any]:
    return wording.item | {"standfirst": wording.row.standfirst}


def _head(row: Row[Any]) -> str:
    seen = f"first seen {minute(row.first_captured_at)}, captures: {row.captures}, {row.layout}"
    return f"<th>Revision {row.number}<small>{_text(seen)}</small>"


def _rows(pieces: Iterable[tuple[Piece, str]], language: str, kind: str) -> Iterator[str]:
    for sides in side_by_side(pieces):
        yield _row(["".join(map(_marked, side)) for side in sides], language, kind)


def _marked(piece: tuple[Piece, str]) -> str:
    change, text = piece
    return _text(text) if change == "same" else _mark("del" if change == "removed" else "ins", text)


def _row(sides: Iterable[str], language: str, kind: str) -> str:
    return "<tr>" + "".join(f'<td class="{kind}" lang="{language}">{side}' for side in sides)


def _mark(element: str, text: str) -> str:
    return f"<{element}>{_text(text)}</{element}>"


def _text(text: str) -> str:
    return escape(safe(text))
