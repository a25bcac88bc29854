"""Where the `postscraper` command starts; also `python -m postscraper`."""

import atexit
import gc
from importlib import import_module


def run() -> None:
    # Loading makes no garbage, and what is left at the end goes with the process: looking for it would
    # take a sixth of the time of `postscraper read`. The command itself runs with the collector on (cli.py).
    gc.disable()
    atexit.register(gc.freeze)
    import_module("postscraper.cli").main(prog_name="postscraper")


if __name__ == "__main__":
    run()
