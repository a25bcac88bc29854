"""Files that commands write: their names as arguments, and writing them whole. `-` is standard output."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import click

from postscraper.cli.output import line

STDOUT = Path("-")


class _Output(click.Path):
    """A file to write, as a Path; a wrong name is an error of usage before any work is done."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False, allow_dash=True, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        if not path.parent.is_dir():
            self.fail(f"{path}: there is no folder {path.parent}", param, ctx)
        return path


OUTPUT = _Output()
INPUT = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)


def takes_stdout(*targets: Path | None, json_wanted: bool = False) -> bool:
    """Whether a file is standard output, which nothing else may then be written to. Raises UsageError for two."""
    uses = targets.count(STDOUT)
    if uses + json_wanted > 1 and uses:
        raise click.UsageError(f"two outputs cannot share standard output: - and {'--json' if json_wanted else '-'}")
    return uses > 0


@contextmanager
def whole(target: Path) -> Iterator[BinaryIO]:
    """A stream of bytes; a file gets its name when it is whole. Errors name the target."""
    if target == STDOUT:
        sys.stdout.flush()
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    if target.exists() and not target.is_file():  # a pipe or a device, which cannot be replaced
        with target.open("wb") as out:
            yield out
        return
    part = target.with_name(f"{target.name}.part")
    try:
        with part.open("wb") as out:
            yield out
        part.replace(target)
    except OSError as error:
        if error.filename == str(part):
            error.filename = str(target)
        raise
    finally:
        part.unlink(missing_ok=True)


def write(target: Path, content: bytes | str, what: str, *, quiet: bool = False) -> None:
    """Write a file, and print what it is. content: text is written as UTF-8. quiet: nothing is printed."""
    with whole(target) as out:
        out.write(content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content)
    if target != STDOUT and not quiet:
        line(f"{target}: {what}")
