"""`postscraper replay`: read WARC files in bulk by several processes."""

import json
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import click

from postscraper import settings
from postscraper.bulk import replay
from postscraper.cli import options
from postscraper.cli.exit_codes import INTERRUPTED, exit_code, sentence
from postscraper.cli.output import counted, line, one_line
from postscraper.cli.progress import progress
from postscraper.newspapers import NEWSPAPERS, POST
from postscraper.phrases import outcomes
from postscraper.run.run import Run, now
from postscraper.run.scope import Scope
from postscraper.sources.warc import check_are_warcs
from storage.errors import ArchiveError


@click.command("replay")
@click.argument("paths", type=click.Path(exists=True, path_type=Path), nargs=-1, required=True, metavar="PATH…")
@click.option("--paper", type=click.Choice(list(NEWSPAPERS)), default=POST.name, show_default=True)
@click.option("--jobs", type=options.Number(1, 256), default=os.cpu_count(), metavar="N", help="Readers. [one a core]")
@click.option("--link", is_flag=True, help="Leave the bytes in PATH…, which must then stay where they are.")
@options.archive
def replay_command(paths: tuple[Path, ...], paper: str, jobs: int, link: bool, archive: Path) -> None:
    """Read the WARC files in PATH… into the archive: .warc, .arc, compressed or not, .wacz, and folders of them.

    Only pages of the newspaper are taken; the rest is counted, and a file without any says what it holds. Damage is
    named, and what stands behind it is read; so is what other programs write oddly. Started again, an interrupted
    replay goes on where it was; for another paper the same files are read anew. A capture that is held already, from
    whatever source, adds nothing. Of another archive, `merge` brings more than its evidence.

    \b
    Example:
      postscraper replay ~/warcs --jobs 2
    """
    run = Run.open(NEWSPAPERS[paper], Scope(source="replay"), Written(ARCHIVE_DIR=str(archive)))
    with closing(run):
        files = replay.Replay(run, paths, jobs=jobs, link=link)
        with logged(run, paths=[str(path) for path in paths], link=link):
            with progress("page") as meter:
                files.run(lambda now: meter.show(now.pages, share(now), outcomes(now.outcomes.most_common())))
            _show(files.progress)
            check_are_warcs(files.progress.not_warc)


@contextmanager
def logged(run: Run, **arguments: Any) -> Iterator[None]:
    """Make a row of the run, with its counts, and the code and sentence of its end."""
    given = {name: value for name, value in arguments.items() if value}
    run.log(arguments=json.dumps(given, ensure_ascii=False))
    end: dict[str, Any] = {"exit_code": 0}
    try:
        yield
    except KeyboardInterrupt:
        end = {"exit_code": INTERRUPTED, "reason": "interrupted"}
        raise
    except Exception as error:
        end = {"exit_code": exit_code(error), "reason": sentence(error)}
        raise
    finally:
        with suppress(ArchiveError):  # the one that ended the run is raised
            run.log_counts(ended_at=now(), **end)


class Written:
    """The settings module without Scrapy, which would delay the start of a replay by half a second."""

    def __init__(self, **others: Any) -> None:
        self._values = vars(settings) | others

    def __getitem__(self, name: str) -> Any:
        return self._values.get(name)

    def getbool(self, name: str) -> bool:
        return bool(self[name])

    def getfloat(self, name: str) -> float:
        return float(self[name])


def share(now: replay.Progress) -> float | None:
    """The share of this run's bytes that are read; None when there are none."""
    work = now.bytes - now.before
    return (now.done - now.before) / work if work else None


def _show(run: replay.Progress) -> None:
    for damage in run.damages:
        click.echo(one_line(str(damage)), err=True)
    line(counted(run.pages, "page") + (f": {outcomes(run.outcomes.most_common())}" if run.pages else ""))
    if run.skipped:
        line(f"left out: {outcomes(run.skipped.most_common())}")
    for file in run.fruitless:
        line(one_line(file))
    if run.before:
        line(f"{run.before:,} of {counted(run.bytes, 'byte')} had been read by an earlier replay")
