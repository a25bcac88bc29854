"""Selections of stories for an export or a pack, and the versions of their layouts."""

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

import click

from postscraper.cli import options
from postscraper.newspapers import NEWSPAPERS
from postscraper.reading.layout_version import layout_version
from storage.query.export.selection import StorySelection
from storage.query.search.filters import Filters
from storage.query.search.spelling import EXACT, Spelling


def selecting(command: Callable[..., None]) -> Callable[..., None]:
    """Add --words, its spellings and the filters of a search as `selection`; `options.reading` stands above it."""

    @click.option("--words", metavar="WORDS", help="Only stories in which these words occur, as in a search.")
    @options.spelling
    @options.filters
    @wraps(command)
    def selected(words: str | None, spelling: Spelling, filters: Filters, **values: Any) -> None:
        if words is None and spelling != EXACT:
            raise click.UsageError("--forms and --variants are spellings of --words: give these, too")
        if words is not None:
            options.check_words(words)
        selection = StorySelection(words=words, filters=filters, spelling=spelling)
        selection.values()  # raises BadQuery before anything is written
        command(selection=selection, **values)

    return selected


def version_of(layout: str) -> str:
    """The version of a layout in this program; `absent` for one that it does not have any more."""
    for paper in NEWSPAPERS.values():
        with suppress(LookupError):
            return layout_version(layout, paper)
    return "absent"
