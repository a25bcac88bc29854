"""Summary of a crawl, and a check of whether the layouts still find each field."""

import json
import logging
from collections import Counter
from datetime import UTC, datetime
from typing import Any, Self

from scrapy import Spider, signals
from scrapy.crawler import Crawler
from twisted.python.failure import Failure

from postscraper.cli.output import counted, one_line
from postscraper.cli.progress import duration
from postscraper.crawl.http import phrase
from postscraper.crawl.pipeline import COMMITTED
from postscraper.crawl.spider import UNANSWERED, NewspaperSpider
from postscraper.items import Article, Item
from postscraper.phrases import outcomes
from postscraper.sources.warc import MOST_HOSTS
from storage.ingest.skeletons import NewClass

log = logging.getLogger(__name__)

# Sources of stories other than their own pages, by layout.
_FORMS = {"feed": "feed", "wordpress_rest": "the REST API"}

FEWEST = 20  # articles; a share of fewer says nothing
MOST_UNREAD = 0.2  # of the pages that came with status 200
MOST_NEW = 3  # classes that are named in the summary; the run's report has all

_PICTURES = {"picture": "kept", "not_modified": "unchanged"}


class Checks:
    """Counts of a crawl, summed up at its end.

    summary: its lines.
    changed: each share of the live paper's pages that is too small for a layout that still fits; a person looks at
        the pages, and mends the layout or the floor.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.summary: list[str] = []
        self.changed: list[str] = []
        self._failed = 0  # items
        self._failure = ""  # the first one's
        self._crawler = crawler
        self._begun_at = datetime.now(UTC)
        self._stories: dict[str, set[str]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        checks = cls(crawler)
        crawler.signals.connect(checks.item_committed, COMMITTED)
        crawler.signals.connect(checks.item_error, signals.item_error)
        crawler.signals.connect(checks.spider_closed, signals.spider_closed)
        return checks

    @property
    def failed(self) -> str:
        """How many items failed in a pipeline, and the first error; "" when none did."""
        return f"{counted(self._failed, 'item')} failed in a pipeline: {self._failure}" if self._failed else ""

    @property
    def is_failure(self) -> bool:
        """Whether as many items failed as got through, or more."""
        return bool(self._failed) and self._failed >= self._crawler.stats.get_value("item_scraped_count", 0)

    def item_error(self, failure: Failure) -> None:
        self._failed += 1
        self._failure = self._failure or one_line(phrase(failure.value))

    def item_committed(self, item: Item, spider: Spider) -> None:
        if isinstance(spider, NewspaperSpider):
            spider.run.counts.add(item, spider.paper.floors)
            if isinstance(item, Article) and item.capture.status == 200:
                self._stories.setdefault(_FORMS.get(item.layout, "page"), set()).add(item.canonical_url)

    def spider_closed(self, spider: Spider) -> None:
        if isinstance(spider, NewspaperSpider):
            with spider.guarded():
                self.summary = self._summary(spider)
                new = spider.run.log_counts(**self._columns(spider))
                self.summary += map(_new_class, new[:MOST_NEW])
                if further := new[MOST_NEW:]:
                    rest = counted(len(further), "further class", "further classes")
                    self.summary.append(f"New in the markup: {rest}, see `postscraper runs {spider.run.number}`")
            if spider.run.scope.source == "live":
                self.changed = self._changed(spider)
                for share in self.changed:
                    log.warning("%s: has a design changed?", share)

    def _summary(self, spider: NewspaperSpider) -> list[str]:
        """At most ten lines, before those on new markup."""
        results = self._named("postscraper/outcome/")
        pages = counted(sum(count for _, count in results), "page")
        elapsed = duration((datetime.now(UTC) - self._begun_at).total_seconds())
        lines = [f"{spider.paper.name}: {pages} in {elapsed}{f': {outcomes(results)}' if results else ''}"]
        if unread := self._named("postscraper/unread/"):
            lines.append(f"Unread: {outcomes(unread)}")
        if pictures := self._named("postscraper/picture/"):
            lines.append("Pictures: " + ", ".join(f"{count:,} {_PICTURES.get(why, why)}" for why, count in pictures))
        left_out = [f"{counted(count, 'page')} of {host}" for host, count in _commonest(spider.run.other_hosts)]
        if unselected := spider.run.unselected:
            left_out.append(f"{counted(unselected, 'page')} outside of {spider.run.scope.selectors}")
        if left_out:
            lines.append(f"Left out: {', '.join(left_out)}")
        if doors := spider.run.doors.sentence:
            lines.append(f"{doors[0].upper()}{doors[1:]}; {self._came_by()}")
        if unanswered := self._crawler.stats.get_value(UNANSWERED):
            lines.append(f"Without an answer: {counted(unanswered, 'request')}; the next run tries again")
        if self.failed:
            lines.append(f"{self.failed}; the log has each")
        queued = spider.queued()
        if queued:
            lines.append(f"Still queued: {queued:,}; the next run goes on with them{self._at_this_pace(queued)}")
        if spider.run.scope.source == "live" and (left_alone := spider.run.not_yet_due(self._begun_at)):
            lines.append(f"Left alone, not due yet: {counted(left_alone, 'address', 'addresses')}")
        return lines

    def _columns(self, spider: NewspaperSpider) -> dict[str, Any]:
        """Of the row of the run."""
        stats = self._crawler.stats
        return {
            "outcomes": json.dumps(dict(self._named("postscraper/outcome/"))),
            "unread": json.dumps(dict(self._named("postscraper/unread/"))),
            "requests": stats.get_value("downloader/request_count", 0),
            "answers": stats.get_value("postscraper/answered", 0),
            "bytes": stats.get_value("downloader/response_bytes", 0),
            "not_modified": stats.get_value("downloader/response_status_count/304", 0),
            "shortest_gap_seconds": stats.get_value("postscraper/shortest_gap"),
            "doors": json.dumps(spider.run.doors.closed, ensure_ascii=False),
            "queued": spider.queued(),
        }

    def _at_this_pace(self, queued: int) -> str:
        """The time that these will take, by the answers of this run; "" after fewer than FEWEST."""
        answered = self._crawler.stats.get_value("postscraper/answered", 0)
        seconds = (datetime.now(UTC) - self._begun_at).total_seconds()
        return f", in about {duration(seconds / answered * queued)} at this pace" if answered >= FEWEST else ""

    def _came_by(self) -> str:
        """How many stories came by each form, each story once in a form."""
        counts = [f"{counted(len(urls), 'story', 'stories')} came by {form}" for form, urls in self._stories.items()]
        return ", ".join(counts) or "no story came by any other way"

    def _changed(self, spider: NewspaperSpider) -> list[str]:
        counts = spider.run.counts
        pages, stories = counts.read + counts.unread, counts.stories
        changed = []
        if pages >= FEWEST and counts.unread > MOST_UNREAD * pages:
            changed.append(f"{counts.unread} of {pages} pages could not be read")
        for name, floor in spider.paper.floors.items() if stories >= FEWEST else ():
            if (filled := counts.filled[name]) < floor * stories:
                changed.append(f"{name}: only {filled} of {stories} articles have it, and {floor:.0%} should")
        return changed

    def _named(self, prefix: str) -> list[tuple[str, int]]:
        counts = sorted(self._crawler.stats.get_stats().items())
        return [(name.removeprefix(prefix), count) for name, count in counts if name.startswith(prefix)]


def _new_class(new: NewClass) -> str:
    return f"New in the markup of {new.layout}: class {new.name}, on {new.stories} of {new.of} stories, as {new.url}"


def _commonest(hosts: Counter[str]) -> list[tuple[str, int]]:
    """The five commonest hosts, and the others together."""
    named = hosts.most_common(MOST_HOSTS)
    others = hosts.total() - sum(count for _, count in named)
    return [*named, ("other hosts", others)] if others else named
