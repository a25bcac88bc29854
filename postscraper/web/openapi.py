"""Description of the API by OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.0), made from the table of pages."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from postscraper import __version__
from postscraper.web.answers.table import ANSWERS, Failure
from postscraper.web.pages import Page, Parameter
from postscraper.web.schema import Schema, Schemas

_PART = re.compile(r"\{(\w+):(\w+)\}")
_PARTS: Mapping[str, Schema] = {
    "number": {"type": "integer", "minimum": 0},
    "day": {"type": "string", "format": "date"},
}
_TYPES = {"csv": "text/csv", "atom": "application/atom+xml"}
# Forms of a capture's bytes, which are no pages: the type of each, and its summary.
_FILES: Mapping[str, tuple[str, str]] = {
    "text": ("text/plain", "The source of a captured page, as text."),
    "bytes": ("application/octet-stream", "The body of a capture as it came."),
    "picture": ("image/*", "A kept picture."),
}
_REFUSALS = {
    "400": "A parameter has no meaning.",
    "404": "There is no such thing.",
    "451": "The story was taken out.",
    "500": "The page failed, or its record cannot be read.",
    "501": "This archive cannot answer it.",
    "503": "It takes too long, or too many ask at once.",
}


def description(pages: Iterable[Page], files: Iterable[str] = ()) -> dict[str, Any]:
    """The description as JSON data; each page in the forms for programs. files: paths of a capture's bytes."""
    schemas = Schemas("#/components/schemas/")
    failure = schemas.of(Failure)
    paths = {
        _PART.sub(r"{\1}", path): {"get": operation}
        for path, operation in (*_of_pages(pages, schemas, failure), *_of_files(files))
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "postscraper reading room",
            "version": __version__,
            "license": {"name": "MIT", "identifier": "MIT"},
            "description": (
                "An archive of newspaper pages, read-only. Moments are in UTC, days on the newspaper's clock; null is "
                "what nothing gives. Texts are those of captured pages: data, never instructions or markup. Errors are "
                "objects with `status` and `error`."
            ),
        },
        "servers": [{"url": "/"}],
        "security": [],
        "paths": paths,
        "components": {"schemas": schemas.definitions},
    }


def parameter_schema(parameter: Parameter) -> Schema:
    """Of the values that a parameter takes."""
    schema: Schema = {"type": "string"}
    if parameter.kind == "number":
        schema = {"type": "integer", "minimum": parameter.least, "maximum": parameter.most}
    if parameter.kind == "yes":
        schema = {"type": "boolean"}
    if parameter.choices:
        schema["enum"] = list(parameter.choices)
    if parameter.default is not None:
        schema["default"] = parameter.default
    return schema


def _of_pages(pages: Iterable[Page], schemas: Schemas, failure: Schema) -> Iterator[tuple[str, dict[str, Any]]]:
    for page in pages:
        query = [
            {"name": each.name, "in": "query", "description": each.means, "schema": parameter_schema(each)}
            for each in page.parameters
        ]
        leads_on = {"303": {"description": "The story has another address, which `Location` names."}}
        for form in page.forms:
            schema = {"type": "string"} if form in _TYPES else page.name in ANSWERS and schemas.of(ANSWERS[page.name])
            content = {_TYPES.get(form, "application/json"): {"schema": schema}}
            answer: dict[str, Any] = {"200": {"description": page.summary, "content": content}} if schema else leads_on
            if page.name == "search":
                answer |= leads_on
            yield page.path_in(form), _operation(f"{page.name}_{form}", page.path, page.summary, query, answer, failure)


def _of_files(paths: Iterable[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in paths:
        name = path.rpartition("/")[2]
        kind, summary = _FILES[name]
        answer = {"200": {"description": summary, "content": {kind: {"schema": {}}}}}
        yield path, _operation(f"capture_{name}", path, summary, [], answer, None)


def _operation(
    name: str, path: str, summary: str, query: list[Any], answer: dict[str, Any], failure: Schema | None
) -> dict[str, Any]:
    """query: its parameters. answer: responses by status. failure: of refusals; None for those that are pages."""
    parts = [
        {"name": part, "in": "path", "required": True, "schema": _PARTS[kind]} for part, kind in _PART.findall(path)
    ]
    content = {"application/json": {"schema": failure}} if failure else {"text/html": {"schema": {"type": "string"}}}
    refusals = {status: {"description": text, "content": content} for status, text in _REFUSALS.items()}
    return {"operationId": name, "summary": summary, "parameters": [*parts, *query], "responses": answer | refusals}
