"""Samples with their markup changed in ways that no reader sees: the item is the same."""

import re
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from postscraper.newspapers import POST
from postscraper.reading.read import read
from postscraper.sources.folder import capture
from postscraper.urls import newspaper_at

SAMPLES = Path(__file__).parents[2] / "samples/phnompenhpost"
# A script, a comment, or a tag with quoted values; the samples quote all.
_PART = re.compile(r"<(?:script|style|title|textarea)\b.*?</(?:script|style|title|textarea)>|<!--.*?-->|<[^<>]*>", re.S)
_BODY = re.compile(r"<body\b")


def tags(html: str, change: Callable[[str], str]) -> str:
    """Each tag of the body changed, but of scripts."""
    body = _BODY.search(html)
    start = body.start() if body else 0
    return html[:start] + _PART.sub(lambda part: part[0] if part[0][1:2] in "s!t" else change(part[0]), html[start:])


def behind(ends: str, addition: str) -> Callable[[str], str]:
    """Something at the end of each element of these tags, before its end tag."""
    return lambda html: tags(html, lambda tag: addition + tag if re.fullmatch(rf"</(?:{ends})>", tag) else tag)


def upper_case(html: str) -> str:
    return tags(html, lambda tag: re.sub(r"^</?\w+|(?<=\s)[\w-]+(?==\")", lambda name: name[0].upper(), tag))


def comments(html: str) -> str:
    return tags(html, lambda tag: f'{tag}<!-- wp:block {{"a": 1}} -->')


def room_in_classes(html: str) -> str:
    return tags(html, lambda tag: re.sub(r'class="([^"]+)"', r'class="\n \1\t "', tag))


CHANGES = {
    "script": behind("h[1-6]|figcaption|cite|p|td|li", '<script>var a = "<p>No.</p>";</script>'),
    "style": behind("h[1-6]|figcaption|cite|p|td|li", "<style>.a { color: red }</style>"),
    "hidden": behind("h[1-3]|p|figcaption|a", '<b class="screen-reader-text">No</b><b style="display:none">No</b>'),
    "icon": behind("h[1-6]|p|figcaption|a|li", "<svg><title>No</title></svg>"),
    "upper_case": upper_case,
    "comments": comments,
    "room_in_classes": room_in_classes,
    "line_ends": lambda html: html.replace("\r\n", "\n").replace("\n", "\r\n"),
}


def plain(item: Any) -> dict[str, Any]:
    fields = asdict(item)
    del fields["capture"]
    return fields


@pytest.mark.parametrize("name", CHANGES)
def test_what_no_reader_sees_changes_nothing(name: str) -> None:
    differing = []
    for path in sorted(SAMPLES.rglob("*.html")):
        page = capture(path, name="test")
        paper = newspaper_at(page.url) or POST
        changed = CHANGES[name](page.body.decode("utf-8", "replace")).encode()
        if plain(read(replace(page, body=changed), paper)) != plain(read(page, paper)):
            differing.append(str(path.relative_to(SAMPLES)))
    assert differing == []
