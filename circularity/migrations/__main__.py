"""Write a revision with what the models have and the migrations lack.

Use `python -m circularity.migrations "why"` in a checkout.

Read and tidy what it wrote: triggers, data and renamed columns are not found by comparing.
"""

from __future__ import annotations

import sys

from alembic import command

from circularity.database import alembic_config, create_engine_for, newest_revision, upgrade


def write_revision(message: str) -> None:
    """Compare a fresh database at the newest revision with the models and write the next revision."""
    engine = create_engine_for("sqlite://")
    upgrade(engine)
    following = int(newest_revision() or 0) + 1
    with engine.begin() as connection:
        config = alembic_config(connection)
        command.revision(config, message=message, autogenerate=True, rev_id=f"{following:04d}")


if __name__ == "__main__":
    write_revision(" ".join(sys.argv[1:]))
