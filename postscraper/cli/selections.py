"""Options that select the stories of an export or a pack, as in a search."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from postscraper.cli import options
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
