"""The steps of the accounts' schema, for Alembic."""
