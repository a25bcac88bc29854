"""A disk as a power cut leaves it: what was synced is there, of the rest anything may be.

Stricter than file systems in use: a synced file is lost with its name until its folder is synced,
and any 512-byte sector of what was not synced may have come through alone.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from random import Random
from typing import Literal

from tests.crash.traced import Operation

SECTOR = 512

# Of what was not synced: nothing is there, all (as after a kill), some writes, some sectors.
Loss = Literal["lost", "kept", "some", "torn"]
LOSSES: tuple[Loss, ...] = ("lost", "kept", "some", "torn")


@dataclass(slots=True)
class File:
    """durable: None of a folder. promised: how many of the pending writes a sync covers that has begun."""

    durable: bytearray | None = field(default_factory=bytearray)
    pending: list[Operation] = field(default_factory=list)
    promised: int | None = None

    def sync(self) -> None:
        covered = len(self.pending) if self.promised is None else self.promised
        for each in self.pending[:covered]:
            _apply(self.durable, each)
        del self.pending[:covered]
        self.promised = None

    def after(self, loss: Loss, chance: Random) -> bytes:
        data = bytearray(self.durable or b"")
        for each in self.pending:
            for part in _come_through(each, loss, chance):
                _apply(data, part)
        return bytes(data)


@dataclass(slots=True)
class Named:
    """What a folder's name led to before, and leads to after; None: to nothing."""

    path: str
    file: File | None


class Disk:
    """root exists and is durable; everything below it is built by `do`."""

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        self._names: dict[str, File] = {}
        self._durable: dict[str, File] = {}
        self._pending: dict[str, list[Named]] = {}  # by folder

    def do(self, operation: Operation) -> None:
        path = operation.path
        if operation.name in ("create", "folder"):
            self._name(path, File(None if operation.name == "folder" else bytearray()))
        elif operation.name == "remove":
            self._name(path, None)
        elif operation.name in ("write", "cut"):
            self._names[path].pending.append(operation)
        elif operation.name == "syncing" and path in self._names:
            self._names[path].promised = len(self._names[path].pending)
        elif operation.name == "sync":
            self._sync(path)

    def _name(self, path: str, file: File | None) -> None:
        if file is None:
            del self._names[path]
        else:
            self._names[path] = file
        self._pending.setdefault(str(PurePath(path).parent), []).append(Named(path, file))

    def _sync(self, path: str) -> None:
        file = self._names.get(path)
        if file is not None and file.durable is not None:
            file.sync()
            return
        for each in self._pending.pop(path, []):
            _lead(self._durable, each)

    def leave(self, loss: Loss, chance: Random, root: Path) -> None:
        """Write what a cut now leaves below another root."""
        names = dict(self._durable)
        for changes in self._pending.values():
            through = {"lost": 0, "kept": len(changes)}.get(loss, chance.randint(0, len(changes)))
            for each in changes[:through]:  # file systems keep the changes of a folder in their order
                _lead(names, each)
        root.mkdir(parents=True)
        for path, file in sorted(names.items()):
            place = root / PurePath(path).relative_to(self._root)
            if not place.parent.is_dir():
                continue  # its folder did not come through
            if file.durable is None:
                place.mkdir()
            else:
                place.write_bytes(file.after(loss, chance))


def after(operations: Iterable[Operation], root: Path) -> Disk:
    disk = Disk(root)
    for each in operations:
        disk.do(each)
    return disk


def _lead(names: dict[str, File], named: Named) -> None:
    if named.file is None:
        names.pop(named.path, None)
    else:
        names[named.path] = named.file


def _apply(data: bytearray | None, operation: Operation) -> None:
    assert data is not None
    end = operation.offset + len(operation.data)
    if operation.name == "cut":
        del data[end:]
    data.extend(bytes(max(end - len(data), 0)))
    data[operation.offset : end] = operation.data


def _come_through(operation: Operation, loss: Loss, chance: Random) -> Iterator[Operation]:
    if loss == "torn" and operation.name == "write":
        yield from (sector for sector in _sectors(operation) if chance.random() < 0.7)
    elif loss == "kept" or (loss != "lost" and chance.random() < 0.5):
        yield operation


def _sectors(write: Operation) -> Iterator[Operation]:
    """The parts of a write between the borders of sectors."""
    start, end = write.offset, write.offset + len(write.data)
    while start < end:
        border = min((start // SECTOR + 1) * SECTOR, end)
        yield Operation("write", write.path, start, write.data[start - write.offset : border - write.offset])
        start = border
