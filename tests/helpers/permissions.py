"""Files that may not be written: the superuser may write anywhere, and so another user does it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def no_superuser(*folders: Path) -> Iterator[None]:
    """Another user for a while, who reaches the folders, but writes only where everybody may."""
    for each in {parent for folder in folders for parent in (folder, *folder.parents)}:
        if not each.stat().st_mode & 0o001:
            each.chmod(0o755)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)
