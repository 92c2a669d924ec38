"""Salts of the digests of results: what the log has of a result no longer lets anybody find it by trying."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
_COLUMNS = (("code_requests", "result_salt"), ("review_runs", "salt"))


def upgrade() -> None:
    """Add them; results of before have none."""
    for table, name in _COLUMNS:
        op.add_column(table, sa.Column(name, sa.String(64), nullable=False, server_default=""))


def downgrade() -> None:
    """Drop them."""
    for table, name in _COLUMNS:
        op.drop_column(table, name)
