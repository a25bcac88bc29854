"""The real `scrapy` and `postscraper`, each in a process of its own that is forked and not started.

To load them takes a second of a processor, and to fork them a fiftieth. Tests of the start itself use `subprocess`.
"""

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import IO

from tests.helpers.fork_server import CODE
from tests.helpers.paths import ROOT


class Program:
    """A running program, with what the tests need of `subprocess.Popen`.

    call: as Python's, "-m", the module and its words, or "-c", the code and its words. output, errors: files, else
    nothing. environment: what is added to this process's; None takes a name away. package: a folder with an installed
    package that brings a newspaper.
    """

    def __init__(
        self,
        folder: Path,
        *call: str | Path,
        environment: Mapping[str, str | None] = MappingProxyType({}),
        output: IO[bytes] | None = None,
        errors: IO[bytes] | None = None,
        package: Path | None = None,
    ) -> None:
        own = {**os.environ, "PYTHONPATH": _import_path(package), **environment}
        request = {
            "folder": str(folder),
            "call": list(map(str, call)),
            "environment": {name: value for name, value in own.items() if value is not None},
        }
        self.returncode: int | None = None
        self._answer, theirs = os.pipe()
        with Path(os.devnull).open("wb") as nothing:
            files = [(output or nothing).fileno(), (errors or nothing).fileno(), theirs]
            socket.send_fds(_server(package), [json.dumps(request).encode()], files)
        os.close(theirs)
        self.pid = self._number()

    def _number(self) -> int:
        """The next that the server says: the process, then its exit code; as `subprocess` has it for a signal."""
        packed = os.read(self._answer, CODE.size)
        assert packed, "the fork server has ended"
        number: int = CODE.unpack(packed)[0]
        return number

    def poll(self) -> int | None:
        if self.returncode is None and select.select([self._answer], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            if not select.select([self._answer], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            self.returncode = self._number()
            os.close(self._answer)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def complete(
    folder: Path,
    *call: str | Path,
    environment: Mapping[str, str | None] = MappingProxyType({}),
    timeout: float = 120,
    package: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """The program from its start to its end. Kills it and raises subprocess.TimeoutExpired when that takes longer."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        running = Program(folder, *call, environment=environment, output=output, errors=errors, package=package)
        try:
            code = running.wait(timeout)
        finally:
            running.kill()
        written = []
        for each in (output, errors):
            each.seek(0)
            written.append(each.read().decode())
        return subprocess.CompletedProcess(list(map(str, call)), code, *written)


def _import_path(package: Path | None) -> str:
    return str(ROOT) if package is None else os.pathsep.join(map(str, (ROOT, package)))


@cache
def _server(package: Path | None) -> socket.socket:
    """One for each process of the tests, and for each package; it ends with its socket."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    call = [sys.executable, "-m", "tests.helpers.fork_server", str(theirs.fileno())]
    environment = os.environ | {"PYTHONPATH": _import_path(package)}
    process = subprocess.Popen(call, cwd=ROOT, env=environment, pass_fds=[theirs.fileno()], start_new_session=True)
    theirs.close()

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours
