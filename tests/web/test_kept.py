"""Kept answers: how long one is shown."""

import time
from itertools import count

from starlette.responses import Response

from postscraper.web.kept import LONG, Kept


class Pages:
    """Answers by number, and the state of the database, which the test changes."""

    def __init__(self) -> None:
        self.state = 1
        self._numbers = count(1)

    def make(self) -> Response:
        return Response(str(next(self._numbers)))

    def waiting(self) -> Response:
        time.sleep(LONG * 1.2)
        return self.make()

    def busy(self) -> Response:
        end = time.thread_time() + LONG * 1.2
        while time.thread_time() < end:
            pass
        return self.make()


def test_until_the_database_changes() -> None:
    pages = Pages()
    kept = Kept(lambda: pages.state, 10, 100)
    assert [kept.answer("/a", pages.make).body for _ in range(3)] == [b"1"] * 3
    pages.state = 2
    assert [kept.answer("/a", pages.make).body for _ in range(3)] == [b"2"] * 3


def test_for_longer_what_kept_a_processor_busy() -> None:
    pages = Pages()
    kept = Kept(lambda: pages.state, 10, 100)
    assert [kept.answer(address, pages.busy).body for address in ("/a", "/b")] == [b"1", b"2"]
    pages.state = 2
    assert [kept.answer(address, pages.busy).body for address in ("/a", "/b")] == [b"1", b"2"]


def test_no_longer_what_waited() -> None:
    pages = Pages()
    kept = Kept(lambda: pages.state, 10, 100)
    assert kept.answer("/a", pages.waiting).body == b"1"
    pages.state = 2
    assert kept.answer("/a", pages.waiting).body == b"2"


def test_no_more_and_no_larger_than_allowed() -> None:
    pages = Pages()
    kept = Kept(lambda: 1, 2, 1)
    for address in ("/a", "/b", "/a", "/c", "/a", "/b"):
        kept.answer(address, pages.make)
    assert [kept.answer(address, pages.make).body for address in ("/a", "/b")] == [b"1", b"4"]
    large = [kept.answer("/large", lambda: Response("12")) for _ in range(2)]
    assert large[0] is not large[1]
