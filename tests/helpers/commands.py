"""The `postscraper` command, called in the tests' own process and in another."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from click.testing import CliRunner, Result

from postscraper.cli.main import main
from tests.helpers.paths import ROOT
from tests.helpers.programs import complete

SITE = "https://www.phnompenhpost.com"
KHMER = "សាលារាជធានីភ្នំពេញបើកផ្លូវថ្មីនៅក្បែរទន្លេសាប"


def run(*words: str | Path, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], input=stdin, prog_name="postscraper")


def program(*words: str | Path, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """The real program in its own process, forked from one that has loaded it."""
    return complete(folder, "-m", "postscraper", *words)


def started(
    *words: str | Path, settings: Mapping[str, str] = MappingProxyType({}), **more: Any
) -> subprocess.CompletedProcess[bytes]:
    """The same, started by Python anew; settings: of its environment, more: as `subprocess.run` takes it."""
    call = [sys.executable, "-m", "postscraper", *map(str, words)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | settings
    return subprocess.run(call, env=environment, timeout=60, check=False, **({"capture_output": True} | more))


def refused(result: Result, code: int, *words: str) -> None:
    """Nothing on stdout, one sentence on stderr, and the code."""
    assert (result.exit_code, result.stdout) == (code, ""), result.output
    sentences = result.stderr.splitlines()
    assert len(sentences) == 1
    assert sentences[0].startswith("postscraper: ")
    assert all(word in sentences[0] for word in words), sentences[0]
