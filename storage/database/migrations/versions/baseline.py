"""Baseline of the migrations; a new archive is created with the newest schema and needs none."""

revision = "0004"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """No change: this program opens no archive of an earlier schema."""
