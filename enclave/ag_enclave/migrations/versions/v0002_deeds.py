"""One-time secrets, accounts that another issuer vouches for, deeds for the log, and failed logins that a restart doesn't forget."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Widen the accounts, and make the two tables."""
    with op.batch_alter_table("accounts") as table:
        table.add_column(sa.Column("one_time", sa.Boolean, nullable=False, server_default=sa.false()))
        table.add_column(sa.Column("issuer", sa.String(255), nullable=False, server_default=""))
    op.create_table(
        "deeds",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sa.Column("told", sa.Boolean, nullable=False),
    )
    op.create_table(
        "login_failures",
        sa.Column("who", sa.String(64), primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("until", sa.Float, nullable=False),
    )


def downgrade() -> None:
    """Drop them; accounts of other issuers go with their column."""
    op.drop_table("login_failures")
    op.drop_table("deeds")
    op.execute("DELETE FROM accounts WHERE issuer <> ''")
    with op.batch_alter_table("accounts") as table:
        table.drop_column("issuer")
        table.drop_column("one_time")
