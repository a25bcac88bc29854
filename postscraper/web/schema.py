"""JSON Schema (https://json-schema.org/draft/2020-12) of types, for values as `postscraper.items.plain` writes them."""

import types
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from inspect import cleandoc
from typing import Annotated, Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

from sqlalchemy.orm import Mapped

from storage.database.schema import Table

Schema = dict[str, Any]

_SCALARS: Mapping[Any, Schema] = {
    Any: {},
    None: {"type": "null"},
    types.NoneType: {"type": "null"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
}


class With:
    """Fields in addition to those of a type, or in place of them: `Annotated[Story, With(source=Reference)]`."""

    def __init__(self, **fields: Any) -> None:
        self.fields = fields


class Schemas:
    """Schemas of types, which share the definitions of the objects in them; `definitions` by name."""

    def __init__(self, place: str) -> None:
        """place: of the definitions in the document, as `#/$defs/`."""
        self.definitions: dict[str, Schema] = {}
        self._place = place
        self._kinds: dict[str, Any] = {}

    def of(self, kind: Any) -> Schema:
        """The schema of a type.

        A dataclass, TypedDict or table is an object, described by its docstring, with every field required.
        Raises TypeError for a type without a form in JSON.
        """
        if (scalar := _SCALARS.get(kind)) is not None:
            return dict(scalar)
        if (compose := self._compositions.get(get_origin(kind))) is not None:
            return compose(self, get_args(kind))
        return self._tuple(tuple(_hints(kind).values())) if _is_named_tuple(kind) else self._reference(kind)

    def object_of(self, kind: Any) -> Schema:
        """The schema of an object itself, and not a reference to it."""
        more: dict[str, Any] = {}
        if get_origin(kind) is Annotated:
            kind, *others = get_args(kind)
            for other in others:
                more |= other.fields
        hints = {**_hints(kind), **more}
        optional: Set[str] = getattr(kind, "__optional_keys__", frozenset())
        schema: Schema = {
            "type": "object",
            "properties": {name: self.of(hint) for name, hint in hints.items()},
            "required": [name for name in hints if name in more or name not in optional],
        }
        text = cleandoc(kind.__doc__ or "")
        return schema if not text or text.startswith(f"{kind.__name__}(") else {"description": text, **schema}

    def _reference(self, kind: Any) -> Schema:
        name = kind.__name__
        if self._kinds.setdefault(name, kind) is not kind:
            raise TypeError(f"two types are called {name}: {self._kinds[name]} and {kind}")
        if name not in self.definitions:
            self.definitions[name] = {}  # while its fields are described, which may name it again
            self.definitions[name] = self.object_of(kind)
        return {"$ref": f"{self._place}{name}"}

    def _union(self, members: Sequence[Any]) -> Schema:
        schemas = [self.of(each) for each in members]
        first, *others = schemas
        if others == [_SCALARS[None]] and isinstance(first.get("type"), str):
            return first | {"type": [first["type"], "null"]}
        return {"anyOf": schemas}

    def _literal(self, values: Sequence[Any]) -> Schema:
        return {"enum": list(values)}

    def _list(self, members: Sequence[Any]) -> Schema:
        return {"type": "array", "items": self.of(members[0])}

    def _tuple(self, members: Sequence[Any]) -> Schema:
        if members[1:] == (...,):
            return self._list(members)
        size = len(members)
        places = [self.of(each) for each in members]
        return {"type": "array", "prefixItems": places, "minItems": size, "maxItems": size}

    def _mapping(self, members: Sequence[Any]) -> Schema:
        """Names in JSON are texts: a number becomes its digits, None `null`."""
        return {"type": "object", "additionalProperties": self.of(members[1])}

    def _annotated(self, members: Sequence[Any]) -> Schema:
        return self.object_of(Annotated[tuple(members)])

    _compositions: Mapping[Any, Callable[["Schemas", Sequence[Any]], Schema]] = {
        Union: _union,
        types.UnionType: _union,
        Literal: _literal,
        list: _list,
        Sequence: _list,
        tuple: _tuple,
        dict: _mapping,
        Mapping: _mapping,
        Annotated: _annotated,
    }


def _is_named_tuple(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, tuple) and hasattr(kind, "_fields")


def _hints(kind: Any) -> dict[str, Any]:
    """The types of an object's fields by their names."""
    hints = get_type_hints(kind, include_extras=True)
    if is_dataclass(kind):
        return {each.name: hints[each.name] for each in fields(kind)}
    if isinstance(kind, type) and issubclass(kind, Table):
        return {name: get_args(hint)[0] for name, hint in hints.items() if get_origin(hint) is Mapped}
    if is_typeddict(kind) or _is_named_tuple(kind):
        return {name: get_args(hint)[0] if get_origin(hint) is NotRequired else hint for name, hint in hints.items()}
    raise TypeError(f"{kind!r} has no form in JSON")
