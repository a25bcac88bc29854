"""What a reader found, on its way to the writer: each object as the bare row of its values.

Dataclasses that are frozen and slotted bring pickling of their own, which looks up the fields of every single
object anew, on both sides: half of what a page would cost on its way.
"""

import pickle
from collections.abc import Callable
from dataclasses import fields
from io import BytesIO
from operator import attrgetter
from typing import Any, cast

from postscraper.bulk.slices import ImportedPage, SliceResult
from storage.ingest.prepare import ArticleRow, PreparedItem
from storage.ledger.discoveries import MergedDiscovery
from storage.ledger.states import Discovery, FinalState, Visit
from storage.warc.exchange import Exchange, RecordLocation

_KINDS: tuple[type[Any], ...] = (
    SliceResult,
    ImportedPage,
    RecordLocation,
    Exchange,
    PreparedItem,
    ArticleRow,
    Visit,
    FinalState,
    MergedDiscovery,
    Discovery,
)


def packed(told: SliceResult) -> bytes:
    out = BytesIO()
    _Packer(out, pickle.HIGHEST_PROTOCOL).dump(told)
    return out.getvalue()


def unpacked(data: bytes) -> SliceResult:
    return cast(SliceResult, pickle.loads(data))


def _made(kind: type[Any], values: tuple[Any, ...]) -> Any:
    new = object.__new__(kind)
    for put, value in zip(_PUTS[kind], values):  # noqa: B905 - to be strict costs a third
        put(new, value)
    return new


_PUTS = {kind: tuple(getattr(kind, each.name).__set__ for each in fields(kind)) for kind in _KINDS}


def _taken_apart(kind: type[Any]) -> Callable[[Any], tuple[Any, tuple[Any, ...]]]:
    values_of = attrgetter(*(each.name for each in fields(kind)))
    return lambda each: (_made, (kind, values_of(each)))


class _Packer(pickle.Pickler):
    dispatch_table = {kind: _taken_apart(kind) for kind in _KINDS}  # noqa: RUF012
