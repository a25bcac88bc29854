"""Exit codes and error sentences of the programs.

2 is a fault of what was typed: a word, a value or a question without a meaning; a file or folder named there that is
not there, or in the way. 4: the archive does not hold the story, revision, page or run that was asked for; an answer
that is empty is none of these faults, and ends with 0 and a sentence. 5 to 10: the archive itself. 11: a feature that
this database or this installation lacks. 13: the system refuses to read or write a file that was rightly named.
"""

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


class NotFetched(PostscraperError):
    """An address did not answer with a page, or robots.txt forbids the request."""


# docs/reference/exit-codes.md explains each code. Those that follow from no error have a name alone.
INTERRUPTED = 1  # or an output that was closed
WRONG_USAGE = 2  # click's own code for it
UNREAD = 3
FETCH_FAILED = 12
FILE_FAILED = 13
WALLED = 14
UNSOUND = 15
RESTING = 16
DESIGN_CHANGED = 17
COMPONENT_FAILED = 18
EXIT_CODES: Mapping[type[Exception], int] = {
    BadRequest: WRONG_USAGE,
    errors.BadQuery: WRONG_USAGE,
    errors.BadFolder: WRONG_USAGE,
    errors.NoSuchStory: 4,
    errors.NoSuchRun: 4,
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
    """The message on one line; of an unexpected error also its class, file and line."""
    if not isinstance(error, ON_PURPOSE):
        at = error.__traceback__
        while at is not None and at.tb_next is not None:
            at = at.tb_next
        place = f" ({at.tb_frame.f_code.co_filename}, line {at.tb_lineno})" if at else ""
        return one_line(f"{type(error).__name__}: {error}{place}")
    if not isinstance(error, OSError):
        return one_line(str(error))
    what = error.strerror or str(error)
    return one_line(f"{error.filename}: {what}" if error.filename else what)


@contextmanager
def exit_on_error() -> Iterator[None]:
    """End the program with one sentence on stderr for the errors of scraper, archive and file system."""
    try:
        yield
    except ON_PURPOSE as error:
        click.echo(f"postscraper: {sentence(error)}", err=True)
        _discard_stdout()
        sys.exit(exit_code(error))
    except Exception as error:  # a fault of the program: the trace helps to mend it
        sys.excepthook(type(error), error, error.__traceback__)
        sys.exit(COMPONENT_FAILED)


def _discard_stdout() -> None:
    """After a full disk some versions of Python flush once more at exit, and print an error of their own."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.close(nowhere)
