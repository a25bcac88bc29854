"""`postscraper mcp` as clients start it: over standard input and output, on a folder and on a pack."""

import os
import sys
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters

from tests.helpers.commands import refused, run, started
from tests.helpers.paths import ROOT
from tests.helpers.reading_room import EDITED


def program(archive: Path, folder: Path) -> StdioServerParameters:
    """folder: for its temporary files."""
    environment = {"PYTHONPATH": str(ROOT), "TMPDIR": str(folder), "PATH": os.environ["PATH"]}
    call = ["-m", "postscraper", "mcp", "--archive", str(archive)]
    return StdioServerParameters(command=sys.executable, args=call, env=environment)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_it_answers_a_client_that_starts_it(furnished: Path, tmp_path: Path, mode: Any) -> None:
    before = sha256((furnished / "archive.db").read_bytes()).digest()
    async with Client(program(furnished, tmp_path), mode=mode) as client:
        assert client.server_info.name == "postscraper"
        assert len((await client.list_tools()).tools) > 20
        found = await client.call_tool("search", {"q": "riverside"})
        assert EDITED in [hit["canonical_url"] for hit in found.structured_content["hits"]]
        proved = await client.call_tool("proof", {"story": "/national/river-clinic-opens-koh-thom"})
        assert proved.structured_content["sound"]
        assert (await client.call_tool("search", {"q": "("})).is_error
    assert sha256((furnished / "archive.db").read_bytes()).digest() == before


async def test_it_asks_a_pack_and_leaves_nothing_behind(furnished: Path, tmp_path: Path) -> None:
    packed, temporary = tmp_path / "whole.wacz", tmp_path / "temporary"
    temporary.mkdir()
    assert run("pack", packed, "--archive", furnished).exit_code == 0
    async with Client(program(packed, temporary)) as client:
        read = await client.call_tool("story", {"story": EDITED})
        assert read.structured_content["item"]["headline"] == "Riverside road opens at last"
        assert read.structured_content["source"]["digest"].startswith("sha256:")
        proved = await client.call_tool("proof", {"story": EDITED})
        assert proved.is_error
        assert "pack" in proved.content[0].text
    assert list(temporary.iterdir()) == []


def test_the_end_of_input_ends_it(furnished: Path) -> None:
    done = started("mcp", "--archive", furnished, input=b"no JSON\n")
    assert done.returncode == 0
    assert b"Traceback" not in done.stderr


def test_without_the_extra_the_command_to_install_it_is_named(furnished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "postscraper.mcp_server.server", raising=False)
    monkeypatch.setitem(sys.modules, "mcp", None)
    monkeypatch.setitem(sys.modules, "mcp.server.lowlevel", None)
    refused(run("mcp", "--archive", furnished), 2, "pip install 'postscraper[mcp]'")


def test_without_an_archive() -> None:
    with tempfile.TemporaryDirectory() as folder:
        refused(run("mcp", "--archive", Path(folder) / "none"), 5, "there is no archive")
