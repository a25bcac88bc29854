"""A WACZ package in the making: files in a ZIP, each with its size and digest.

The form: https://specs.webrecorder.net/wacz/1.1.1/. Every file but the two at the top lies one folder deep, since
py-wacz compares the last two parts of a path with its list.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, Self
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

WACZ_VERSION = "1.1.1"
DIGESTS = "about/sha256.txt"


class Member:
    """A file of the package while it is written; size: bytes so far."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self._digest, self.size = stream, sha256(), 0

    def write(self, data: bytes) -> int:
        self._stream.write(data)
        self._digest.update(data)
        self.size += len(data)
        return len(data)

    def digest(self) -> str:
        """SHA-256 in hex."""
        return self._digest.hexdigest()


class Package:
    """Made at a path; whole after `close`. Methods raise OSError."""

    def __init__(self, path: Path) -> None:
        self._zip = ZipFile(path, "x", allowZip64=True)
        self._made_at = datetime.now(UTC)
        self._resources: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    @contextmanager
    def member(self, name: str, *, compressed: bool = True) -> Iterator[Member]:
        """A new file, to be written; not compressed if it is read in place."""
        with self._zip.open(self._info(name, compressed), "w", force_zip64=True) as stream:
            member = Member(stream)
            yield member
        resource = {"name": Path(name).name.lower(), "path": name, "hash": f"sha256:{member.digest()}"}
        self._resources.append(resource | {"bytes": member.size})

    def add(self, name: str, data: bytes) -> None:
        with self.member(name) as member:
            member.write(data)

    def close(self, title: str, description: str, software: str) -> None:
        """Write the list of digests and the description of the package."""
        lines = (f"{each['hash'].partition(':')[2]}  {each['path']}\n" for each in self._resources)
        self.add(DIGESTS, "".join(lines).encode())
        made_at = self._made_at.isoformat(timespec="seconds").replace("+00:00", "Z")
        about = {
            "profile": "data-package",
            "wacz_version": WACZ_VERSION,
            "title": title,
            "description": description,
            "created": made_at,
            "software": software,
            "resources": self._resources,
        }
        package = json.dumps(about, ensure_ascii=False, indent=2).encode()
        digest = {"path": "datapackage.json", "hash": f"sha256:{sha256(package).hexdigest()}"}
        self._zip.writestr(self._info("datapackage.json", compressed=True), package)
        self._zip.writestr(self._info("datapackage-digest.json", compressed=True), json.dumps(digest))

    def _info(self, name: str, compressed: bool) -> ZipInfo:
        info = ZipInfo(name, self._made_at.timetuple()[:6])
        info.compress_type = ZIP_DEFLATED if compressed else ZIP_STORED
        info.external_attr = 0o644 << 16
        return info
