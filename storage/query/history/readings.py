"""Best reading of a stored story: the readings of its captures, which the rules choose from."""

import json

from sqlalchemy import Connection, bindparam, select

from storage.database.schema import Capture, Reading
from storage.query.captures import IN_TIME
from storage.query.history.best import BestReading, Source, best_reading

# Built once: it takes as long as the queries themselves.
_CAPTURE, _READING = Capture.__table__.c, Reading.__table__.c
_READINGS = (
    select(_CAPTURE.id, _CAPTURE.captured_at, _CAPTURE.reading_id, _CAPTURE.layout)
    .where(_CAPTURE.story_id == bindparam("story_id"), _CAPTURE.reading_id.is_not(None))
    .order_by(*IN_TIME)
)
_OWN_READINGS = _READINGS.where(~_CAPTURE.words_of_another)
_ITEMS = select(_READING.id, _READING.item).where(
    _READING.id.in_(select(_CAPTURE.reading_id).where(_CAPTURE.story_id == bindparam("story_id")))
)


def of_story(connection: Connection, story_id: int) -> BestReading:
    """The best reading of a story by its number, which must exist.

    Of neighbouring captures with one reading the first stands for all. A capture that has the words of another's new
    reading is left out, if others are there.
    """
    of_this = {"story_id": story_id}
    rows = connection.execute(_OWN_READINGS, of_this).all() or connection.execute(_READINGS, of_this).all()
    firsts = [row for at, row in enumerate(rows) if at == 0 or rows[at - 1].reading_id != row.reading_id]
    items = {reading_id: json.loads(item) for reading_id, item in connection.execute(_ITEMS, of_this)}
    return best_reading(
        Source(capture_id=row.id, captured_at=row.captured_at, item=items[row.reading_id]) for row in firsts
    )
