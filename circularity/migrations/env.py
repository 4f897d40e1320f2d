"""Alembic's entry: migrates over the connection that `circularity.database` hands in."""

from __future__ import annotations

from alembic import context

from circularity.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
