"""Whose each data set is; those of earlier releases stay every owner's."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Make the table, with the row for all data sets that nothing is recorded of."""
    made = op.create_table(
        "dataset_owners",
        sa.Column("account", sa.String(300), primary_key=True),
        sa.Column("user_id", sa.String(80), primary_key=True),
    )
    op.bulk_insert(made, [{"account": "*", "user_id": "*"}])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("dataset_owners")
