"""The server: lists the tools, answers each call in a thread, and ends every failure as a sentence.

run(archive)  # until standard input ends, or SIGINT or SIGTERM comes
"""

import json
import logging
import os
import signal
from collections.abc import Mapping
from typing import Any

import anyio
import anyio.to_thread
from click import ClickException
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    ToolAnnotations,
)
from mcp_types import Tool as ListedTool

from postscraper import __version__
from postscraper.errors import PostscraperError, closest
from postscraper.items import plain
from postscraper.mcp_server.questions import state_of
from postscraper.mcp_server.sizes import LARGEST, TooLarge, fitted
from postscraper.mcp_server.tool import Tool
from postscraper.mcp_server.tools import BY_NAME, INSTRUCTIONS, TOOLS
from postscraper.web.database import TooSlow, reading
from postscraper.web.pages import BadParameter, Elsewhere, NotFound, Room, TakenOut
from postscraper.web.rendering import json_of
from storage.archive import Archive
from storage.errors import ArchiveError, EvidenceError

READERS = 2  # calls that are answered at the same time

_logger = logging.getLogger(__name__)
# Whose own messages are sentences for the one who asks.
_ON_PURPOSE = (BadParameter, NotFound, TakenOut, ArchiveError, PostscraperError)
_SENTENCES: Mapping[type[Exception], str] = {
    TooSlow: "This question takes too long in this archive. Narrow it by days, section or words, or ask the command "
    "of the same name, which has no limit.",
    TooLarge: f"The answer has more than {LARGEST:,} characters, and no list that could be cut. Narrow the question.",
    Elsewhere: "This is the address of a story: read it with `story`.",
    EvidenceError: "The record of this capture cannot be read; `postscraper verify` names what is damaged.",
    Exception: "This question failed; the log of `postscraper mcp`, its standard error, says how.",
}


def server(archive: Archive) -> Server:
    """The server over an archive that was opened for reading; closing it is the caller's."""
    room = Room(archive=archive)
    limiter = anyio.CapacityLimiter(READERS)

    async def list_tools(_context: Any, _params: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=[_listed(tool) for tool in TOOLS])

    async def call_tool(_context: Any, params: CallToolRequestParams) -> CallToolResult:
        if (tool := BY_NAME.get(params.name)) is None:
            raise MCPError(INVALID_PARAMS, f"there is no tool {params.name[:80]!r}{closest(params.name[:80], BY_NAME)}")
        return await anyio.to_thread.run_sync(_result, room, tool, params.arguments or {}, limiter=limiter)

    return Server(
        "postscraper",
        title="Newspaper archive",
        version=__version__,
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def _listed(tool: Tool) -> ListedTool:
    return ListedTool(
        name=tool.name,
        title=tool.title,
        description=" ".join(tool.description.split()),
        input_schema=tool.input_schema,
        output_schema=tool.output_schema,
        annotations=ToolAnnotations(
            read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
        ),
    )


def _result(room: Room, tool: Tool, arguments: Mapping[str, Any]) -> CallToolResult:
    """The answer, or the sentence of its failure: the only place that catches what a question raises."""
    try:
        data = answer(room, tool, arguments)
    except Exception as error:
        sentence = _sentence(error).encode("utf-8", "replace").decode()
        return CallToolResult(content=[TextContent(text=sentence)], is_error=True)
    return CallToolResult(content=[TextContent(text=json.dumps(data, ensure_ascii=False))], structured_content=data)


def answer(room: Room, tool: Tool, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of a tool as JSON data, with the state of the archive, and with what was cut."""
    values = tool.values(arguments)
    with reading(room.archive, tool.seconds) as connection:
        answered = {**tool.question(room, connection, **values), "archive": state_of(connection)}
    data: dict[str, Any] = json.loads(json_of(plain(answered)))
    data["left_out"] = fitted(data)
    return data


def _sentence(error: Exception) -> str:
    if isinstance(error, ClickException):
        return error.message
    if isinstance(error, _ON_PURPOSE):
        return str(error)
    if type(error) not in _SENTENCES and not isinstance(error, EvidenceError):
        _logger.exception("a question failed")
    return next(sentence for kind, sentence in _SENTENCES.items() if isinstance(error, kind))


def run(archive: Archive) -> None:
    """Serve on standard input and output until the input ends; a signal ends the process."""
    anyio.run(_serve, archive)


async def _serve(archive: Archive) -> None:
    serving = server(archive)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_end_at_signal, archive)
        async with stdio_server() as (incoming, outgoing):
            await serving.run(incoming, outgoing, serving.create_initialization_options())
        tasks.cancel_scope.cancel()


async def _end_at_signal(archive: Archive) -> None:
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _ in signals:
            archive.close()  # with the folder that a pack was taken out to
            os._exit(0)  # a thread waits for a line of standard input, and nothing else ends it
