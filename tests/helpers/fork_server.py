"""A process that has loaded the program, and forks it for each request: `programs` asks it.

It ends with its socket. A program is what `python -m MODULE` or `python -c CODE` would be, with its modules loaded.
"""

import gc
import json
import os
import runpy
import selectors
import socket
import struct
import sys
from importlib import import_module, reload
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

from scrapy import commands
from scrapy.settings import default_settings
from scrapy.utils.misc import load_object

import postscraper
import storage
from postscraper import settings

CODE = struct.Struct("i")
# What a crawl loads besides, at its first need of it.
OTHERS = (
    "alembic.command", "scrapy.cmdline", "scrapy.core.scraper", "sqlalchemy.dialects.sqlite",
    "twisted.internet.asyncioreactor",
)  # fmt: skip
# They do something when they are loaded.
NOT_YET = ("postscraper.__main__", "storage.database.migrations.")


def load() -> None:
    for package in (postscraper, storage, commands):
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.startswith(NOT_YET):
                import_module(module.name)
    for name in OTHERS:
        import_module(name)
    for setting in vars(default_settings).values():
        for component in setting if isinstance(setting, dict) else (setting,):
            if isinstance(component, str) and component.startswith("scrapy."):
                load_object(component)
    assert "twisted.internet.reactor" not in sys.modules, "a process has one, and its settings say which"


def serve(requests: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """Return in each forked process, with what it shall become; in this one at the socket's end, with nothing."""
    waiting = selectors.DefaultSelector()
    waiting.register(requests, selectors.EVENT_READ)
    while True:
        for ready, _ in waiting.select():
            if ready.data is not None:
                process, answer = ready.data
                _, status = os.waitpid(process, 0)
                os.write(answer, CODE.pack(os.waitstatus_to_exitcode(status)))
                waiting.unregister(ready.fd)
                os.close(ready.fd)
                os.close(answer)
                continue
            message, files, _, _ = socket.recv_fds(requests, 1 << 20, 3)
            if not message:
                return None
            process = os.fork()
            if process == 0:
                return json.loads(message), files
            os.write(files[2], CODE.pack(process))
            waiting.register(os.pidfd_open(process), selectors.EVENT_READ, (process, files[2]))
            for each in files[:2]:
                os.close(each)


def become(request: dict[str, Any], files: list[int]) -> None:
    import_path = [each for each in sys.path if each not in (str(Path.cwd()), os.environ["PYTHONPATH"])]
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, file in enumerate((nothing, *files[:2])):
        os.dup2(file, number)
    os.closerange(3, 256)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    own = [each for each in os.environ.get("PYTHONPATH", "").split(os.pathsep) if each]
    sys.path[:] = [request["folder"], *own, *import_path]
    reload(settings)  # which reads the environment
    option, program, *words = request["call"]
    if option == "-m":
        sys.argv[:] = [program, *words]
        runpy.run_module(program, run_name="__main__", alter_sys=True)
    else:
        sys.argv[:] = ["-c", *words]
        exec(compile(program, "<string>", "exec"), {"__name__": "__main__"})


if __name__ == "__main__":
    load()
    gc.freeze()  # no collection of a program goes through what was loaded
    with socket.socket(fileno=int(sys.argv[1])) as theirs:
        forked = serve(theirs)
    if forked:
        become(*forked)
