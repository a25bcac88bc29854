"""Selections of stories for an export or a pack, and the versions of their layouts."""

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

import click

from postscraper.cli import options
from postscraper.newspapers import NEWSPAPERS
from postscraper.reading.layout_version import layout_version
from storage.query.export.selection import Selection
from storage.query.search.filters import Filters


def selecting(command: Callable[..., None]) -> Callable[..., None]:
    """Add --words and the filters of a search, and pass them as `selection`; `options.reading` stands above it."""

    @click.option("--words", metavar="WORDS", help="Only stories in which these words occur, as in a search.")
    @options.filters
    @wraps(command)
    def selected(words: str | None, filters: Filters, **values: Any) -> None:
        command(selection=Selection(words=words, filters=filters), **values)

    return selected


def version_of(layout: str) -> str:
    """The version of a layout in this program; `absent` for one that it does not have any more."""
    for paper in NEWSPAPERS.values():
        with suppress(LookupError):
            return layout_version(layout, paper)
    return "absent"
