"""On PostgreSQL, too, events and log are only appended to. Frozen; later changes are later files."""

from alembic import op

revision = "0004"
down_revision = "0003"

_REFUSE = """
CREATE FUNCTION only_appended() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% is only appended to', TG_TABLE_NAME; END $$
"""
_FROZEN = """
CREATE TRIGGER {table}_frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION only_appended()
"""


def upgrade() -> None:
    """Make the triggers that SQLite has had from the first."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_REFUSE)
        for table in ("events", "log"):
            op.execute(_FROZEN.format(table=table))
