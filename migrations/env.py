"""Alembic's environment: our metadata, the application's engine."""

from typing import Any

from alembic import context
from sqlalchemy import TypeDecorator

from app.core.db import db
from app.core.orm import Base

config = context.config


def render_item(kind: str, item: Any, _autogen_context: Any) -> str | bool:
    """Write our own column types as the plain types that the database holds."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl_instance!r}"
    return False


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
            render_item=render_item,
        )
        with context.begin_transaction():
            context.run_migrations()


run_migrations()
