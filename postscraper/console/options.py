"""Options that several sub-commands share."""

from datetime import date
from pathlib import Path
from typing import Any

import click


class Day(click.ParamType[date]):
    """A day in ISO form, as `datetime.date`."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no day; write it as 2018-06-20", param, ctx)


archive = click.option(
    "--archive",
    type=click.Path(path_type=Path),
    default="archive",
    envvar="POSTSCRAPER_ARCHIVE",
    show_default=True,
    show_envvar=True,
    metavar="DIR",
    help="The archive's folder.",
)
since = click.option("--since", type=Day(), help="Published on this day or later.")
until = click.option("--until", type=Day(), help="Published on this day or earlier.")
json = click.option("--json", "json_wanted", is_flag=True, help="Print JSON and nothing else.")


def check_span(since: date | None, until: date | None) -> None:
    if since and until and since > until:
        raise click.UsageError(f"--since {since} is later than --until {until}")
