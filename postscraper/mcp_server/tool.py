"""One tool as data: the schemas that clients see, and the values of its arguments."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

from postscraper.errors import closest
from postscraper.mcp_server import answers
from postscraper.web.openapi import parameter_schema
from postscraper.web.pages import BadParameter, Parameter
from postscraper.web.schema import Schema, Schemas, With

LONGEST_TEXT = 2_000  # characters of one argument


@dataclass(frozen=True, kw_only=True)
class Tool:
    """One tool.

    description: wrapped as suits the source. question: from room, connection and the parameters to the answer, which is
    of the type `answer`. required: names of the parameters without which it cannot be asked. seconds: of a processor
    for its queries; None: those of the reading room.
    """

    name: str
    title: str
    description: str
    question: Callable[..., Mapping[str, Any]]
    answer: Any
    parameters: Sequence[Parameter] = ()
    required: Sequence[str] = ()
    seconds: float | None = None

    @cached_property
    def input_schema(self) -> Schema:
        properties = {each.name: {"description": each.means, **parameter_schema(each)} for each in self.parameters}
        for name, schema in properties.items():
            if schema["type"] == "string" and "enum" not in schema:
                schema["maxLength"] = LONGEST_TEXT
            if name in self.required:
                schema.pop("default", None)
        required = list(self.required)
        return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}

    @cached_property
    def output_schema(self) -> Schema:
        schemas = Schemas("#/$defs/")
        common = With(archive=answers.ArchiveState, left_out=Mapping[str, int])
        schema = schemas.object_of(Annotated[self.answer, common])
        return {**schema, "$defs": schemas.definitions}

    def values(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The values of all parameters. Raises BadParameter."""
        known = [each.name for each in self.parameters]
        for name in arguments:
            if name not in known:
                raise BadParameter(f"{self.name} has no parameter {name[:80]!r}{closest(name, known) if known else ''}")
        for name in self.required:
            if arguments.get(name) is None or not str(arguments[name]).strip():
                raise BadParameter(f"{self.name} needs {name}")
        return {each.name: each.parse(_typed(each.name, arguments.get(each.name))) for each in self.parameters}


def _typed(name: str, value: Any) -> str | None:
    """A JSON value as it would be typed in an address."""
    if value is None or isinstance(value, str):
        if value is not None and len(value) > LONGEST_TEXT:
            raise BadParameter(f"{name} has {len(value):,} characters, and may have {LONGEST_TEXT:,}")
        return value
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return str(int(value))
    raise BadParameter(f"{name} is one value, and not {str(value)[:80]}")
