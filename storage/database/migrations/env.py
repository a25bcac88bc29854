"""Entry point of Alembic: runs the migrations on the connection of `run.configuration`."""

from alembic import context

from storage.database.migrations.run import include_name
from storage.database.schema import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    include_name=include_name,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
