"""How many charged answers of each analyst were not kept, by account. Frozen; later changes are later files."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the table. What was lost before it is in no count."""
    op.create_table(
        "unanswered",
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("dataset", "analyst")),
        sa.Column("count", sa.BigInteger, nullable=False),
    )
