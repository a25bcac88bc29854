"""Run scrapy at another time: `python -m tests.fortnight.clock 2026-03-01T01:00:00+00:00 crawl post -a …`.

Every moment of a crawl is taken by `now` of postscraper/run/run.py; here it counts from the time that is given.
"""

import sys
from datetime import datetime, timedelta
from time import monotonic

from scrapy.cmdline import execute

from postscraper.run import run

_STARTED = monotonic()


def _since(start: datetime) -> datetime:
    return start + timedelta(seconds=monotonic() - _STARTED)


if __name__ == "__main__":
    began_at = datetime.fromisoformat(sys.argv[1])
    run.now = lambda: _since(began_at)  # before the modules that import the name, which Scrapy loads
    execute(["scrapy", *sys.argv[2:]])
