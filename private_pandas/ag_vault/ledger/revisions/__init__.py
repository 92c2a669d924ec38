"""The ledger's migrations, oldest first, as modules: imported before the jail closes, so that none is looked up on disk.

Alembic runs them and keeps its version table; only the search for files is left out.
"""

from collections.abc import Iterator
from types import ModuleType

import sqlalchemy as sa
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script import Script
from alembic.script.revision import RevisionMap

from ag_vault.ledger.revisions import (
    r0001_events,
    r0002_impure_rho,
    r0003_log,
    r0004_frozen,
    r0005_log_indexes,
    r0006_unanswered,
)

REVISIONS: tuple[ModuleType, ...] = (
    r0001_events,
    r0002_impure_rho,
    r0003_log,
    r0004_frozen,
    r0005_log_indexes,
    r0006_unanswered,
)


def upgrade(connection: sa.Connection) -> bool:
    """Bring the schema to the newest revision within the connection's transaction.

    Gives False where the database was made by a newer release, which this one must not write to.
    """
    scripts = [Script(module, module.revision, module.__name__) for module in REVISIONS]
    known = [script.revision for script in scripts]
    by_id = RevisionMap(lambda: scripts)
    newest = tuple(by_id.heads)  # asking links the revisions to each other

    def pending(heads: tuple[str, ...], _context: MigrationContext) -> Iterator[RevisionStep]:
        start = known.index(heads[0]) + 1 if heads else 0
        return (RevisionStep(by_id, script, is_upgrade=True) for script in scripts[start:])

    context = MigrationContext.configure(connection, opts={"fn": pending})
    heads = context.get_current_heads()
    if any(head not in known for head in heads):
        return False
    if heads != newest:
        with Operations.context(context):
            context.run_migrations()
    return True
