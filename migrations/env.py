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
        driver = connection.connection.driver_connection
        if is_sqlite and driver is not None:
            # Tables are copied and dropped; what refers to them must not be asked meanwhile.
            # Said to the driver: within a transaction, which we begin ourselves, it says nothing.
            driver.execute("PRAGMA foreign_keys=OFF")
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=is_sqlite,
            compare_type=True,
            render_item=render_item,
        )
        try:
            with context.begin_transaction():
                context.run_migrations()
        finally:
            connection.rollback()
            if is_sqlite and driver is not None:
                driver.execute("PRAGMA foreign_keys=ON")


run_migrations()
