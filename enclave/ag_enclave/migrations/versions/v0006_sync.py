"""Other enclaves, and which request went to whom or came from whom."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "sync_peers",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("public_key", sa.Text, nullable=False),
        sa.Column("sent", sa.Integer, nullable=False),
        sa.Column("taken", sa.Integer, nullable=False),
    )
    op.create_table(
        "sync_travels",
        sa.Column("request_id", sa.String(36), primary_key=True),
        sa.Column("peer", sa.String(64), nullable=False),
        sa.Column("came", sa.Boolean, nullable=False),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("sync_travels")
    op.drop_table("sync_peers")
