"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.String(32)  # ISO text in UTC

# The index of words, filled by storage/search.py. It keeps no text of its own (`content=''`), and its
# tokens may hold combining marks: Khmer vowels and signs are such, and part of the word.
# hashsize: with 64 MB in memory before the first write, and no merging beside, a batch of a thousand
# stories is indexed nearly twice as fast.
WORDS = (
    "CREATE VIRTUAL TABLE words USING fts5(headline, body, captions, byline, content='', "
    "tokenize=\"unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'\")",
    "INSERT INTO words(words, rank) VALUES ('hashsize', 67108864)",
)

# For people who ask in SQL: the newest wording of each story, and where stories were announced.
VIEWS = (
    """
    CREATE VIEW article AS
    SELECT story.id AS story_id, canonical_url, language, section, published_on, published_at, node_id,
           headline, kicker, standfirst, byline, agency, dateline, body, layout,
           revisions, first_seen_at, last_seen_at, same_words_as, revision.id AS revision_id
    FROM story JOIN revision ON revision.id = story.newest_revision_id
    """,
    """
    CREATE VIEW promotion AS
    SELECT story.id AS story_id, sighting.address, capture.captured_at, capture.url AS page_url,
           capture.outcome AS page_is, sighting.list, sighting.position, sighting.headline,
           sighting.summary, sighting.published_on
    FROM sighting
    JOIN capture ON capture.id = sighting.capture_id
    LEFT JOIN story ON story.canonical_url = sighting.address
    """,
)


def upgrade() -> None:
    create_ledger()
    create_reading()
    create_story()
    create_capture()
    create_revision()
    create_sighting()
    create_image()
    for view in VIEWS:
        op.execute(view)
    if op.get_bind().dialect.name == "sqlite":
        for statement in WORDS:
            op.execute(statement)


def create_ledger() -> None:
    op.create_table(
        "ledger",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("section", sa.Text()),
        sa.Column("dated_on", sa.Date()),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("heard_from", sa.Text()),
        sa.Column("heard_at", MOMENT, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("was", sa.Text()),
        sa.Column("why", sa.Text()),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("due_at", MOMENT),
        sa.Column("leased_until", MOMENT),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.Column("visited_at", MOMENT),
        sa.Column("capture_id", sa.Integer()),
        sa.Column("etag", sa.Text()),
        sa.Column("last_modified", sa.Text()),
        sa.PrimaryKeyConstraint("address", name="pk_ledger"),
    )
    op.create_index("ix_ledger_queue", "ledger", ["priority", "depth", "address", "due_at"])
    op.create_index("ix_ledger_state_why", "ledger", ["state", "why"])


def create_reading() -> None:
    op.create_table(
        "reading",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reading"),
        sa.UniqueConstraint("digest", name="uq_reading_digest"),
    )


def create_story() -> None:
    op.create_table(
        "story",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("canonical_url", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("section", sa.Text()),
        sa.Column("section_capture_id", sa.Integer()),
        sa.Column("published_on", sa.Date()),
        sa.Column("published_on_capture_id", sa.Integer()),
        sa.Column("published_at", MOMENT),
        sa.Column("published_at_capture_id", sa.Integer()),
        sa.Column("node_id", sa.Integer()),
        sa.Column("node_id_capture_id", sa.Integer()),
        sa.Column("image_url", sa.Text()),
        sa.Column("image_url_capture_id", sa.Integer()),
        sa.Column("first_seen_at", MOMENT),
        sa.Column("last_seen_at", MOMENT),
        sa.Column("revisions", sa.Integer(), nullable=False),
        sa.Column("newest_revision_id", sa.Integer()),
        sa.Column("words_digest", sa.Text()),
        sa.Column("same_words_as", sa.Integer()),
        sa.PrimaryKeyConstraint("id", name="pk_story"),
        sa.UniqueConstraint("canonical_url", name="uq_story_canonical_url"),
    )
    op.create_index("ix_story_first_seen_at", "story", ["first_seen_at"])
    op.create_index("ix_story_last_seen_at", "story", ["last_seen_at"])
    op.create_index("ix_story_node_id", "story", ["node_id"])
    op.create_index("ix_story_published_on", "story", ["published_on"])
    op.create_index("ix_story_same_words_as", "story", ["same_words_as"])
    op.create_index("ix_story_section", "story", ["section"])
    op.create_index("ix_story_words_digest", "story", ["words_digest"])


def create_capture() -> None:
    op.create_table(
        "capture",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("captured_at", MOMENT),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("evidence_file", sa.Text()),
        sa.Column("evidence_offset", sa.Integer()),
        sa.Column("evidence_length", sa.Integer()),
        sa.Column("etag", sa.Text()),
        sa.Column("last_modified", sa.Text()),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("detail", sa.Text()),
        sa.Column("layout", sa.Text()),
        sa.Column("problems", sa.Text()),
        sa.Column("reading_id", sa.Integer()),
        sa.Column("story_id", sa.Integer()),
        sa.Column("words_digest", sa.Text()),
        sa.Column("words_of_another", sa.Boolean(), nullable=False),
        sa.Column("teasers_digest", sa.Text()),
        sa.ForeignKeyConstraint(["reading_id"], ["reading.id"], name="fk_capture_reading_id"),
        sa.ForeignKeyConstraint(["story_id"], ["story.id"], name="fk_capture_story_id"),
        sa.PrimaryKeyConstraint("id", name="pk_capture"),
        sa.UniqueConstraint("url", "captured_at", "digest", "source", name="uq_capture_url_captured_at_digest_source"),
    )
    op.create_index("ix_capture_address", "capture", ["address"])
    op.create_index("ix_capture_captured_at", "capture", ["captured_at"])
    op.create_index("ix_capture_digest", "capture", ["digest"])
    op.create_index("ix_capture_reading_id", "capture", ["reading_id"])
    op.create_index("ix_capture_story_id", "capture", ["story_id"])


def create_revision() -> None:
    op.create_table(
        "revision",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("story_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("words_digest", sa.Text(), nullable=False),
        sa.Column("layout", sa.Text(), nullable=False),
        sa.Column("headline", sa.Text(), nullable=False),
        sa.Column("kicker", sa.Text()),
        sa.Column("standfirst", sa.Text()),
        sa.Column("byline", sa.Text()),
        sa.Column("agency", sa.Text()),
        sa.Column("dateline", sa.Text()),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("first_captured_at", MOMENT),
        sa.Column("last_captured_at", MOMENT),
        sa.Column("captures", sa.Integer(), nullable=False),
        sa.Column("capture_id", sa.Integer(), nullable=False),
        sa.Column("reading_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["capture_id"], ["capture.id"], name="fk_revision_capture_id"),
        sa.ForeignKeyConstraint(["reading_id"], ["reading.id"], name="fk_revision_reading_id"),
        sa.ForeignKeyConstraint(["story_id"], ["story.id"], name="fk_revision_story_id"),
        sa.PrimaryKeyConstraint("id", name="pk_revision"),
        sa.UniqueConstraint("story_id", "number", name="uq_revision_story_id_number"),
    )
    op.create_index("ix_revision_capture_id", "revision", ["capture_id"])
    op.create_index("ix_revision_reading_id", "revision", ["reading_id"])
    op.create_index("ix_revision_words_digest", "revision", ["words_digest"])


def create_sighting() -> None:
    op.create_table(
        "sighting",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("capture_id", sa.Integer(), nullable=False),
        sa.Column("list", sa.Text()),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("headline", sa.Text()),
        sa.Column("summary", sa.Text()),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("image_url", sa.Text()),
        sa.Column("published_on", sa.Date()),
        sa.Column("published_at", MOMENT),
        sa.Column("published_text", sa.Text()),
        sa.ForeignKeyConstraint(["capture_id"], ["capture.id"], name="fk_sighting_capture_id"),
        sa.PrimaryKeyConstraint("id", name="pk_sighting"),
    )
    op.create_index("ix_sighting_address", "sighting", ["address"])
    op.create_index("ix_sighting_capture_id", "sighting", ["capture_id"])


def create_image() -> None:
    op.create_table(
        "image",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("caption", sa.Text()),
        sa.Column("credit", sa.Text()),
        sa.Column("caption_text", sa.Text()),
        sa.Column("alt", sa.Text()),
        sa.Column("block", sa.Integer()),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name="fk_image_revision_id"),
        sa.PrimaryKeyConstraint("id", name="pk_image"),
    )
    op.create_index("ix_image_revision_id_position", "image", ["revision_id", "position"])
    op.create_index("ix_image_url", "image", ["url"])
