"""Competitions, and what was submitted to them."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the two tables."""
    op.create_table(
        "competitions",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("rules", sa.Text, nullable=False),
        sa.Column("scored", sa.Text, nullable=False),
    )
    op.create_table(
        "submissions",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("competition", sa.String(64), sa.ForeignKey("competitions.name"), nullable=False, index=True),
        sa.Column("analyst", sa.String(80), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("score", sa.Float, nullable=False),
        sa.Column("half_width", sa.Float, nullable=False),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("submissions")
    op.drop_table("competitions")
