"""Start of the `postscraper` command, also as `python -m postscraper`."""

import atexit
import gc
import io
import os
import signal
import sys
from importlib import import_module
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run() -> None:
    for each in _SIGNALS:
        signal.signal(each, _interrupt)
    if sys.stdout is None or sys.stderr is None:
        sys.exit("postscraper: standard output or standard error is closed")  # a file would take its place
    sys.stdin = sys.stdin or io.TextIOWrapper(io.BytesIO())
    # Loading makes no garbage, and what is left at the end goes with the process: looking for it would
    # take a sixth of the time of `postscraper read`. The command itself runs with the collector on (cli/main.py).
    gc.disable()
    atexit.register(gc.freeze)
    try:
        import_module("postscraper.cli.main").main(prog_name="postscraper")
    except KeyboardInterrupt:  # before a command began
        sys.exit("postscraper: interrupted; nothing was changed")


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Let the command end in order; the next signal ends it at once, as it does a crawl."""
    for each in _SIGNALS:
        signal.signal(each, _end_at_once)
    raise KeyboardInterrupt


def _end_at_once(number: int, frame: FrameType | None) -> None:
    os.write(2, b"postscraper: interrupted twice, and ended at once; the same command does what is not done\n")
    os._exit(1)


if __name__ == "__main__":
    run()
