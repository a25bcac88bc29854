"""Options that several sub-commands share."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import fields
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import wraps
from pathlib import Path
from typing import Any, Literal, get_args

import click

from postscraper.cli.output import note
from postscraper.errors import BadRequest, closest
from postscraper.extraction.dates import span
from storage.archive import Archive
from storage.database.lock import RunLock
from storage.database.packed import refuse
from storage.query.search.filters import Filters, Named, names
from storage.query.search.spelling import Spelling
from storage.query.search.syntax import has_open_quote, parse


class Number(click.IntRange):
    """A whole number within bounds; named so in the help and in errors."""

    name = "number"


class Day(click.ParamType[date]):
    """A day in ISO form, as `datetime.date`; for a year or a month alone its first or last day."""

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


class Moment(click.ParamType[datetime]):
    """An ISO moment; of a day, a month or a year its end. Naive without an offset: see `on_clock`."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            moment = _end_or_moment(value)
        except ValueError:
            form = "2018-06-20 for its end, 2018-06-20T07:00, or 2018-06-20T07:00+07:00"
            self.fail(f"{value!r} is no time; write it as {form}", param, ctx)
        if not 1 < moment.year < 9999:
            self.fail(f"{value!r} is no time on every clock", param, ctx)
        return moment.astimezone(UTC) if moment.tzinfo else moment


def _end_or_moment(text: str) -> datetime:
    with suppress(ValueError):
        return datetime.combine(span(text)[1], time.max)
    return datetime.fromisoformat(text)


def on_clock(moment: datetime | None, zone: tzinfo) -> datetime:
    """A typed moment as aware UTC: without an offset on a newspaper's clock; now for None."""
    if moment is None:
        return datetime.now(UTC)
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def clock_time(moment: datetime, zone: tzinfo) -> str:
    """An aware moment on a newspaper's clock, with its zone."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M} {zone}"


def last_day(moment: datetime, zone: tzinfo) -> date:
    """The last whole day before an aware moment, or up to it, on a newspaper's clock."""
    return (moment + timedelta.resolution).astimezone(zone).date() - timedelta(days=1)


def _archive(ctx: click.Context, param: click.Parameter, value: Path) -> Path:
    path = _archive_or_pack(ctx, param, value)
    refuse(path)
    return path


def _archive_or_pack(ctx: click.Context, param: click.Parameter, value: Path) -> Path:
    """`--archive` after the command, else before it, else that of the environment, else the default."""
    before: Path | None = ctx.find_root().params.get("archive")
    is_typed = ctx.get_parameter_source("archive") is click.core.ParameterSource.COMMANDLINE
    return value if is_typed or before is None else before


_OPTION: dict[str, Any] = {
    "type": click.Path(path_type=Path),
    "default": "archive",
    "envvar": "POSTSCRAPER_ARCHIVE",
    "show_default": True,
    "show_envvar": True,
    "metavar": "DIR",
}
archive = click.option(
    "--archive", **_OPTION, callback=_archive, help="The archive's folder; may also stand before the command."
)
readable = click.option(
    "--archive",
    **_OPTION,
    callback=_archive_or_pack,
    help="The archive's folder, or a file that `pack` made; may also stand before the command.",
)
json = click.option("--json", "json_wanted", is_flag=True, help="Print JSON and nothing else.")


def days(since_help: str, until_help: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add --since and --until, days or None; the first must not be later than the second."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @click.option("--since", type=Day("first"), help=since_help)
        @click.option("--until", type=Day("last"), help=until_help)
        @wraps(command)
        def checked(since: date | None, until: date | None, **values: Any) -> None:
            if since and until and since > until:
                raise click.UsageError(f"--since {since} is later than --until {until}")
            command(since=since, until=until, **values)

        return checked

    return decorate


published = days(
    "Published on this day or later; of 2018 or 2018-06 the first day is meant.",
    "Published on this day or earlier; of 2018 or 2018-06 the last day is meant.",
)
captured = days("Captured on this day (UTC) or later.", "Captured on this day (UTC) or earlier.")


def check_name(archive: Archive, named: Named, value: str) -> None:
    """Raises BadRequest for a section, language or layout that no story of the archive has, in any case of letters."""
    known = archive.ask(names)[named]
    if known and value.casefold() not in map(str.casefold, known):
        raise BadRequest(f"no story is of the {named} {value!r}{closest(value, known)}")


def filters(command: Callable[..., None]) -> Callable[..., None]:
    """Add an option for each field of `Filters`, and pass them as `filters`; `reading` stands above it.

    The command raises BadRequest for a section, language or layout that no story has.
    """

    @published
    @click.option("--year", type=Number(1, 9999), help="Only stories published in this year.")
    @click.option("--section", help="Only stories of this section, as the paper names it.")
    @click.option("--author", help="Only stories with these words in their byline.")
    @click.option("--language", help="Only stories in this language: en or km.")
    @click.option("--layout", help="Only stories whose newest wording has this design, as in `stats`.")
    @click.option("--edited/--not-edited", default=None, help="Only stories that the paper changed, or not.")
    @click.option(
        "--corrected/--not-corrected", default=None, help="Only stories with a note of correction, or without."
    )
    @click.option("--unique", is_flag=True, default=None, help="Of nearly equal stories the first alone: `families`.")
    @wraps(command)
    def filtered(archive: Archive, **values: Any) -> None:
        chosen = Filters(**{each.name: values.pop(each.name) for each in fields(Filters) if each.name in values})
        for name in get_args(Named):
            if (value := getattr(chosen, name)) is not None:
                check_name(archive, name, value)
        command(filters=chosen, archive=archive, **values)

    return filtered


def paging(command: Callable[..., None]) -> Callable[..., None]:
    """Add --limit and --page, both from 1."""
    limit = click.option("--limit", type=Number(1, 10_000), default=20, show_default=True, help="Stories on a page.")
    page = click.option("--page", type=Number(1, 1_000_000), default=1, metavar="N", help="Which page of them, from 1.")
    return limit(page(command))


def spelling(command: Callable[..., None]) -> Callable[..., None]:
    """Add --forms and --variants, and pass them as `spelling`."""

    @click.option("--forms", is_flag=True, help="Also other forms of English words: -s, -es, -ies, -ed, -ing; by rule.")
    @click.option("--variants", is_flag=True, help="Also other spellings of romanised Khmer names; by rule.")
    @wraps(command)
    def spelled(forms: bool, variants: bool, **values: Any) -> None:
        command(spelling=Spelling(forms=forms, variants=variants), **values)

    return spelled


def check_words(*searches: str) -> None:
    """Warn of a quotation mark that is not closed. Raises BadRequest for a search without a word, BadQuery."""
    for words in searches:
        if parse(words) is None:
            raise BadRequest(f"there is no word to search for in {words.strip()!r}")
        if has_open_quote(words):
            note(f"A quotation mark in {words.strip()} is not closed: the words behind it are searched one by one.")


def _opened_by(option: Callable[[Callable[..., None]], Callable[..., None]]) -> Callable[..., Callable[..., None]]:
    """Add an --archive, and pass the archive itself as `archive`, opened for reading."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @option
        @wraps(command)
        def opened(archive: Path, **values: Any) -> None:
            with Archive.open(archive, readonly=True) as open_archive:
                command(archive=open_archive, **values)

        return opened

    return decorate


reading = _opened_by(readable)
reading_evidence = _opened_by(archive)  # of a folder alone: the pages in a pack cannot be read again


@contextmanager
def locked(archive: Path) -> Iterator[Archive]:
    """An existing archive, opened for writing under its run lock. Raises ArchiveError, ArchiveInUse."""
    refuse(archive)
    Archive.open(archive, readonly=True).close()  # before the lock would make a mistyped folder
    with RunLock(archive), Archive.open(archive) as opened:
        yield opened
