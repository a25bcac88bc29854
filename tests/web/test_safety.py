"""Safety of the reading room: what it refuses, what every answer carries, and what no input changes."""

import json
import socket
import time
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from postscraper.web.safety import HEADERS, hosts_of
from tests.helpers.reading_room import Room, generate

PATHS = (
    "/",
    "/search?q=canal",
    "/story/1",
    "/story/1.json",
    "/nothing",
    "/capture/1/text",
    "/static/room.css",
    "/year/0",
)


def test_every_answer_has_the_headers(room: Room) -> None:
    answers = [room.ask(path) for path in PATHS]
    answers += [room.ask("/", "POST"), room.ask("/", host="evil.example"), room.ask("/", sec_fetch_site="cross-site")]
    answers += [room.ask("/search?page=x"), room.ask("/" + "a" * 9000)]
    assert {answer.status for answer in answers} == {200, 404, 405, 421, 403, 400, 414}
    for answer in answers:
        headers = {name.lower(): value for name, value in answer.headers.items()}
        assert {name: headers.get(name.lower()) for name in HEADERS} == dict(HEADERS)


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"X-Long: " + b"a" * 70_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    ],
    ids=["no-http", "no-host", "two-hosts", "long-header", "long-address"],
)
def test_broken_requests_are_refused_with_the_headers(room: Room, data: bytes) -> None:
    head = room.send(data).lower()
    assert head.startswith((b"http/1.1 400 ", b"http/1.1 414 ", b"http/1.1 431 "))
    assert b"content-security-policy: default-src 'none'" in head
    assert b"nosniff" in head


@pytest.mark.parametrize("name", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost.", "a@127.0.0.1", ""])
def test_another_host_is_refused(room: Room, name: str) -> None:
    assert room.ask("/", host=name).status in (400, 421)


def test_its_own_names_are_served(room: Room) -> None:
    for name in ("127.0.0.1", "localhost", "LOCALHOST", "[::1]"):
        assert room.ask("/", host=f"{name}:{room.port}").status == 200


def test_names_of_hosts() -> None:
    assert hosts_of(["localhost", "::1", "room.example:8443"], 80) == {
        *("localhost:80", "localhost", "[::1]:80", "[::1]", "room.example:8443")
    }


def test_other_sites_are_refused_and_their_links_can_be_followed(room: Room) -> None:
    for headers in ({"sec_fetch_site": "cross-site"}, {"sec_fetch_site": "same-site"}, {"origin": "null"}):
        answer = room.ask("/search?q=a%22b&page=2", **headers)
        assert answer.status == 403
        assert '<a href="/search?q=a%22b&amp;page=2">' in answer.text
    assert room.ask("/", sec_fetch_site="same-origin", origin=room.address).status == 200
    assert "href" not in room.ask("//evil.example/", sec_fetch_site="cross-site").text


def test_requests_with_a_body_are_refused(room: Room) -> None:
    host = f"127.0.0.1:{room.port}".encode()
    for extra in (b"Content-Length: 5\r\n\r\nhello", b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"):
        assert room.send(b"GET / HTTP/1.1\r\nHost: " + host + b"\r\n" + extra).startswith(b"HTTP/1.1 413 ")


def test_head_has_no_body(room: Room) -> None:
    for path in ("/", "/nothing", "/search.csv?q=canal"):
        answer = room.ask(path, "HEAD")
        assert (answer.status, answer.body) == (room.ask(path).status, b"")


def test_upgrades_are_not_taken(room: Room) -> None:
    answer = room.ask("/", connection="Upgrade", upgrade="websocket", sec_websocket_key="x", sec_websocket_version="13")
    assert answer.status == 200


@pytest.mark.parametrize(
    "path",
    [
        *("/static/../pyproject.toml", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static/fonts/", "/static"),
        *("/story/-1", "/story/" + "9" * 400, "/story/1%00", "/story/1'", "/%ff%fe", "//etc/passwd", "/story/1/"),
        *("/capture/999999999999", "/capture/1/../2", "/day/2018-13-40", "/day/0000-00-00", "/year/99999", "/year/0"),
    ],
)
def test_odd_paths_are_not_there(room: Room, path: str) -> None:
    assert room.ask(path).status == 404


def test_inputs_of_the_generator(room: Room, tmp_path: Path) -> None:
    before = _files(room.archive)
    requests = generate(tmp_path / "requests", "reading-room")
    cases = sorted(requests.rglob("*.req"))
    assert len(cases) == 78
    for case in cases:
        wanted = json.loads(case.read_text("ascii"))
        query = urlencode(wanted["query"], doseq=True, errors="surrogatepass")
        path = quote(wanted["path"], safe="/%\\:?=&'")
        headers = {name.lower().replace("-", "_"): value for name, value in wanted["headers"].items()}
        status = _status(room, wanted["method"], f"{path}?{query}" if query else path, headers)
        accepted = {*wanted["status"], 400, 404, 414} if len(query) > 8000 else {*wanted["status"]}
        if wanted["path"] == "/article/1":  # which this room calls /story/1
            accepted.add(404)
        assert status in accepted, case.name
    assert _files(room.archive) == before


def _status(room: Room, method: str, path: str, headers: dict[str, str]) -> int:
    head = {"host": f"127.0.0.1:{room.port}"} | headers
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in head.items())
    answer = room.send(f"{method} {path} HTTP/1.1\r\n{lines}Connection: close\r\n\r\n".encode("latin-1"))
    return int(answer.split(b" ", 2)[1])


def _files(archive: Path) -> dict[str, str]:
    """Digests of the archive's files, but for those that readers of a database share."""
    files = [each for each in archive.rglob("*") if each.is_file() and not each.name.endswith(("-shm", "-wal"))]
    return {str(each.relative_to(archive)): sha256(each.read_bytes()).hexdigest() for each in files}


def test_texts_are_escaped_on_every_page(room: Room) -> None:
    """No page has an element that the templates do not have, whatever the stories say."""
    stories = json.loads(room.ask("/index.json").body)["stories"]
    checked = 0
    for number in range(1, stories + 1):
        for path in (f"/story/{number}", f"/search?{urlencode({'q': f'story {number}'})}"):
            text = room.ask(path).text
            assert "<script" not in text.lower()
            assert "<iframe" not in text.lower()
            assert "javascript:" not in "".join(part.split('"')[0] for part in text.split('href="')[1:])
            checked += 1
    assert checked > 100


@pytest.mark.long
def test_slow_clients_are_cut(room: Room) -> None:
    begun = time.monotonic()
    with socket.create_connection(("127.0.0.1", room.port), timeout=60) as own:
        try:
            while time.monotonic() - begun < 40:
                own.sendall(b"G" if time.monotonic() - begun < 1 else b"E")
                time.sleep(1)
        except OSError:
            pass
    assert time.monotonic() - begun < 20
