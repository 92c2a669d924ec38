"""People of another side are named after it, ``low/ann``: ``ann@low`` may be the name of an account here."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_travels = sa.table("sync_travels", sa.column("request_id"), sa.column("peer"), sa.column("came"))
_requests = sa.table("code_requests", sa.column("request_id"), sa.column("analyst"), sa.column("reader"))


def upgrade() -> None:
    """Rename whoever came with a file."""
    connection = op.get_bind()
    came = sa.select(_travels.c.request_id, _travels.c.peer).where(_travels.c.came == sa.true())
    for request_id, peer in connection.execute(came).all():
        this = _requests.c.request_id == request_id
        for column in (_requests.c.analyst, _requests.c.reader):
            who = connection.execute(sa.select(column).where(this)).scalar_one_or_none()
            if who is not None and who.endswith(f"@{peer}"):
                renamed = f"{peer}/{who.removesuffix(f'@{peer}')}"
                connection.execute(sa.update(_requests).where(this).values({column.name: renamed}))


def downgrade() -> None:
    """Nothing: the names are as unique as before."""
