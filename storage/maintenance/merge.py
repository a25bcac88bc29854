"""Merge of another archive's ledger and holdings, which its evidence does not contain. SQLite only.

Its tombstones and captures are merged first.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from sqlite3 import Connection
from typing import Any

from storage.database.schema import Address
from storage.database.values import Values
from storage.ledger.rows import raw_priority
from storage.ledger.states import WITHDRAWN
from storage.maintenance.carry_over import paired

_COLUMNS = tuple(column.name for column in Address.__table__.columns)
# Columns of the last visit; the value of those in _LAST may come from an earlier one.
_LAST_VISIT = ("url", "state", "was", "why", "due_at", "leased_until", "tries", "visited_at")
_LAST_KNOWN = ("capture_id", "etag", "last_modified")
_FIRST = ("heard_at", "how", "heard_from")
# Values for an address that was never visited.
_UNVISITED = {"state": "known", "tries": 0, "visits": 0, "changes": 0} | dict.fromkeys(
    ("why", "visited_at", "capture_id", "etag", "last_modified")
)

# The same capture stored from another source has other validators here, and may have another address.
_OF_CAPTURE = {
    "capture_id": "(SELECT id FROM main.capture WHERE id = new_id AND address = old.address)",
    **{
        name: f"(SELECT old.{name} WHERE EXISTS"
        f" (SELECT 1 FROM main.capture WHERE address = old.address AND {name} = old.{name}))"
        for name in ("etag", "last_modified")
    },
}
_THEIRS = f"""
SELECT {", ".join(f"{_OF_CAPTURE.get(name, f'old.{name}')} AS {name}" for name in _COLUMNS)}
FROM before.ledger AS old LEFT JOIN temp.pair ON old_id = old.capture_id ORDER BY old.address
"""
_OURS = f"SELECT {', '.join(_COLUMNS)} FROM main.ledger WHERE address = ?"
_PUT = f"INSERT OR REPLACE INTO main.ledger ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"
_HOLDINGS = (
    "INSERT OR IGNORE INTO main.holding SELECT * FROM before.holding",
    # A final state in either archive.
    """UPDATE main.holding AS ours SET state = theirs.state, why = theirs.why, due_at = NULL
    FROM before.holding AS theirs
    WHERE theirs.archive = ours.archive AND theirs.url = ours.url AND theirs.captured_at = ours.captured_at
    AND ours.state IN ('known', 'failed') AND theirs.state IN ('held', 'gone', 'passed over')""",
    # A capture held there that was not merged is fetched again.
    """UPDATE main.holding SET state = 'known', why = NULL, due_at = listed_at WHERE state = 'held'
    AND NOT EXISTS (SELECT 1 FROM main.capture WHERE capture.address = holding.address)""",
    f"""UPDATE main.holding SET state = 'passed over', why = '{WITHDRAWN}', due_at = NULL
    WHERE state <> 'passed over' AND address IN (SELECT address FROM main.withdrawn)""",
    # An index that either archive read to its end counts as read; the later one wins.
    """INSERT OR REPLACE INTO main.enumeration SELECT theirs.* FROM before.enumeration AS theirs
    LEFT JOIN main.enumeration AS ours ON ours.archive = theirs.archive AND ours.query = theirs.query
    WHERE ours.archive IS NULL OR coalesce(theirs.finished_at, '') > coalesce(ours.finished_at, '')""",
    """INSERT OR REPLACE INTO main.refusal SELECT theirs.* FROM before.refusal AS theirs
    LEFT JOIN main.refusal AS ours ON ours.archive = theirs.archive
    WHERE ours.archive IS NULL OR (theirs.day, theirs.times) > (ours.day, ours.times)""",
    """INSERT OR IGNORE INTO main.payload SELECT * FROM before.payload
    WHERE digest IN (SELECT digest FROM main.capture)""",
)


def add_addresses(other: Path, database: Path) -> tuple[int, int]:
    """Copy the addresses of another archive's ledger without their visits, before its captures are replayed.

    Each then keeps the time and page of its first discovery. Returns how many were new, and how many both have.
    Durable on return; may be repeated. Raises ArchiveError.
    """
    new = both = 0
    with paired(database, other) as connection:
        for theirs in _theirs(connection):
            is_new = _put(connection, theirs if theirs["state"] == "excluded" else theirs | _UNVISITED)
            new, both = new + is_new, both + (not is_new)
    return new, both


def join_ledger(other: Path, database: Path) -> None:
    """Give each address the state of its last visit in either archive, and merge the holdings, after all captures.

    Durable on return; may be repeated. Raises ArchiveError.
    """
    with paired(database, other) as connection:
        for theirs in _theirs(connection):
            _put(connection, theirs)
        for statement in _HOLDINGS:
            connection.execute(statement)


def _theirs(connection: Connection) -> Iterator[Values]:
    """Rows of the other ledger, without the leases of its runs."""
    for row in connection.execute(_THEIRS):
        values = dict(row)
        if values["state"] == "leased":
            values |= {"state": values["was"], "was": None, "leased_until": None}
        yield values


def _put(connection: Connection, theirs: Values) -> bool:
    """Merge one row with that of the same address; returns whether there was none."""
    ours = next(map(dict, connection.execute(_OURS, (theirs["address"],))), None)
    values = merged_row(ours, theirs)
    if values != ours:
        connection.execute(_PUT, [values[name] for name in _COLUMNS])
    return ours is None


def merged_row(ours: Values | None, theirs: Values) -> Values:
    """The merged row of an address, values as SQLite stores them. ours: None when the address is new here.

    It has the first discovery and the last visit of the two. A withdrawn address stays excluded.
    """
    if ours is None:
        return theirs | {"priority": raw_priority(theirs)}
    first = min(ours, theirs, key=lambda row: (row["heard_at"], row["how"] != "asked"))
    values = {name: first[name] for name in _FIRST}
    if WITHDRAWN not in (ours["why"], theirs["why"]):
        values |= _visited(ours, theirs) | {
            "kind": theirs["kind"] if ours["kind"] == "page" else ours["kind"],
            "section": ours["section"] or theirs["section"],
            "dated_on": ours["dated_on"] or theirs["dated_on"],
            "depth": min(ours["depth"], theirs["depth"]),
        }
    values = ours | values
    return values | {"priority": raw_priority(values)}


def _visited(ours: Values, theirs: Values) -> Values:
    """Columns of the last visit. A page that was replayed here with the same state already has its visit."""
    known, same = (_rank(theirs), _rank(ours)), theirs["state"] == ours["state"]
    later = known[0] > known[1] or (known[0] == known[1] and not same)
    last, before = (theirs, ours) if later else (ours, theirs)
    values = {name: last[name] for name in _LAST_VISIT}
    values |= {name: before[name] if last[name] is None else last[name] for name in _LAST_KNOWN}
    return values | {name: max(ours[name], theirs[name]) for name in ("visits", "changes")}


def _rank(row: Mapping[str, Any]) -> tuple[str, bool, bool]:
    """Rank of a row: by its last visit; without one, by a person's request, then by an exclusion rule."""
    return row["visited_at"] or "", row["how"] == "asked", row["state"] == "excluded"
