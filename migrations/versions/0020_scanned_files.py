"""What a scanner found, and quick ways to the files that it has still to look at."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

UNSCANNED = sa.text("scanned_at IS NULL AND storage_key IS NOT NULL")


def upgrade() -> None:
    with op.batch_alter_table("artifact") as batch:
        batch.add_column(sa.Column("finding", sa.String(length=150), nullable=True))
    op.create_index("ix_artifact_storage_key", "artifact", ["storage_key"])
    op.create_index(
        "ix_artifact_unscanned",
        "artifact",
        ["scan_state", "id"],
        sqlite_where=UNSCANNED,
        postgresql_where=UNSCANNED,
    )


def downgrade() -> None:
    op.drop_index("ix_artifact_unscanned", table_name="artifact")
    op.drop_index("ix_artifact_storage_key", table_name="artifact")
    with op.batch_alter_table("artifact") as batch:
        batch.drop_column("finding")
