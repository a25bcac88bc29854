"""Folders and the names in them, made durable: a file that is synced is still lost with its name."""

import os
from pathlib import Path


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it, unless they are there; a power cut does not take them back."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for each in reversed(missing):
        sync_folder(each.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable. Raises OSError, with the name of the folder."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(folder)) from error
    finally:
        os.close(descriptor)
