"""Requests for budget, and the outbox of notices; deeds know whether notices were made of them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables. Deeds of before are old news."""
    with op.batch_alter_table("deeds") as table:
        table.add_column(sa.Column("noticed", sa.Boolean, nullable=False, server_default=sa.true()))
    op.create_table(
        "budget_requests",
        sa.Column("request_id", sa.String(36), primary_key=True),
        sa.Column("analyst", sa.String(80), nullable=False, index=True),
        sa.Column("dataset", sa.String(200), nullable=False),
        sa.Column("epsilon", sa.String(32), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("asked_at", sa.String(32), nullable=False),
        sa.Column("state", sa.String(12), nullable=False, index=True),
        sa.Column("decided_by", sa.String(80), nullable=False),
        sa.Column("decided_at", sa.String(32), nullable=False),
        sa.Column("granted", sa.String(32), nullable=False),
        sa.Column("cap", sa.String(64), nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("seen", sa.Boolean, nullable=False),
    )
    op.create_table(
        "notices",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("deed", sa.Integer, nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("state", sa.String(8), nullable=False, index=True),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("due", sa.Float, nullable=False),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("notices")
    op.drop_table("budget_requests")
    with op.batch_alter_table("deeds") as table:
        table.drop_column("noticed")
