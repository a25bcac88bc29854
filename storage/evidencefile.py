"""The one file that a run writes its evidence to, and where files of evidence lie."""

import os
from collections.abc import Mapping
from pathlib import Path

from storage.exchange import Earlier, Exchange, Place, RecordUnreadable
from storage.folders import sync_folder
from storage.warc.record import new_id, response_and_request, warcinfo


class EvidenceFile:
    """A new WARC file; whatever the disk refuses is an OSError."""

    def __init__(self, path: Path, about: Mapping[str, str]) -> None:
        """about: the fields of the warcinfo record, which goes in with the first exchange."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        self._path = path
        self._descriptor = os.open(path, flags, 0o644)
        self._info_id = new_id()
        self._head = warcinfo(path.name, self._info_id, about)
        self._name_is_durable = False
        self.size = 0  # bytes written

    def append(self, exchange: Exchange, same_as: Earlier | None) -> Place:
        """Write the records of the exchange, and say where its answer stands."""
        response, request = response_and_request(exchange, same_as=same_as, info_id=self._info_id)
        head = b"" if self.size else self._head
        place = Place(file=self._path.name, offset=self.size + len(head), length=len(response))
        data = head + response + request
        rest = memoryview(data)
        while rest:  # once, but on a disk that is nearly full
            rest = rest[os.write(self._descriptor, rest) :]
        self.size += len(data)
        return place

    def sync(self) -> None:
        os.fsync(self._descriptor)
        if not self._name_is_durable:
            sync_folder(self._path.parent)
            sync_folder(self._path.parent.parent)  # the folder itself may be new
            self._name_is_durable = True

    def close(self) -> None:
        """Let go of the file; does not sync."""
        os.close(self._descriptor)


def path_in(folder: Path, file: str) -> Path:
    """A file of the folder, or one that is left where it lies: then its whole path.

    Raises RecordUnreadable for a name that leads out of the folder some other way.
    """
    if Path(file).is_absolute() and ".." not in Path(file).parts:
        return Path(file)
    if Path(file).name != file:
        raise RecordUnreadable(f"{file!r} is no file of {folder}")
    return folder / file
