"""`postscraper watch`: crawls of the live paper on a schedule, and a notice when one fails."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import click

from postscraper.cli import options
from postscraper.cli.commands.fill.notice import Notice
from postscraper.cli.exit_codes import COMPONENT_FAILED, FETCH_FAILED, RESTING, WALLED
from postscraper.cli.progress import duration
from postscraper.items import plain
from postscraper.newspapers import NEWSPAPERS
from storage.archive import Archive
from storage.errors import ArchiveError
from storage.query.runs import RunReport, runs

# Ends that pass by themselves: another process writes, the site is away, its doors are closed, an archive rests.
PASSING = frozenset({0, 7, FETCH_FAILED, WALLED, RESTING})
_UNITS = {"m": 60, "h": 3600, "d": 86400}


class Interval(click.ParamType[float]):
    """A time as `30m`, `6h` or `1d`, in seconds."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, (int, float)):
            return float(value)
        number, unit = value[:-1], value[-1:]
        if unit not in _UNITS or not number.isascii() or not number.isdigit() or int(number) == 0:
            self.fail(f"{value!r} is no time; write it as 30m, 6h or 1d", param, ctx)
        return float(int(number) * _UNITS[unit])


@click.command("watch")
@click.argument("newspapers", type=click.Choice(list(NEWSPAPERS)), nargs=-1, metavar="[NEWSPAPER]…")
@click.option("--every", type=Interval(), default="1h", show_default=True, help="From one start to the next.")
@click.option("--once", is_flag=True, help="One crawl of each newspaper, and end: for cron and timers.")
@click.option("-s", "settings", multiple=True, metavar="NAME=VALUE", help="A setting, as for `scrapy crawl`.")
@click.option("--webhook", envvar="POSTSCRAPER_WEBHOOK", show_envvar=True, metavar="URL", help="POST a failure here.")
@click.option("--mail", envvar="POSTSCRAPER_MAIL", show_envvar=True, metavar="ADDRESS", help="Mail a failure here.")
@click.option(
    "--smtp",
    envvar="POSTSCRAPER_SMTP",
    default="localhost:25",
    show_default=True,
    show_envvar=True,
    metavar="HOST:PORT",
    help="The mail server.",
)
@options.archive
@click.pass_context
def watch_command(
    ctx: click.Context,
    newspapers: tuple[str, ...],
    every: float,
    once: bool,
    settings: tuple[str, ...],
    webhook: str | None,
    mail: str | None,
    smtp: str,
    archive: Path,
) -> None:
    """Crawl the live newspapers again and again; `post` if none is named. What is due follows from the
    age of each page: fronts and feeds often, old stories seldom.

    A failure that a person must look at (a design that matches no more, a full disk, damage) is
    reported, and ends the watch with the exit code of the crawl. One that passes by itself (the site
    is away, its doors are closed) is reported when it begins, and the watch goes on.

    \b
    Example:
      postscraper watch post postkhmer --every 6h -s CONTACT=you@example.org --mail you@example.org
    """
    watch = _Watch(archive, settings, Notice(webhook=webhook, mail=mail, smtp=smtp))
    names = newspapers or ("post",)
    while True:
        begun = time.monotonic()
        code = max((watch.crawl(name) for name in names), key=lambda each: (each not in PASSING, each))
        if once or code not in PASSING or watch.stopped:
            ctx.exit(code)
        rest = max(begun + every - time.monotonic(), 0)
        click.echo(f"postscraper: the next crawl begins in {duration(rest)}", err=True)
        time.sleep(rest)


class _Watch:
    """Crawls as programs of their own, so that each begins anew and none can end the watch."""

    def __init__(self, archive: Path, settings: Sequence[str], notice: Notice) -> None:
        self.stopped = False
        self._archive, self._settings, self._notice = archive, settings, notice
        self._last: dict[str, int] = {}  # the code of the crawl before, by newspaper

    def crawl(self, newspaper: str) -> int:
        """The exit code of one crawl, which is reported if it failed."""
        words = [word for setting in (f"ARCHIVE_DIR={self._archive}", *self._settings) for word in ("-s", setting)]
        environment = {"SCRAPY_SETTINGS_MODULE": "postscraper.settings", **os.environ}
        command = [sys.executable, "-m", "scrapy", "crawl", newspaper, *words]
        with subprocess.Popen(command, env=environment) as program, self._stopping(program):
            code = program.wait()
        code = code if code >= 0 else COMPONENT_FAILED  # killed by a signal
        if code not in (0, self._last.get(newspaper)) and not self.stopped:
            self._report(newspaper, code)
        self._last[newspaper] = code
        return code

    @contextmanager
    def _stopping(self, program: "subprocess.Popen[bytes]") -> Iterator[None]:
        """Let a signal end the crawl in order, and the watch after it. A terminal sends Ctrl-C to both by itself."""

        def stop(number: int, frame: FrameType | None) -> None:
            self.stopped = True
            if number == signal.SIGTERM:
                program.send_signal(number)

        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _report(self, newspaper: str, code: int) -> None:
        run = self._newest(newspaper)
        reason = run.reason if run is not None and run.exit_code == code else None
        subject = f"postscraper: the crawl of {newspaper} ended with {code}{f': {reason}' if reason else ''}"
        facts = {"newspaper": newspaper, "exit_code": code, "reason": reason, "archive": str(self._archive)}
        for sentence in self._notice.send(subject, facts | {"run": plain(run)}):
            click.echo(f"postscraper: {sentence}", err=True)

    def _newest(self, newspaper: str) -> RunReport | None:
        try:
            with Archive.open(self._archive, readonly=True) as archive:
                return next(
                    (run for run in archive.ask(runs, 10) if run.newspaper == newspaper and run.source == "live"), None
                )
        except ArchiveError:
            return None
