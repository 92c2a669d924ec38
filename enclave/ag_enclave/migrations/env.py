"""Alembic's entry: runs the migrations on the connection it is handed. Opens none of its own."""

from alembic import context

from ag_enclave.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
