"""A forward proxy on loopback: it passes requests on, and tunnels, to one server whatever host they name."""

import http.client
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Between two neighbours alone, and not to be passed on (RFC 9110, 7.6.1).
_HOP_BY_HOP = {"proxy-authorization", "proxy-connection", "connection", "keep-alive", "te", "upgrade"}


@dataclass(slots=True)
class ForwardProxy:
    """asked: method and target of each request. credentials: what came with them."""

    port: int = 0
    asked: list[str] = field(default_factory=list)
    credentials: list[str | None] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def by_name(self) -> str:
        return f"http://localhost:{self.port}"


@contextmanager
def forwarding(to_port: int) -> Iterator[ForwardProxy]:
    """to_port: of the server on loopback that stands for the whole web."""
    told = ForwardProxy()

    class Connection(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._note()
            there = http.client.HTTPConnection("127.0.0.1", to_port, timeout=10)
            own = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP}
            there.request("GET", self.path, headers=own)
            answer = there.getresponse()
            body = answer.read()
            self.send_response_only(answer.status, answer.reason)
            for name, value in answer.getheaders():
                if name.lower() not in _HOP_BY_HOP:
                    self.send_header(name, value)
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)
            there.close()

        def do_CONNECT(self) -> None:
            self._note()
            with socket.create_connection(("127.0.0.1", to_port), timeout=10) as there:
                self.send_response_only(200, "Connection established")
                self.end_headers()
                ends = {there: self.connection, self.connection: there}
                while readable := select.select(list(ends), [], [], 10)[0]:
                    for end in readable:
                        if not (some := end.recv(65536)):
                            return
                        ends[end].sendall(some)

        def _note(self) -> None:
            told.asked.append(f"{self.command} {self.path}")
            told.credentials.append(self.headers.get("Proxy-Authorization"))
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Connection) as server:
        told.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield told
        finally:
            server.shutdown()
            thread.join()
