"""Views of one capture: its facts, and its bytes, which are never shown as a page of this server."""

import json
import shlex
import socket
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, Row
from starlette.responses import Response

from postscraper.errors import PageRejected
from postscraper.extraction.content_coding import unpacked
from postscraper.extraction.decode import text_of
from postscraper.items import Capture
from postscraper.sources.captures import capture_of
from postscraper.web.pages import NotFound, Page, Room, columns
from storage.errors import EvidenceError, ReadOnly
from storage.query import captures
from storage.warc.exchange import RecordLocation

# The kinds of pictures that browsers show and that hold no script, by their first bytes.
_PICTURES = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"GIF8", "image/gif"))
_PYWB_SECONDS = 1.0  # to accept a connection
_KEPT = {"Cache-Control": "private, max-age=3600"}  # the bytes of a capture do not change; it can be withdrawn


def row_of(connection: Connection, number: int) -> Row[Any]:
    """The row of a capture. Raises NotFound."""
    row = captures.capture(connection, number)
    if row is None:
        raise NotFound(f"the archive has no capture {number}")
    return row


def sample_command(row: Row[Any]) -> str:
    """The command that makes a test of a downloaded page."""
    at = ["--captured-at", row.captured_at.isoformat()] if row.captured_at else []
    return shlex.join(["postscraper", "sample", _file_name(row), "--url", row.url, *at])


def _file_name(row: Row[Any]) -> str:
    return f"capture-{row.id}.bin"


def capture(room: Room, connection: Connection, number: int) -> dict[str, Any]:
    row = row_of(connection, number)
    data: dict[str, Any] = {
        "capture": columns(row) | {"problems": json.loads(row.problems or "[]")},
        "fault": None,
        "headers": [],
        "bytes": None,
        "replay": bool(room.replay and row.evidence_file and row.captured_at),
        "command": sample_command(row) if row.outcome == "unread" and row.reason != "picture" else None,
    }
    if row.evidence_file is None:
        return data | {"fault": "Its bytes are not in the evidence."}
    try:
        exchange = room.exchange(row)
    except ReadOnly as error:
        return data | {"fault": f"{error}."}
    except EvidenceError:
        return data | {"fault": "Its record cannot be read; `postscraper verify` names what is damaged."}
    return data | {"headers": [list(pair) for pair in exchange.headers], "bytes": len(exchange.body)}


def replay(room: Room, connection: Connection, number: int) -> dict[str, Any]:
    """The address at which pywb shows the capture, for a frame that runs no script."""
    row = row_of(connection, number)
    if room.replay is None:
        raise NotFound(
            "replay needs pywb over this archive's evidence: postscraper serve --replay http://127.0.0.1:PORT/COLLECTION"
        )
    if row.evidence_file is None or row.captured_at is None:
        raise NotFound(f"capture {number} cannot be replayed: its bytes or its time are unknown")
    parts = urlsplit(room.replay)
    fault = None
    try:
        socket.create_connection((str(parts.hostname), parts.port or 80), timeout=_PYWB_SECONDS).close()
    except OSError as error:
        fault = f"pywb does not answer at {room.replay}: {error.strerror or error}."
    frame = f"{room.replay}/{row.captured_at:%Y%m%d%H%M%S}mp_/{row.url}"
    return {"capture": columns(row, "id", "url", "captured_at", "story_id"), "frame": frame, "fault": fault}


def _unpacked(room: Room, row: Row[Any]) -> tuple[Capture, bytes]:
    """A capture, and its body with the content coding undone. Raises NotFound, and as of `Room.exchange`."""
    held = capture_of(room.exchange(row), RecordLocation.of(row))
    try:
        return held, unpacked(held)[0]
    except PageRejected as error:
        raise NotFound(f"the body of capture {row.id} cannot be shown: {error}") from error


def as_text(room: Room, row: Row[Any]) -> Response:
    """The body as text, with its content coding undone: the source of a page, to be read and not run."""
    held, body = _unpacked(room, row)
    text, _ = text_of(body, held.header("content-type"))
    return Response(text.encode("utf-8", "replace"), media_type="text/plain; charset=utf-8", headers=_KEPT)


def as_bytes(room: Room, row: Row[Any]) -> Response:
    """The body as it came, for saving: a browser never shows it."""
    name = f'attachment; filename="{_file_name(row)}"'
    body = room.exchange(row).body
    return Response(body, media_type="application/octet-stream", headers={**_KEPT, "Content-Disposition": name})


def as_picture(room: Room, row: Row[Any]) -> Response:
    """A kept picture, named by its own first bytes and not by what a server said it was."""
    _, body = _unpacked(room, row)
    is_webp = body[:4] == b"RIFF" and body[8:12] == b"WEBP"
    kind = "image/webp" if is_webp else next((kind for start, kind in _PICTURES if body.startswith(start)), None)
    if kind is None:
        raise NotFound(f"capture {row.id} is no picture that a browser shows")
    return Response(body, media_type=kind, headers=_KEPT)


PAGES = (
    Page(name="capture", path="/capture/{number:number}", view=capture, summary="A capture: its facts and headers."),
    Page(
        name="replay",
        path="/capture/{number:number}/replay",
        view=replay,
        summary="A captured page as pywb shows it, in a frame without scripts.",
        fresh=True,
    ),
)
FILES: Mapping[str, Callable[[Room, Row[Any]], Response]] = {
    "/capture/{number:number}/text": as_text,
    "/capture/{number:number}/bytes": as_bytes,
    "/capture/{number:number}/picture": as_picture,
}
