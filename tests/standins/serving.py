"""A stand-in on a port of loopback, with its faults."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from threading import Lock, Thread
from typing import NamedTuple
from urllib.parse import urlsplit

from werkzeug import Request, Response
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.standins.faults import Fault

Application = Callable[[Request], Response]


class Answer(NamedTuple):
    """As it came: redirects not followed, content coding still on."""

    status: int
    headers: dict[str, str]
    body: bytes


def ask(url: str, **headers: str) -> Answer:
    """headers: underscores stand for hyphens; names in the answer are in small letters."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        asked = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET", url.split(parts.netloc, 1)[1], headers={"Accept-Encoding": "gzip, br"} | asked)
        answer = connection.getresponse()
        pairs = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, pairs, answer.read())
    finally:
        connection.close()


class Exchange(NamedTuple):
    """path: with the query, as it was sent. agent: empty when none was given."""

    method: str
    path: str
    status: int
    agent: str


@dataclass(frozen=True)
class _Planned:
    fault: Fault
    path: str
    after: int
    times: int


class Standin:
    """Answers by `application`, but for the requests that a fault is meant for.

    asked: the path and query of every request, in their order.
    log: every request that was answered, in the order of the answers.
    """

    def __init__(self, application: Application) -> None:
        self.origin = ""
        self.asked: list[str] = []
        self.log: list[Exchange] = []
        self._application = application
        self._faults: list[_Planned] = []
        self._standing: list[Fault] = []
        self._lock = Lock()

    def fault(self, fault: Fault, path: str = "/", *, after: int = 0, times: int = 1) -> None:
        """The next requests whose address begins with `path` meet the fault: `times` of them, `after` so many."""
        self._faults.append(_Planned(fault, path, after, times))

    def always(self, *faults: Fault) -> None:
        """Every request meets these faults until `mend`, the last one first; each may pass on to the one before."""
        self._standing += faults

    def mend(self) -> None:
        for each in (self._faults, self._standing, self.asked, self.log):
            each.clear()

    def answer(self, request: Request) -> Response:
        asked = raw(request)
        with self._lock:
            self.asked.append(asked)
            due = self._due(asked)
            faults = [*self._standing, *([due] if due else [])]
        application = self._application
        for fault in faults:
            application = _through(fault, application)
        response = application(request)
        agent = request.headers.get("User-Agent", "")
        self.log.append(Exchange(request.method, asked, response.status_code, agent))
        return response

    def _due(self, asked: str) -> Fault | None:
        for at, planned in enumerate(self._faults):
            if not asked.startswith(planned.path) or not planned.times:
                continue
            if planned.after:
                self._faults[at] = replace(planned, after=planned.after - 1)
                return None
            self._faults[at] = replace(planned, times=planned.times - 1)
            return planned.fault
        return None


def _through(fault: Fault, application: Application) -> Application:
    return lambda request: fault(request, application)


def raw(request: Request) -> str:
    """Path and query as they were sent, nothing decoded."""
    sent: str = request.environ["REQUEST_URI"]
    return sent


class _Quiet(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        """Nothing: what was asked stands in `Standin.asked`."""


@contextmanager
def standing_in(application: Application) -> Iterator[Standin]:
    standin = Standin(application)
    wsgi = Request.application(standin.answer)
    server = make_server("127.0.0.1", 0, wsgi, threaded=True, request_handler=_Quiet)
    standin.origin = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield standin
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
