"""Schema of a new archive: tables, views and search index."""

from sqlalchemy import Connection, text

from storage.database import other_archives  # noqa: F401  # defines tables
from storage.database.derived import SEARCH_VIEW, STORY_COUNTS, SearchRow
from storage.database.engine import is_sqlite

# The search index, filled by storage/ingest/search_index.py. It stores no text (`content=''`). Its tokens include
# combining marks, for Khmer vowels and signs are such, and part of the word.
# hashsize: with 64 MB in memory before the first write, a batch of a thousand stories is indexed nearly twice as fast.
# automerge: with 8 parts merged at once instead of 4, a batch in 100,000 stories is written in 7 % less time.
WORDS = (
    "CREATE VIRTUAL TABLE words USING fts5(headline, body, captions, byline, content='', "
    "tokenize=\"unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'\")",
    "INSERT INTO words(words, rank) VALUES ('hashsize', 67108864)",
    "INSERT INTO words(words, rank) VALUES ('automerge', 8)",
)

# For queries by hand: the newest wording of each story, and where stories were announced. Days as text: a column of
# type DATE has a numeric affinity in SQLite, which takes '2018' for a number, and any day is greater than a number.
VIEWS = (
    """
    CREATE VIEW article AS
    SELECT story.id AS story_id, canonical_url, language, section, CAST(published_on AS TEXT) AS published_on,
           published_at, node_id,
           headline, kicker, standfirst, byline, agency, dateline, body, layout,
           revisions, first_seen_at, last_seen_at, same_words_as, revision.id AS revision_id
    FROM story JOIN revision ON revision.id = story.newest_revision_id
    """,
    """
    CREATE VIEW promotion AS
    SELECT story.id AS story_id, sighting.address, capture.captured_at, capture.url AS page_url,
           capture.outcome AS page_is, sighting.list, sighting.position, sighting.headline,
           sighting.summary, CAST(sighting.published_on AS TEXT) AS published_on
    FROM sighting
    JOIN capture ON capture.id = sighting.capture_id
    LEFT JOIN story ON story.canonical_url = sighting.address
    """,
)


def create(connection: Connection) -> None:
    """Create everything in an empty database, in the caller's transaction."""
    SearchRow.metadata.create_all(connection)
    for statement in (*VIEWS, *((*WORDS, SEARCH_VIEW, *STORY_COUNTS) if is_sqlite(connection) else ())):
        connection.execute(text(statement))
