"""Tables made from other tables, kept in step with a batch, in its transaction."""

from collections.abc import Sequence

from sqlalchemy import Connection, select, update

from storage.database.derived import Family, FamilySketch


def forget(connection: Connection, story_ids: Sequence[int]) -> None:
    """Prepare for the deletion of stories, with which their rows go; at most as many as one statement takes.

    The members of a family that loses its head are to be compared anew.
    """
    members = select(Family.story_id).where(Family.head_id.in_(story_ids))
    connection.execute(update(FamilySketch).where(FamilySketch.story_id.in_(members)).values(compared=False))
