"""Alembic's environment: our metadata, the application's engine."""

from alembic import context

from app.core.db import db
from app.core.orm import Base

config = context.config


def run_migrations() -> None:
    """Migrate within one transaction; SQLite changes tables by copying them."""
    is_sqlite = db.engine.dialect.name == "sqlite"
    with db.engine.connect() as connection:
        if is_sqlite:
            # Tables are copied and dropped; references to them must not cascade meanwhile.
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.rollback()
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=is_sqlite,
            compare_type=True,
            user_module_prefix="app.core.orm.",
        )
        with context.begin_transaction():
            context.run_migrations()


run_migrations()
