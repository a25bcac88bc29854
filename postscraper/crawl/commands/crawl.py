"""`scrapy crawl`: Scrapy's own, with its arguments checked before anything starts, a summary and an exit code."""

import asyncio
import ctypes
import logging
import signal
import sys
from argparse import Namespace
from collections.abc import Awaitable
from contextlib import suppress

from scrapy import signals
from scrapy.commands.crawl import Command as ScrapyCrawl
from scrapy.crawler import Crawler
from scrapy.exceptions import UsageError
from scrapy.utils.reactor import is_reactor_installed
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from postscraper.cli.exit_codes import (
    COMPONENT_FAILED,
    DESIGN_CHANGED,
    FETCH_FAILED,
    INTERRUPTED,
    ON_PURPOSE,
    RESTING,
    WALLED,
    WRONG_USAGE,
    exit_code,
    sentence,
)
from postscraper.crawl.checks import Checks
from postscraper.crawl.configuration import check_components, check_values, check_words
from postscraper.crawl.http import check_origins
from postscraper.crawl.json_log import log_as_json
from postscraper.crawl.spider import NewspaperSpider
from postscraper.errors import BadRequest
from postscraper.run.run import Run
from postscraper.run.scope import scope
from storage.archive import Archive
from storage.database.lock import ArchiveInUse, RunLock
from storage.errors import ArchiveError, EvidenceError
from storage.ingest import runs

log = logging.getLogger(__name__)

EXIT_OF = {
    **dict.fromkeys(("unreachable", "forbidden"), FETCH_FAILED),
    "walled": WALLED,
    "resting": RESTING,
    "interrupted": INTERRUPTED,
}

# Loggers of Scrapy's components, settings and counts, and of Alembic's tables.
_OF_INTERNALS = (
    *(f"scrapy.{name}" for name in ("addons", "crawler", "middleware", "statscollectors", "utils.log")),
    *("alembic.runtime.migration", "alembic.runtime.plugins"),
)

LARGE_BYTES = 2**20
_MMAP_THRESHOLD = -3  # M_MMAP_THRESHOLD of malloc.h; once set, it does not grow any more


def _give_back_large_blocks() -> None:
    """Return the memory of a large page to the system when the page is done; only with glibc.

    glibc maps a large block by itself, but after the first is freed it cuts the next of its size out of its heap,
    where small ones settle in between: a crawl over some pages of 2 MB then holds 180 MB for good, and not 160.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, LARGE_BYTES)


def _at_debug(record: logging.LogRecord) -> bool:
    """Lower a line of information to one for debugging; warnings and errors stay."""
    if record.levelno == logging.INFO:
        record.levelno, record.levelname = logging.DEBUG, "DEBUG"
    return True


class _Failures(logging.Filter):
    """Collector of errors that Scrapy logs and goes on after, such as those of a feed, or of closing a pipeline.

    Expected errors of files and archive are logged without a trace.
    """

    def __init__(self) -> None:
        super().__init__()
        self.errors: list[BaseException] = []

    def spider_error(self, failure: Failure) -> None:
        assert failure.value is not None
        self.errors.append(failure.value)

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno >= logging.ERROR and record.exc_info and record.exc_info[1]:
            error = record.exc_info[1]
            self.errors.append(error)
            if isinstance(error, ON_PURPOSE):
                record.msg, record.args, record.exc_info = f"{record.getMessage()}: {sentence(error)}", (), None
        return True


class Command(ScrapyCrawl):
    """Exit codes are those of `postscraper`; see docs/reference/exit-codes.md."""

    _sentence: str | None = None  # the sentence beside the exit code

    def process_options(self, args: list[str], opts: Namespace) -> None:
        """Called before Scrapy logs its first line. Ends the program if an option is wrong."""
        assert self.settings is not None
        try:
            check_words(opts.set, self.settings)
            super().process_options(args, opts)
            check_values(self.settings)
        except (BadRequest, UsageError, ArchiveError, OSError) as error:
            is_usage = isinstance(error, UsageError)
            self._refuse(WRONG_USAGE if is_usage else exit_code(error), str(error) if is_usage else sentence(error))
            sys.exit(self.exitcode)
        for name in _OF_INTERNALS:
            logging.getLogger(name).addFilter(_at_debug)

    def run(self, args: list[str], opts: Namespace) -> None:
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C, until Scrapy's own handlers stand
        if self.settings is not None and self.settings.getbool("LOG_JSON"):
            log_as_json()
        try:
            self._run(args, opts)
        except KeyboardInterrupt:
            self._refuse(INTERRUPTED, "interrupted before the crawl began; nothing is lost, and it can be begun again")

    def _run(self, args: list[str], opts: Namespace) -> None:
        assert self.crawler_process is not None
        spiders = self.crawler_process.spider_loader
        if len(args) != 1 or args[0] not in spiders.list():
            names = ", ".join(spiders.list())
            self._refuse(WRONG_USAGE, f"name one spider: {names}; for instance `scrapy crawl post`")
            return
        spider = spiders.load(args[0])
        try:
            if is_reactor_installed():
                check_components(self.crawler_process.settings)
            if not issubclass(spider, NewspaperSpider):
                super().run(args, opts)
                return
            check_origins(self.crawler_process.settings)
            run = Run.open(spider.paper, scope(spider.paper, opts.spargs), self.crawler_process.settings)
        except (BadRequest, ArchiveError, EvidenceError, ArchiveInUse, OSError) as error:
            self._refuse(exit_code(error), sentence(error))
        else:
            self._crawl(spider, run)

    def _crawl(self, spider: type[NewspaperSpider], run: Run) -> None:
        assert self.crawler_process is not None
        _give_back_large_blocks()
        failures = _Failures()
        for name in ("scrapy.core.engine", "scrapy.utils.signal", "scrapy.extensions.feedexport"):
            logging.getLogger(name).addFilter(failures)
        crawler = self.crawler_process.create_crawler(spider)
        crawler.signals.connect(failures.spider_error, signals.spider_error)
        crawling = self.crawler_process.crawl(crawler, run=run)
        self.crawler_process.start()
        checks: Checks | None = None
        with suppress(RuntimeError):  # a crawl that could not begin has no extensions
            checks = crawler.get_extension(Checks)
        for line in checks.summary if checks else ():
            print(line, file=sys.stderr)
        self._judge(crawling, crawler, failures, checks)
        _log_end(run, self.crawler_process.settings["ARCHIVE_DB_URL"], self.exitcode, self._sentence)

    def _judge(self, crawling: Awaitable[None], crawler: Crawler, failures: _Failures, checks: Checks | None) -> None:
        """The exit code and the sentence of a crawl that has ended."""
        error, is_done = _outcome(crawling)
        ended = crawler.spider.ended if isinstance(crawler.spider, NewspaperSpider) else None
        if error is not None:
            log.debug("The crawl could not begin", exc_info=error)
            self._refuse(exit_code(error), f"the crawl could not begin: {sentence(error)}")
        elif not is_done:
            self._refuse(INTERRUPTED, "interrupted twice, and ended at once; the next run takes in what was kept")
        elif ended is not None and ended.error is not None:
            self._refuse(exit_code(ended.error), sentence(ended.error))
        elif ended is not None:
            self._refuse(EXIT_OF[ended.reason], ended.sentence)
        elif failures.errors:
            first = failures.errors[0]
            self._refuse(exit_code(first), f"a part of the crawl failed: {sentence(first)}; the archive has what came")
        elif checks is not None and checks.is_failure:
            self._refuse(COMPONENT_FAILED, f"{checks.failed}; what did not get through comes again in the next run")
        elif checks is not None and checks.changed:
            self._refuse(DESIGN_CHANGED, f"has a design changed? {'; '.join(checks.changed)}")

    def _refuse(self, code: int, sentence: str) -> None:
        print(f"postscraper: {sentence}", file=sys.stderr)
        self.exitcode, self._sentence = code, sentence


def _log_end(run: Run, db_url: str | None, code: int, reason: str | None) -> None:
    """Complete the row of a run that has closed its archive: only now is its exit code known."""
    number, folder = run.number, run.archive.folder
    try:
        if number is not None and run.closed:  # one that ends at once, in the middle, never closes it
            opened = Archive.open(folder, db_url=db_url)
            with RunLock(folder), opened as archive, archive.write() as connection:
                runs.complete(connection, number, {"exit_code": code, "reason": reason})
    except (ArchiveError, ArchiveInUse) as error:
        log.debug("the list of runs lacks the exit code of run %s: %s", number, sentence(error))


def _outcome(crawling: Awaitable[None]) -> tuple[BaseException | None, bool]:
    """The error of a crawl, and whether it has ended; retrieved here, so that it is not logged with its trace."""
    if isinstance(crawling, asyncio.Task):
        is_done = crawling.done() and not crawling.cancelled()
        return crawling.exception() if is_done else None, is_done
    assert isinstance(crawling, Deferred)
    failures: list[Failure] = []
    crawling.addErrback(failures.append)
    return failures[0].value if failures else None, bool(crawling.called)
