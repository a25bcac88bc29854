"""Report of one run as a page of its own."""

from collections.abc import Iterable, Iterator
from html import escape

from postscraper.cli.html_page import html_page
from postscraper.cli.output import address
from storage.query.runs import RunReport

_STYLE = (
    "body{font:16px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}table{border-collapse:collapse}"
    "td,th{padding:.2em .8em .2em 0;text-align:left;vertical-align:top}td.n{text-align:right}.bad{color:#a00}"
)


def html(run: RunReport) -> str:
    """The whole page."""
    title = f"Run {run.number} of {run.newspaper}"
    return html_page(title, _STYLE, (f"<h1>{escape(title)}</h1>", *_body(run)))


def _body(run: RunReport) -> Iterator[str]:
    bad = ' class="bad"' if run.exit_code != 0 else ""
    yield f"<p{bad}>{escape(run.verdict)}</p>"
    yield from _table("Facts", run.facts)
    yield from _table("Pages by result", run.outcomes.items())
    yield from _table("Unread pages by reason", run.unread.items())
    yield from _table("Closed doors", run.doors.items())
    if run.filled:
        yield "<h2>Fields of the stories</h2><table><tr><th>field<th>have it<th>of<th>should"
        for name, (has, of, floor) in run.filled.items():
            mark = ' class="bad"' if name in run.too_few else ""
            yield f"<tr{mark}><td>{escape(name)}<td class=n>{has / of:.0%}<td class=n>{of:,}<td class=n>{floor:.0%}"
        yield "</table>"
    if run.skeletons:
        yield "<h2>New in the markup of stories</h2><table><tr><th>layout<th>class<th>stories<th>of<th>first"
        for new in run.skeletons:
            texts = (new["layout"], new["name"], f"{new['stories']:,}", f"{new['of']:,}", address(new["url"] or ""))
            yield "<tr>" + "".join(f"<td>{escape(text)}" for text in texts)
        yield "</table>"


def _table(title: str, rows: Iterable[tuple[str, object]]) -> Iterator[str]:
    lines = []
    for name, value in rows:
        shown = f"{value:,}" if isinstance(value, int) else address(str(value))
        lines.append(f"<tr><th>{escape(name)}<td class=n>{escape(shown)}")
    if lines:
        yield f"<h2>{title}</h2><table>"
        yield from lines
        yield "</table>"
