"""Disk operations of the real program, in their order, read from a log of strace."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from os import O_APPEND, O_CREAT, O_TRUNC
from pathlib import Path

WATCHED = (
    "openat,creat,mkdir,mkdirat,write,writev,pwrite64,pwritev,fsync,fdatasync,sync_file_range,fallocate,"
    "ftruncate,truncate,unlink,unlinkat,rename,renameat,renameat2,link,linkat,lseek,sendfile,copy_file_range"
)
UNDER = ("strace", "-f", "--seccomp-bpf", "-y", "-xx", "-s", "9000000", "-e", f"trace={WATCHED}", "-o")
FLAGS = {"O_CREAT": O_CREAT, "O_TRUNC": O_TRUNC, "O_APPEND": O_APPEND}

_CALL = re.compile(r"(\w+)\((.*)\)\s+= (-?\d+)(?:<.*>)?(?: .*)?$", re.S)
_SYNCING = re.compile(r"f(?:data)?sync\((.*)<unfinished", re.S)
_FD = re.compile(r"^(\d+|AT_FDCWD)(?:<([^>]*)>)?")
_TEXT = re.compile(r'"([^"]*)"')
_UNTOUCHED = ("archive.db-shm", ".lock")  # SQLite builds the one anew; the other holds no data


@dataclass(frozen=True, slots=True)
class Operation:
    """name: create, folder, write, cut, sync, remove, or answer, whose data is a line of the feed.

    syncing: a sync begins here that ends behind what another thread does meanwhile, and promises nothing of that.
    """

    name: str
    path: str
    offset: int = 0
    data: bytes = b""


class UnknownCall(Exception):
    """The program writes in a way that the replay does not know: it would prove nothing."""


def operations(log: Path, folder: Path) -> Iterator[Operation]:
    """What was done below `folder`, and each write to the standard output."""
    sizes: dict[str, int] = {}
    for name, arguments, result in _calls(log):
        if result < 0:
            continue
        for each in _operations(name, arguments, result, str(folder), sizes):
            if not each.path.endswith(_UNTOUCHED):
                yield each


def _calls(log: Path) -> Iterator[tuple[str, str, int]]:
    """Calls in the order in which they ended; those that another thread interrupted are joined."""
    begun: dict[str, str] = {}
    first = None
    for line in log.read_text("ascii").splitlines():
        process, _, rest = line.partition(" ")
        first, rest = first or process, rest.strip()
        if process != first and rest.startswith("write(1<"):
            continue  # of a program that it asked something, as `uname`
        if rest.endswith("<unfinished ...>"):
            begun[process] = rest.removesuffix("<unfinished ...>")
            if syncing := _SYNCING.match(rest):
                yield "syncing", syncing[1], 0
            continue
        if resumed := re.match(r"<\.\.\. \w+ resumed>(.*)", rest, re.S):
            rest = begun.pop(process) + resumed[1]
        if call := _CALL.match(rest):
            yield call[1], call[2], int(call[3])


def _operations(name: str, arguments: str, result: int, folder: str, sizes: dict[str, int]) -> Iterator[Operation]:
    path = _path(name, arguments)
    if name == "write" and arguments.startswith("1<"):
        yield Operation("answer", "", data=_data(arguments, result))
    elif not path.startswith(folder) or path.endswith("(deleted)") or name == "lseek":
        return
    elif name == "openat":
        yield from _opened(path, arguments, sizes)
    elif name == "mkdir":
        yield Operation("folder", path)
    elif name in ("fsync", "fdatasync", "syncing"):
        yield Operation("syncing" if name == "syncing" else "sync", path)
    elif name in ("write", "pwrite64"):
        offset = sizes.get(path, 0) if name == "write" else int(arguments.rpartition(",")[2])
        sizes[path] = max(sizes.get(path, 0), offset + result)
        yield Operation("write", path, offset, _data(arguments, result))
    elif name == "ftruncate":
        sizes[path] = int(arguments.rpartition(",")[2])
        yield Operation("cut", path, sizes[path])
    elif name == "unlink":
        sizes.pop(path, None)
        yield Operation("remove", path)
    elif not path.endswith(_UNTOUCHED):
        raise UnknownCall(f"{name}({arguments[:200]})")


def _opened(path: str, arguments: str, sizes: dict[str, int]) -> Iterator[Operation]:
    flags = sum(bit for flag, bit in FLAGS.items() if flag in arguments)
    if flags & O_CREAT and path not in sizes:
        sizes[path] = 0
        yield Operation("create", path)
    elif flags & O_TRUNC:
        sizes[path] = 0
        yield Operation("cut", path)


def _path(name: str, arguments: str) -> str:
    """The path of the descriptor, or the one that is spoken; the program speaks whole ones."""
    spoken = _TEXT.search(arguments)
    if name in ("openat", "mkdir", "unlink", "rename", "creat", "truncate", "link") and spoken:
        return _plain(spoken[1]).decode()
    found = _FD.match(arguments)
    return _plain(found[2]).decode() if found and found[2] else ""


def _data(arguments: str, written: int) -> bytes:
    found = _TEXT.search(arguments)
    data = _plain(found[1])[:written] if found else b""
    if len(data) != written:
        raise UnknownCall(f"{written} bytes written, {len(data)} in the log")
    return data


def _plain(text: str) -> bytes:
    """strace's `\\x41\\x42` as bytes; names that it did not escape as they are."""
    return bytes.fromhex(text.replace("\\x", "")) if text.startswith("\\x") else text.encode()
