"""Projects, and code for review with its runs."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the tables."""
    _projects()
    _code()


def _projects() -> None:
    op.create_table(
        "projects",
        sa.Column("project_id", sa.String(36), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False, unique=True),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("made_by", sa.String(80), nullable=False),
        sa.Column("made_at", sa.String(32), nullable=False),
    )
    op.create_table(
        "project_members",
        sa.Column("project_id", sa.String(36), primary_key=True),
        sa.Column("user_id", sa.String(80), primary_key=True),
    )


def _code() -> None:
    texts = ("source", "inputs", "answer", "overridden")
    op.create_table(
        "code_requests",
        sa.Column("request_id", sa.String(36), primary_key=True),
        sa.Column("analyst", sa.String(80), nullable=False, index=True),
        sa.Column("project", sa.String(200), nullable=False),
        sa.Column("function", sa.String(100), nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in texts),
        sa.Column("runs_allowed", sa.Integer, nullable=False),
        sa.Column("runs_used", sa.Integer, nullable=False),
        sa.Column("reader", sa.String(80), nullable=False),
        sa.Column("code_digest", sa.String(64), nullable=False),
        sa.Column("asked_at", sa.String(32), nullable=False),
        sa.Column("state", sa.String(12), nullable=False, index=True),
        sa.Column("decided_by", sa.String(80), nullable=False),
        sa.Column("decided_at", sa.String(32), nullable=False),
        sa.Column("result_digest", sa.String(64), nullable=False),
        sa.Column("result", sa.LargeBinary, nullable=True),
        sa.Column("fetched_at", sa.String(32), nullable=False),
    )
    op.create_table(
        "review_runs",
        sa.Column("run_id", sa.String(36), primary_key=True),
        sa.Column("request_id", sa.String(36), nullable=False, index=True),
        sa.Column("on", sa.String(4), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("outcome", sa.String(12), nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("lines", "printed", "warnings")),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("value", sa.LargeBinary, nullable=True),
    )


def downgrade() -> None:
    """Drop them."""
    for table in ("review_runs", "code_requests", "project_members", "projects"):
        op.drop_table(table)
