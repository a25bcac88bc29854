"""Options that several sub-commands share."""

from datetime import date
from pathlib import Path
from typing import Any, Literal

import click

from postscraper.extraction.dates import span


class Day(click.ParamType[date]):
    """A day in ISO form, as `datetime.date`; of a year or a month alone its first day or its last."""

    name = "day"

    def __init__(self, end: Literal["first", "last"]) -> None:
        self._end = end

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            first, last = span(value)
        except ValueError:
            self.fail(f"{value!r} is no day; write it as 2018-06-20, 2018-06 or 2018", param, ctx)
        return first if self._end == "first" else last


def _archive(ctx: click.Context, param: click.Parameter, value: Path) -> Path:
    """`--archive` behind the command, else before it, else the environment's, else the default."""
    before: Path | None = ctx.find_root().params.get("archive")
    is_typed = ctx.get_parameter_source("archive") is click.core.ParameterSource.COMMANDLINE
    return value if is_typed or before is None else before


archive = click.option(
    "--archive",
    type=click.Path(path_type=Path),
    default="archive",
    envvar="POSTSCRAPER_ARCHIVE",
    show_default=True,
    show_envvar=True,
    metavar="DIR",
    callback=_archive,
    help="The archive's folder; may also stand before the command.",
)
FIRST, LAST = Day("first"), Day("last")
since = click.option("--since", type=FIRST, help="Published on this day or later; 2018 and 2018-06 are days, too.")
until = click.option("--until", type=LAST, help="Published on this day or earlier; of 2018 the last day is meant.")
json = click.option("--json", "json_wanted", is_flag=True, help="Print JSON and nothing else.")


def check_span(since: date | None, until: date | None) -> None:
    if since and until and since > until:
        raise click.UsageError(f"--since {since} is later than --until {until}")
