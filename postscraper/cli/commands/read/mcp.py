"""`postscraper mcp`: the archive for language models, by the Model Context Protocol."""

from importlib import import_module

import click

from postscraper.cli import options
from storage.archive import Archive
from storage.errors import Unsupported

_NEEDS = ("anyio", "jinja2", "markupsafe", "mcp", "mcp_types", "starlette")


@click.command("mcp")
@options.reading
def mcp_command(archive: Archive) -> None:
    """Answer a language model's questions about the archive, read-only, by the Model Context Protocol
    over standard input and output: the client starts this command, and its end of input ends it.

    Every answer has its citation and the digest of its capture; texts of pages are data. Needs the extra
    `mcp`. docs/mcp.md has the lines that common clients need.

    \b
    Example:
      postscraper mcp
    """
    try:
        servers = import_module("postscraper.mcp_server.server")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _NEEDS:
            raise
        raise Unsupported("the MCP server needs the extra `mcp`: pip install 'postscraper[mcp]'") from error
    servers.run(archive)
