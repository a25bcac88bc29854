"""Tables made from other tables."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _families()
    _photos()


def downgrade() -> None:
    for table in ("family", "family_link", "family_sketch", "photo"):
        op.drop_table(table)


def _families() -> None:
    """Filled by `postscraper families --find`."""
    op.create_table(
        "family",
        *(_of_story("family", name) for name in ("head_id", "story_id", "compared_id")),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("similarity", sa.Float(), nullable=False),
        sa.Column("own_share", sa.Float(), nullable=False),
        sa.Column("evidence", sa.Text()),
        sa.PrimaryKeyConstraint("head_id", "story_id", name="pk_family"),
    )
    op.create_index("ix_family_story_id_reason", "family", ["story_id", "reason"])
    op.create_index("ix_family_compared_id", "family", ["compared_id"])
    op.create_table(
        "family_link",
        *(_of_story("family_link", name) for name in ("older_id", "younger_id")),
        sa.Column("reason", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Float(), nullable=False) for name in ("similarity", "older_share", "younger_share")),
        sa.Column("evidence", sa.Text()),
        sa.PrimaryKeyConstraint("older_id", "younger_id", name="pk_family_link"),
    )
    op.create_index("ix_family_link_younger_id", "family_link", ["younger_id"])
    op.create_table(
        "family_sketch",
        _of_story("family_sketch", "story_id"),
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("sketch", sa.LargeBinary()),
        sa.Column("is_wire", sa.Boolean(), nullable=False),
        sa.Column("is_rerun", sa.Boolean(), nullable=False),
        sa.Column("compared", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("story_id", name="pk_family_sketch"),
    )
    op.create_index("ix_family_sketch_digest", "family_sketch", ["digest"])


def _of_story(table: str, name: str) -> sa.Column[int]:
    key = sa.ForeignKey("story.id", name=f"fk_{table}_{name}", ondelete="CASCADE")
    return sa.Column(name, sa.Integer(), key, nullable=False)


def _photos() -> None:
    """Filled by `postscraper images --measure`, and at the end of a crawl that keeps pictures."""
    op.create_table(
        "photo",
        sa.Column(
            "capture_id",
            sa.Integer(),
            sa.ForeignKey("capture.id", name="fk_photo_capture_id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("captured_at", sa.String(32)),  # ISO text in UTC
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("mime", sa.Text()),
        sa.Column("width", sa.Integer()),
        sa.Column("height", sa.Integer()),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("phash", sa.Text()),
        sa.PrimaryKeyConstraint("capture_id", name="pk_photo"),
    )
    for column in ("address", "phash"):
        op.create_index(f"ix_photo_{column}", "photo", [column])
