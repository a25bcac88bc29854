"""What a large page took goes back to the system when the page is done.

glibc maps a large block by itself, but after the first is freed it cuts the next of its size out of its heap,
where small ones settle in between: a crawl over some pages of 2 MB then holds 180 MB for good, and not 160.
"""

import ctypes

LARGE_BYTES = 2**20
_MMAP_THRESHOLD = -3  # M_MMAP_THRESHOLD of malloc.h; setting it ends the growing


def give_back_large_blocks() -> None:
    """Does nothing where the C library is another one."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, LARGE_BYTES)
