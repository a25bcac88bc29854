"""Description of the API by OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.0), made from the table of pages."""

import re
from collections.abc import Iterable
from typing import Any

from postscraper import __version__
from postscraper.web.pages import Page, Parameter

_PART = re.compile(r"\{(\w+):(\w+)\}")
_PARTS: dict[str, dict[str, Any]] = {
    "number": {"type": "integer", "minimum": 0},
    "day": {"type": "string", "format": "date"},
}
_TYPES = {"csv": "text/csv", "atom": "application/atom+xml"}


def description(pages: Iterable[Page]) -> dict[str, Any]:
    """The description as JSON data; each page in the form for programs."""
    paths: dict[str, Any] = {}
    for page in pages:
        for form in page.forms:
            path = _PART.sub(r"{\1}", page.path_in(form))
            paths[path] = {"get": _operation(page, form)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "postscraper reading room",
            "version": __version__,
            "description": "An archive of newspaper pages, read-only. Errors are objects with `status` and `error`.",
        },
        "paths": paths,
    }


def _operation(page: Page, form: str) -> dict[str, Any]:
    parts = [
        {"name": name, "in": "path", "required": True, "schema": _PARTS[kind]}
        for name, kind in _PART.findall(page.path)
    ]
    kind = _TYPES.get(form)
    content = {kind: {"schema": {"type": "string"}}} if kind else {"application/json": {"schema": {"type": "object"}}}
    refusals = {"400": "A parameter has no meaning.", "404": "There is no such thing.", "503": "It takes too long."}
    return {
        "operationId": f"{page.name.replace('/', '_')}_{form}",
        "summary": page.summary,
        "parameters": [*parts, *(_parameter(each) for each in page.parameters)],
        "responses": {
            "200": {"description": page.summary, "content": content},
            **{status: {"description": text} for status, text in refusals.items()},
        },
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    if parameter.kind == "number":
        schema = {"type": "integer", "minimum": parameter.least, "maximum": parameter.most}
    if parameter.kind == "yes":
        schema = {"type": "boolean"}
    if parameter.choices:
        schema["enum"] = list(parameter.choices)
    if parameter.default is not None:
        schema["default"] = parameter.default
    return {"name": parameter.name, "in": "query", "description": parameter.means, "schema": schema}
