"""Balances also sum the ρ of events that have no ε. Frozen; later changes are later files."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the sum. It is 0 so far: no release of the time before this column could cost ρ alone."""
    op.add_column("balances", sa.Column("impure_rho", sa.BigInteger, nullable=False, server_default="0"))
