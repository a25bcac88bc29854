"""What a failure says and which code the program ends with; the one place that maps them."""

import errno
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import click

from postscraper.cli.output import one_line
from postscraper.errors import BadRequest, PostscraperError
from storage import errors
from storage.database.lock import ArchiveInUse

INTERRUPTED = 1
WRONG_USAGE = 2
UNREAD = 3
FETCH_FAILED = 12
FILE_FAILED = 13
WALLED = 14  # every door of the paper by which stories come is closed
RESTING = 16  # another archive asked to be left alone for today
UNSOUND = 15  # check, verify: something is wrong with the archive, and is named
DESIGN_CHANGED = 17  # too little of the live paper is read
COMPONENT_FAILED = 18  # a pipeline, another component of Scrapy's, or this program


class NotFetched(PostscraperError):
    """An address did not answer with a page, or robots.txt forbids to ask."""


# 1 is an interruption or an output that was closed; 2 is click's code for wrong usage.
EXIT_CODES: Mapping[type[Exception], int] = {
    BadRequest: WRONG_USAGE,
    errors.BadQuery: WRONG_USAGE,
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
    if isinstance(error, BrokenPipeError):
        return INTERRUPTED
    if isinstance(error, OSError):
        return FILE_FAILED
    return next((code for kind, code in EXIT_CODES.items() if isinstance(error, kind)), COMPONENT_FAILED)


def sentence(error: BaseException) -> str:
    """Of what nobody raises on purpose, its kind and its place as well."""
    if not isinstance(error, ON_PURPOSE):
        return one_line(f"{type(error).__name__}: {error}{_place(error)}")
    if not isinstance(error, OSError):
        return one_line(str(error))
    what = error.strerror or str(error)
    return one_line(f"{error.filename}: {what}" if error.filename else what)


def _place(error: BaseException) -> str:
    """File and line where it was raised; "" when it was not."""
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    return f" ({at.tb_frame.f_code.co_filename}, line {at.tb_lineno})" if at else ""


@contextmanager
def exit_on_error() -> Iterator[None]:
    """End the program with one sentence on stderr for what scraper, archive and file system raise on purpose."""
    try:
        yield
    except ON_PURPOSE as error:
        click.echo(f"postscraper: {sentence(error)}", err=True)
        _let_go_of_stdout()
        sys.exit(exit_code(error))
    except Exception as error:  # a fault of the program; its trace is for those who mend it
        sys.excepthook(type(error), error, error.__traceback__)
        sys.exit(COMPONENT_FAILED)


def _let_go_of_stdout() -> None:
    """What a full disk refused, some Pythons try once more at their end, and complain in their own words."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.close(nowhere)
