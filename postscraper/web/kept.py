"""Answers that are kept until the database changes."""

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from starlette.responses import Response

# While another process writes, the database changes every second. An answer that took more than LONG of a processor to
# make is then shown for SHARE times as long, so that one page takes at most a twentieth of it.
LONG, SHARE = 0.1, 20  # seconds, and a multiple of them


class Kept:
    """The last answers by address. most: of them; largest: bytes of a body; larger ones are made each time."""

    def __init__(self, version: Callable[[], int], most: int, largest: int) -> None:
        """version: the number of the database's state."""
        self._version, self._most, self._largest = version, most, largest
        self._answers: OrderedDict[str, tuple[int, float, Response]] = OrderedDict()
        self._lock = Lock()

    def answer(self, address: str, make: Callable[[], Response]) -> Response:
        """The kept answer of an address, or a new one."""
        version = self._version()
        with self._lock:
            made_of, until, response = self._answers.get(address, (version, 0.0, None))
            if response is not None and (made_of == version or time.monotonic() < until):
                self._answers.move_to_end(address)
                return response
        begun = time.thread_time()
        response = make()
        spent = time.thread_time() - begun
        until = time.monotonic() + SHARE * spent if spent > LONG else 0.0
        if len(response.body) <= self._largest:
            with self._lock:
                self._answers[address] = version, until, response
                while len(self._answers) > self._most:
                    self._answers.popitem(last=False)
        return response
