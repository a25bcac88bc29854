"""How far files of captures have been dealt with; written with the pages, in their transaction."""

from collections.abc import Mapping

from sqlalchemy import Connection, delete, insert, select

from storage.tables import Replayed


def done(connection: Connection) -> dict[str, int]:
    """By file, as `tables.Replayed` names it, the byte up to which it is dealt with."""
    return {row.file: row.done for row in connection.execute(select(Replayed.__table__))}


def mark(connection: Connection, far: Mapping[str, int]) -> None:
    if far:
        connection.execute(delete(Replayed).where(Replayed.file.in_(sorted(far))))
        connection.execute(insert(Replayed), [{"file": file, "done": byte} for file, byte in far.items()])
