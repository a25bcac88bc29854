"""A reading that ends its process on one page, as a fault in a parser's C code does."""

import os
import signal

from postscraper.items import Capture, Item
from postscraper.newspapers import POST
from postscraper.reading.read import read_all

DEADLY = b"Number 1."


def dies(capture: Capture) -> tuple[Item, ...]:
    if DEADLY in capture.body and b"clinic" in capture.url.encode():
        os.kill(os.getpid(), signal.SIGSEGV)
    return read_all(capture, POST)
