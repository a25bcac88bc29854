"""Bad answers of other archives: a run over them goes on, or ends in a sentence."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.crawls import FAST, NO_WAIT, asked, scrapy
from tests.sources.test_every_source import COUNT, exchanges
from tests.standins import faults
from tests.standins.faults import Fault
from tests.standins.serving import Standin
from tests.standins.together import Standins, standins_of

pytestmark = pytest.mark.pywb


@pytest.fixture(scope="module")
def standins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standins]:
    with standins_of(exchanges(), tmp_path_factory.mktemp("pywb")) as found:
        yield found


@pytest.fixture(autouse=True)
def mended(standins: Standins) -> None:
    standins.mend()


def crawl(folder: Path, standins: Standins, source: str, *settings: str) -> subprocess.CompletedProcess[str]:
    origins = (
        f"WAYBACK_ORIGIN={standins.wayback.origin}",
        f"COMMONCRAWL_INDEX_ORIGIN={standins.crawl.index.origin}",
        f"COMMONCRAWL_ORIGIN={standins.crawl.store.origin}",
    )
    done = scrapy(folder, "crawl", "post", "-a", f"source={source}", settings=(*origins, NO_WAIT, *FAST, *settings))
    assert "Traceback" not in done.stderr
    return done


def states(folder: Path) -> dict[str, int]:
    return dict(asked(folder, "SELECT state, count(*) FROM holding GROUP BY state"))  # type: ignore[arg-type]


def plan(standin: Standin, path: str, *found: Fault) -> None:
    """One after the other, with a good answer between."""
    for fault in found:
        standin.fault(fault, path, after=1)


INDEX, REPLAY, FILES = "/cdx", "/web/", "/crawl-data/"


def test_a_bad_day_of_the_wayback_machine(tmp_path: Path, standins: Standins) -> None:
    standins.wayback.fault(faults.html, INDEX)
    plan(standins.wayback, REPLAY, faults.too_many(1), faults.half, faults.html)
    done = crawl(tmp_path, standins, "wayback")
    assert done.returncode == 0, done.stderr
    assert states(tmp_path) == {"held": COUNT}
    assert len(asked(tmp_path, "SELECT id FROM capture")) == COUNT
    assert len([each for each in standins.wayback.asked if each.startswith(REPLAY)]) == COUNT + 3


def test_a_bad_day_of_common_crawl(tmp_path: Path, standins: Standins) -> None:
    plan(standins.crawl.index, "/", faults.half)
    store = (faults.slow_down, faults.half, faults.html, faults.whole_file, faults.another_range, faults.missing)
    plan(standins.crawl.store, FILES, *store)
    done = crawl(tmp_path, standins, "commoncrawl")
    assert done.returncode == 0, done.stderr
    assert states(tmp_path) == {"held": COUNT - 1, "gone": 1}
    ((why,),) = asked(tmp_path, "SELECT why FROM holding WHERE state = 'gone'")
    assert str(why).endswith("status 404")
    assert len(asked(tmp_path, "SELECT id FROM capture")) == COUNT - 1
    assert len(standins.crawl.store.asked) == COUNT + 5


@pytest.mark.parametrize("source", ["wayback", "commoncrawl"])
def test_the_second_refusal_ends_the_day(tmp_path: Path, standins: Standins, source: str) -> None:
    standin, path = (standins.wayback, REPLAY) if source == "wayback" else (standins.crawl.store, FILES)
    standin.fault(faults.too_many(1), path, after=5)
    standin.fault(faults.too_many(1), path, after=2)
    done = crawl(tmp_path, standins, source)
    assert done.returncode == 16
    assert "asked to be left alone for today" in done.stderr.splitlines()[-1]
    assert states(tmp_path) == {"held": 7, "known": COUNT - 7}
    standin.asked.clear()
    again = crawl(tmp_path, standins, source)
    assert again.returncode == 16
    assert standin.asked == [], "nothing more is asked on that day"


@pytest.mark.parametrize(("source", "path"), [("wayback", INDEX), ("commoncrawl", FILES)])
def test_an_archive_that_is_out_of_order_is_left_and_taken_up_again(
    tmp_path: Path, standins: Standins, source: str, path: str
) -> None:
    standin = standins.wayback if source == "wayback" else standins.crawl.store
    standin.fault(faults.out_of_order(9999), path, after=0 if path == INDEX else 3)
    done = crawl(tmp_path, standins, source)
    assert done.returncode == 12
    sentence = done.stderr.splitlines()[-1]
    assert "status 503" in sentence
    assert "what was listed and fetched is kept, try again later" in sentence
    again = crawl(tmp_path, standins, source)
    assert again.returncode == 0, again.stderr
    assert states(tmp_path) == {"held": COUNT}
    fetched = [
        each for each in (*standins.wayback.asked, *standins.crawl.store.asked) if each.startswith((REPLAY, FILES))
    ]
    assert len(fetched) == COUNT + (path == FILES), "nothing is fetched twice"
