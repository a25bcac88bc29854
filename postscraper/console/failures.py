"""What a failure says and which code the program ends with; the one place that maps them."""

import errno
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import click

from postscraper.console.terminal import one_line
from postscraper.errors import BadRequest, PostscraperError
from storage import errors
from storage.runlock import ArchiveInUse

UNREAD = 3
FETCH_FAILED = 12
FILE_FAILED = 13
WALLED = 14  # every door of the paper by which stories come is closed
RESTING = 16  # another archive asked to be left alone for today
UNSOUND = 15  # check, verify: something is wrong with the archive, and is named


class NotFetched(PostscraperError):
    """An address did not answer with a page, or robots.txt forbids to ask."""


# 1 is an interruption or an output that was closed; 2 is click's code for wrong usage.
EXIT_CODES: Mapping[type[Exception], int] = {
    BadRequest: 2,
    errors.BadQuery: 2,
    errors.NoSuchStory: 4,
    errors.NotAnArchive: 5,
    errors.WrongVersion: 6,
    errors.Locked: 7,
    ArchiveInUse: 7,
    errors.ReadOnly: 8,
    errors.Full: 9,
    errors.Damaged: 10,
    errors.EvidenceError: 10,
    errors.Unsupported: 11,
    NotFetched: FETCH_FAILED,
}

ON_PURPOSE = (PostscraperError, errors.ArchiveError, ArchiveInUse, errors.EvidenceError, OSError)


def exit_code(error: BaseException) -> int:
    cause = error.__cause__ if isinstance(error, errors.EvidenceError) else error
    if isinstance(cause, OSError) and cause.errno == errno.ENOSPC:
        return EXIT_CODES[errors.Full]
    if isinstance(error, OSError):
        return FILE_FAILED
    return next((code for kind, code in EXIT_CODES.items() if isinstance(error, kind)), 1)


def sentence(error: BaseException) -> str:
    if not isinstance(error, OSError):
        return one_line(str(error))
    what = error.strerror or str(error)
    return one_line(f"{error.filename}: {what}" if error.filename else what)


@contextmanager
def told() -> Iterator[None]:
    """End the program with one sentence on stderr for what scraper, archive and file system raise on purpose."""
    try:
        yield
    except ON_PURPOSE as error:
        click.echo(f"postscraper: {sentence(error)}", err=True)
        _let_go_of_stdout()
        sys.exit(exit_code(error))


def _let_go_of_stdout() -> None:
    """What a full disk refused, some Pythons try once more at their end, and complain in their own words."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.close(nowhere)
