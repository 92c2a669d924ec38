"""Who is invited to a project joins it; a project's name is its maker's own; code for review names its project by number."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_COLUMNS = ("project_id", "name", "description", "made_by", "made_at")
_projects = sa.table("projects", *map(sa.column, _COLUMNS))
_requests = sa.table("code_requests", sa.column("project"), sa.column("project_id"))


def upgrade() -> None:
    """Add the columns, and let names be told apart by makers. Who takes part in a project still does."""
    op.add_column("project_members", sa.Column("joined", sa.Boolean, nullable=False, server_default=sa.true()))
    op.add_column("code_requests", sa.Column("project_id", sa.String(36), nullable=False, server_default=""))
    this = sa.select(_projects.c.project_id).where(_projects.c.name == _requests.c.project).scalar_subquery()
    known = sa.exists().where(_projects.c.name == _requests.c.project)
    op.execute(sa.update(_requests).where(known).values(project_id=this))
    _remake(sa.UniqueConstraint("made_by", "name", name="projects_names"))


def downgrade() -> None:
    """As it was; of several projects of one name the first to be made stays."""
    earlier = _projects.alias()
    again = sa.exists().where(
        (earlier.c.name == _projects.c.name)
        & (
            (earlier.c.made_at < _projects.c.made_at)
            | ((earlier.c.made_at == _projects.c.made_at) & (earlier.c.project_id < _projects.c.project_id))
        )
    )
    op.execute(sa.delete(_projects).where(again))
    _remake(sa.UniqueConstraint("name", name="projects_name_key"))
    op.drop_column("code_requests", "project_id")
    op.drop_column("project_members", "joined")


def _remake(names: sa.UniqueConstraint) -> None:
    """The table of projects with other unique names: SQLite can't change those of a table that there is."""
    made = op.create_table(
        "projects_remade",
        sa.Column("project_id", sa.String(36), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("made_by", sa.String(80), nullable=False),
        sa.Column("made_at", sa.String(32), nullable=False),
        names,
    )
    op.execute(sa.insert(made).from_select(list(_COLUMNS), sa.select(*_projects.c)))
    op.drop_table("projects")
    op.rename_table("projects_remade", "projects")
