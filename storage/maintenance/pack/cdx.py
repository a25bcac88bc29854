"""Index of a WARC file in CDXJ, compressed in blocks, by which ReplayWeb.page and pywb find a page.

The form: https://specs.webrecorder.net/cdxj/0.1.0/; the key of an address: http://iwebarchive.github.io/SURT.
"""

import json
import re
import zlib
from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import islice
from posixpath import normpath
from urllib.parse import quote_from_bytes, unquote_to_bytes, urlsplit

from storage.warc.parser import split_record
from storage.warc.writer import GZIP

INDEXED = ("response", "revisit", "resource")
BLOCK_LINES = 1024
_KEPT = "!\"$&'()*+,-./:;<=>?@[\\]^_`{|}~"
_WWW = re.compile(r"www\d*\.")
_STATUS = re.compile(rb"HTTP/\S+ +(\d{3})")
_TYPE = re.compile(rb"\r?\nContent-Type:[ \t]*([^;\s]+)", re.IGNORECASE)
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")


def search_key(url: str) -> str:
    """The sort-friendly key of an address: `com,phnompenhpost)/national/a`; of all hosts `www` and case left out.

    Session numbers in a query stay. Raises ValueError for what is no address.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").encode("idna").decode().strip(".")
    host = _WWW.sub("", host, count=1) if _WWW.match(host) else host
    port = f":{parts.port}" if parts.port not in (None, 80 if parts.scheme == "http" else 443) else ""
    path = _escaped(parts.path) or "/"
    if "/." in path or "//" in path:
        path = "/" + normpath(path).lstrip("/")
    path = path if path == "/" else path.removesuffix("/")
    arguments = sorted(argument.split("=", 1) for argument in _escaped(parts.query).lower().split("&"))
    query = "&".join("=".join(argument) for argument in arguments)
    return f"{','.join(reversed(host.split('.')))}{port}){path}{'?' + query if query else ''}".lower()


def _escaped(text: str) -> str:
    """Unescaped as often as it is escaped, then escaped once."""
    data = text.encode()
    while (plain := unquote_to_bytes(data)) != data:
        data = plain
    return quote_from_bytes(data, safe=_KEPT)


def entry(raw: bytes, file: str, offset: int, length: int) -> str | None:
    """The line of a record in the index; None for a record that is not indexed, such as a request.

    raw: its bytes; offset, length: of its gzip member. Raises BadRecord, ValueError.
    """
    pairs, block, _ = split_record(raw)
    fields = dict(reversed(pairs))
    kind = fields.get("warc-type", "")
    if kind not in INDEXED:
        return None
    url = fields["warc-target-uri"]
    head = _BLANK_LINE.split(block, 1)[0] if kind != "resource" else b""
    status = _STATUS.match(head)
    media_type = _TYPE.search(head)
    mime = media_type[1].decode("latin-1") if media_type else "unk"
    about = {
        "url": url,
        "mime": {"revisit": "warc/revisit", "resource": fields.get("content-type", "unk")}.get(kind, mime),
        "status": status[1].decode() if status else "200",
        "digest": fields.get("warc-payload-digest", "-"),
        "length": str(length),
        "offset": str(offset),
        "filename": file,
    }
    stamp = re.sub(r"\D", "", fields["warc-date"])[:14]
    return f"{search_key(url)} {stamp} {json.dumps(about)}"


def blocks(lines: Iterable[str], file: str) -> Iterator[tuple[bytes, str]]:
    """The sorted lines in gzip members, each with its line for the index of the index.

    file: the name of the file that the members make together.
    """
    offset, rest = 0, iter(lines)
    while block := list(islice(rest, BLOCK_LINES)):
        packed = zlib.compress("".join(f"{line}\n" for line in block).encode(), 9, GZIP)
        about = {"offset": offset, "length": len(packed), "digest": f"sha256:{sha256(packed).hexdigest()}"}
        key, stamp, _ = block[0].split(" ", 2)
        yield packed, f"{key} {stamp} {json.dumps(about | {'filename': file})}\n"
        offset += len(packed)


def idx_head(file: str) -> str:
    return f"!meta 0 {json.dumps({'format': 'cdxj-gzip-1.0', 'filename': file})}\n"
