"""Programs that a test needs beside Python."""

import os
from shutil import which

import pytest


def needed(program: str, package: str) -> str:
    """The path of a program; without it the test is skipped, and in CI it fails. package: of Debian."""
    path = which(program)
    if path is None:
        (pytest.fail if "CI" in os.environ else pytest.skip)(f"{program} is not installed: apt-get install {package}")
    return path
