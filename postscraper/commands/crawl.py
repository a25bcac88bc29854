"""`scrapy crawl`: Scrapy's own, with its arguments checked before anything starts, a summary and an exit code."""

import logging
import sys
from argparse import Namespace

from scrapy.commands.crawl import Command as ScrapyCrawl

from postscraper.checks import Checks
from postscraper.console.failures import FETCH_FAILED, RESTING, WALLED, exit_code, sentence
from postscraper.desk import Desk
from postscraper.downloading import check_origins
from postscraper.errors import BadRequest
from postscraper.memory import give_back_large_blocks
from postscraper.scope import scope
from postscraper.spiders.newspaper import NewspaperSpider
from storage.errors import ArchiveError
from storage.exchange import EvidenceError
from storage.runlock import ArchiveInUse

EXIT_OF = {"unreachable": FETCH_FAILED, "forbidden": FETCH_FAILED, "walled": WALLED, "resting": RESTING}


# What Scrapy logs of its components and settings when it starts and of its counts when it ends, and Alembic of tables.
_ABOUT_THEMSELVES = (
    *(f"scrapy.{name}" for name in ("addons", "crawler", "middleware", "statscollectors", "utils.log")),
    *("alembic.runtime.migration", "alembic.runtime.plugins"),
)


def _at_debug(record: logging.LogRecord) -> bool:
    """Make a line of information one for debugging; what is worse stays as it is."""
    if record.levelno == logging.INFO:
        record.levelno, record.levelname = logging.DEBUG, "DEBUG"
    return True


class Command(ScrapyCrawl):
    """Exit codes are those of `postscraper`; see the README."""

    def process_options(self, args: list[str], opts: Namespace) -> None:
        """Called before Scrapy logs its first line."""
        super().process_options(args, opts)
        for name in _ABOUT_THEMSELVES:
            logging.getLogger(name).addFilter(_at_debug)

    def run(self, args: list[str], opts: Namespace) -> None:
        assert self.crawler_process is not None
        spiders = self.crawler_process.spider_loader
        if len(args) != 1 or args[0] not in spiders.list():
            self._refuse(2, f"name one spider: {', '.join(spiders.list())}; for instance `scrapy crawl post`")
            return
        spider = spiders.load(args[0])
        if not issubclass(spider, NewspaperSpider):
            super().run(args, opts)
            return
        try:
            check_origins(self.crawler_process.settings)
            wanted = scope(spider.paper, opts.spargs)
            desk = Desk.open(spider.paper, wanted, self.crawler_process.settings)
        except (BadRequest, ArchiveError, EvidenceError, ArchiveInUse, OSError) as error:
            self._refuse(exit_code(error), sentence(error))
        else:
            self._crawl(spider, desk)

    def _crawl(self, spider: type[NewspaperSpider], desk: Desk) -> None:
        assert self.crawler_process is not None
        give_back_large_blocks()
        crawler = self.crawler_process.create_crawler(spider)
        self.crawler_process.crawl(crawler, desk=desk)
        self.crawler_process.start()
        if self.crawler_process.bootstrap_failed:
            self.exitcode = 1
        checks = crawler.get_extension(Checks)
        for line in checks.summary if checks else ():
            print(line, file=sys.stderr)
        ended = crawler.spider.ended if isinstance(crawler.spider, NewspaperSpider) else None
        if ended is not None:
            self._refuse(exit_code(ended.error) if ended.error else EXIT_OF[ended.reason], ended.sentence)

    def _refuse(self, code: int, sentence: str) -> None:
        print(f"postscraper: {sentence}", file=sys.stderr)
        self.exitcode = code
