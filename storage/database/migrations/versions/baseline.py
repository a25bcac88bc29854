"""The schema that later migrations begin from; a new archive is made whole and needs none of them."""

revision = "0004"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing to change: there is no archive of an earlier schema that this program can open."""
