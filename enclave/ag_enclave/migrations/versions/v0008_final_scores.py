"""Scores on the rows that a competition's board leaves out."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Two columns; what was submitted before has none."""
    for name in ("final", "final_half_width"):
        op.add_column("submissions", sa.Column(name, sa.Float))


def downgrade() -> None:
    """Drop them."""
    for name in ("final", "final_half_width"):
        op.drop_column("submissions", name)
