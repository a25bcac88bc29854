"""A server that sends bytes as they are written down, whole answers or not, on loopback."""

import re
import socket
import ssl
import struct
import threading
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from socketserver import BaseRequestHandler, ThreadingTCPServer


@dataclass(slots=True)
class RawServer:
    """answers: by path, one after the other, of which the last stays. asked: each request, by path, with its head;
    order: their paths.

    An answer is followed by an orderly end of the connection, and by a reset when it stands in `reset`.
    """

    answers: dict[str, deque[bytes]] = field(default_factory=dict)
    asked: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    order: list[str] = field(default_factory=list)
    reset: set[bytes] = field(default_factory=set)
    port: int = 0

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def say(self, path: str, *answers: bytes, reset: bool = False) -> None:
        self.answers[path] = deque(answers)
        if reset:
            self.reset.update(answers)

    def answer(self, head: str) -> bytes:
        path = head.split(" ", 2)[1]
        path = re.sub(r"^http://[^/]*", "", path) or "/"
        self.asked[path].append(head)
        self.order.append(path)
        answers = self.answers.get(path)
        if answers is None:
            return answered(b"<html><title>Page not found</title></html>", "404 Not Found")
        return answers.popleft() if len(answers) > 1 else answers[0]


def answered(
    body: bytes, status: str = "200 OK", *headers: str, length: int | None = None, sized: bool = True
) -> bytes:
    """An answer as it stands on the wire; length: what Content-Length says, else the body's; sized: or nothing."""
    lines = [f"HTTP/1.1 {status}", "Connection: close", *headers]
    if sized:
        lines.append(f"Content-Length: {len(body) if length is None else length}")
    if not any(each.lower().startswith("content-type") for each in headers):
        lines.append("Content-Type: text/html; charset=utf-8")
    return "\r\n".join([*lines, "", ""]).encode() + body


@contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[RawServer]:
    told = RawServer()

    class Connection(BaseRequestHandler):
        def handle(self) -> None:
            received = b""
            while b"\r\n\r\n" not in received:
                if not (some := self.request.recv(65536)):
                    return
                received += some
            answer = told.answer(received.decode("latin-1"))
            self.request.sendall(answer)
            if answer in told.reset:
                threading.Event().wait(1)  # what was sent is lost when the reset overtakes it
                self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.request.close()

    class Server(ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

        def get_request(self) -> tuple[socket.socket, object]:
            connection, client = super().get_request()
            return (tls.wrap_socket(connection, server_side=True) if tls else connection), client

        def shutdown_request(self, request: socket.socket) -> None:  # type: ignore[override]
            if request.fileno() >= 0:
                super().shutdown_request(request)

    with Server(("127.0.0.1", 0), Connection) as server:
        told.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield told
        finally:
            server.shutdown()
            thread.join()
