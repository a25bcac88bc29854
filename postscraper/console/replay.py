"""`postscraper replay`: WARC files in bulk, read by several processes."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from postscraper import settings
from postscraper.console import options
from postscraper.console.terminal import line, one_line
from postscraper.desk import Desk
from postscraper.newspapers import NEWSPAPERS, POST
from postscraper.replaying import replay
from postscraper.scope import Scope

Seen = Callable[[replay.Progress], None]


@click.command("replay")
@click.argument("paths", type=click.Path(path_type=Path), nargs=-1, required=True, metavar="PATH…")
@click.option("--paper", type=click.Choice(list(NEWSPAPERS)), default=POST.name, show_default=True)
@click.option("--jobs", type=click.IntRange(1, 256), default=os.cpu_count(), metavar="N", help="Readers. [one a core]")
@click.option("--link", is_flag=True, help="Leave the bytes in PATH…, which must then stay where they are.")
@options.archive
def command(paths: tuple[Path, ...], paper: str, jobs: int, link: bool, archive: Path) -> None:
    """Read the WARC files in PATH… into the archive: .warc, .arc, compressed or not, .wacz, and folders of them.

    Only pages of the newspaper are taken; the rest is counted, and a file without any says what it holds. Damage is
    named, and what stands behind it is read; so is what other programs write oddly. Started again, an interrupted
    replay goes on where it was; for another paper the same files are read anew.

    \b
    Example:
      postscraper replay ~/warcs --jobs 2 --archive archive
    """
    desk = Desk.open(NEWSPAPERS[paper], Scope(source="warc"), Written(ARCHIVE_DIR=str(archive)))
    try:
        run = replay.Replay(desk, paths, jobs=jobs, link=link)
        with _bar(run.progress) as seen:
            run.run(seen)
    finally:
        desk.close()
    _tell(run.progress)


class Written:
    """The project's settings as they are written: with Scrapy loaded, a replay would start half a second later."""

    def __init__(self, **others: Any) -> None:
        self._values = vars(settings) | others

    def __getitem__(self, name: str) -> Any:
        return self._values.get(name)

    def getbool(self, name: str) -> bool:
        return bool(self[name])

    def getfloat(self, name: str) -> float:
        return float(self[name])


@contextmanager
def _bar(progress: replay.Progress) -> Iterator[Seen]:
    """Draws on a terminal only, on stderr."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    columns: tuple[Any, ...] = (
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[told]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=progress.bytes - progress.before, told="")

        def seen(now: replay.Progress) -> None:
            seconds = bar.tasks[task].elapsed or 0.0
            rate = f"{now.pages / seconds:,.0f} pages/s" if seconds else ""
            told = ", ".join(filter(None, (f"{now.pages:,} pages", rate, _counts(now.outcomes))))
            bar.update(task, completed=now.done - now.before, told=told)

        yield seen


def _counts(found: Counter[Any]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in found.most_common())


def _tell(progress: replay.Progress) -> None:
    for damage in progress.damages:
        click.echo(one_line(str(damage)), err=True)
    line(f"{progress.pages:,} pages" + (f": {_counts(progress.outcomes)}" if progress.pages else ""))
    if progress.skipped:
        line(f"left out: {_counts(progress.skipped)}")
    for file in progress.fruitless:
        line(one_line(file))
    if progress.before:
        line(f"{progress.before:,} of {progress.bytes:,} bytes were read by an earlier replay")
