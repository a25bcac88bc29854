"""The end of a run that read every capture anew."""

from sqlalchemy import Connection, select

from storage.frontier import chunks
from storage.intake import Intake
from storage.loading import load_stories, readings
from storage.tables import Capture
from storage.words import words_digest
from storage.writing import write


def end_rereading(connection: Connection) -> int:
    """Let the captures that followed a reread neighbour stand on their own readings; how many did.

    While a run reads captures anew, one after the other, those not reached yet follow their neighbours, so
    that a better reading never looks like an edit. At its end all have been read by the same layouts, and
    where they differ still the newspaper did change its words.
    """
    waiting = select(Capture.story_id).where(Capture.words_of_another).distinct()
    story_ids = [story_id for story_id in connection.execute(waiting).scalars() if story_id is not None]
    count = 0
    for some in chunks(sorted(story_ids)):
        intake = Intake()
        load_stories(connection, intake, some)
        followers = [values for values in intake.by_id.values() if values["words_of_another"]]
        intake.items |= readings(connection, {values["reading_id"] for values in followers})
        for values in followers:
            intake.stand_alone(values, words_digest(intake.items[values["reading_id"]]))
        write(connection, intake)
        count += len(followers)
    return count
