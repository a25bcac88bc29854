"""Server of the reading room: uvicorn on one socket, with limits on what a client may send and how long it may take."""

import asyncio
import logging
import os
import socket
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import uvicorn
from h11 import Data, EndOfMessage, LocalProtocolError, Response
from uvicorn.protocols.http.h11_impl import H11Protocol

from postscraper.errors import BadRequest
from postscraper.web.app import application
from postscraper.web.safety import LARGEST_HEAD, RAW_HEADERS, Guard, hosts_of
from storage.archive import Archive

LOOPBACK = ("127.0.0.1", "localhost", "::1")
HEAD_SECONDS = 10  # within which a request must have come whole
ANSWER_SECONDS = 60  # within which a client must have taken its answer
MOST_CONNECTIONS = 200
# On two full processors readers then have a sixth of them, and what writes the rest.
NICENESS = 4


class Protocol(H11Protocol):
    """HTTP/1.1 with the headers of every answer on refusals too, and with an end to slow clients.

    uvicorn itself ends a connection that is silent between two requests, and no other.
    """

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn names a narrower type
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            transport.abort()
        else:
            self._end_in(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_in(None)
        super().connection_lost(exc)

    def handle_events(self) -> None:
        before = self.cycle
        super().handle_events()
        if self.cycle is not before:
            self._end_in(ANSWER_SECONDS)

    def on_response_complete(self) -> None:
        before = self.cycle
        super().on_response_complete()
        if self.cycle is before:  # no further request was waiting
            self._end_in(HEAD_SECONDS)

    def _end_in(self, seconds: float | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = None if seconds is None else self.loop.call_later(seconds, self._end)

    def _end(self) -> None:
        self.transport.abort()

    def send_400_response(self, msg: str) -> None:
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close"), *RAW_HEADERS]
        try:
            for event in (Response(status_code=400, headers=headers), Data(data=msg.encode()), EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        except LocalProtocolError:  # the answer to an earlier request has begun
            pass
        self.transport.close()


def listen(host: str, port: int) -> socket.socket:
    """A bound socket; port 0: any free one. Raises BadRequest."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        bound = socket.create_server((host, port), family=family)
    except (OSError, UnicodeError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise BadRequest(f"{host} port {port} cannot be served: {reason}; name another by --host or --port") from error
    # Accepted sockets inherit it: without it a body waits 40 ms behind its head for the client's acknowledgement.
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return bound


def server(
    archive: Archive, bound: socket.socket, names: Iterable[str] = (), *, replay: str | None = None
) -> uvicorn.Server:
    """A server that is not running yet: `run(sockets=[bound])`.

    names: of hosts besides its address and loopback's. replay: address of pywb's collection; None without one.
    """
    address, port = bound.getsockname()[:2]
    hosts = hosts_of((*LOOPBACK, address, *names), port)
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    config = uvicorn.Config(
        Guard(application(archive, replay), hosts),
        http=Protocol,
        ws="none",
        lifespan="on",
        loop="asyncio",
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=HEAD_SECONDS,
        timeout_graceful_shutdown=2,
        h11_max_incomplete_event_size=LARGEST_HEAD,
    )
    return uvicorn.Server(config)


def address_of(bound: socket.socket) -> str:
    """The address to open in a browser."""
    host, port = bound.getsockname()[:2]
    named: Any = {"0.0.0.0": "127.0.0.1", "::": "localhost"}.get(host, host)
    return f"http://{f'[{named}]' if ':' in named else named}:{port}/"


def run(archive: Archive, bound: socket.socket, names: Iterable[str] = (), *, replay: str | None = None) -> None:
    """Serve until SIGINT or SIGTERM, behind the programs that write; the parameters are those of `server`."""
    os.nice(NICENESS)
    with suppress(KeyboardInterrupt):  # which uvicorn raises again when it has ended in order
        server(archive, bound, names, replay=replay).run(sockets=[bound])
