"""The log's indexes by actor, action and subject, so that a page of it is as quick at its end as at its beginning. Frozen; later changes are later files."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the indexes; each ends with the entry's number, since pages are read from the newest."""
    for name in ("actor", "action", "subject"):
        op.create_index(f"log_by_{name}", "log", [name, "sequence"])
