"""Options that select the stories of an export or a pack, as in a search."""

from collections.abc import Callable
from datetime import date
from functools import wraps
from typing import Any

import click

from postscraper.cli import options
from postscraper.errors import BadRequest, closest
from storage.archive import Archive
from storage.query.export.selection import Selection
from storage.query.search.filters import Filters

_OPTIONS = (
    click.option("--words", metavar="WORDS", help="Only stories in which these words occur, as in a search."),
    options.published,
    click.option("--year", type=click.IntRange(1, 9999), help="Only stories published in this year."),
    click.option("--section", help="Only stories of this section, as the paper names it."),
    click.option("--author", help="Only stories with these words in their byline."),
    click.option("--language", type=click.Choice(["en", "km"]), help="Only stories in this language."),
    click.option("--layout", help="Only stories whose newest wording was read by this layout, as in `stats`."),
    click.option("--edited", is_flag=True, help="Only stories with more than one wording."),
    click.option("--corrected", is_flag=True, help="Only stories with a note of correction."),
)


def selecting(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options, and pass `selection`; to stand under `options.reading`, for names are checked in the archive."""

    @wraps(command)
    def selected(
        archive: Archive,
        words: str | None,
        since: date | None,
        until: date | None,
        year: int | None,
        section: str | None,
        author: str | None,
        language: str | None,
        layout: str | None,
        edited: bool,
        corrected: bool,
        **values: Any,
    ) -> None:
        _check("of the section", section, archive.sections)
        _check("read by the layout", layout, archive.layouts)
        filters = Filters(
            since=since,
            until=until,
            year=year,
            section=section,
            author=author,
            language=language,
            layout=layout,
            edited=edited or None,
            corrected=corrected or None,
        )
        command(archive=archive, selection=Selection(words=words, filters=filters), **values)

    for option in reversed(_OPTIONS):
        selected = option(selected)
    return selected


def _check(what: str, name: str | None, names: Callable[[], list[str]]) -> None:
    """Raises BadRequest for a name that no story of a filled archive has."""
    known = names() if name is not None else []
    if name is not None and known and name.casefold() not in map(str.casefold, known):
        raise BadRequest(f"no story is {what} {name!r}{closest(name, known)}")
