"""Redacted copies and proposals' documents are scanned as files are; a copy may be gone."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("redacted_copy") as batch:
        batch.add_column(sa.Column("finding", sa.String(length=150), nullable=True))
        batch.add_column(sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
        batch.alter_column("storage_key", existing_type=sa.String(length=200), nullable=True)
        batch.create_index(op.f("ix_redacted_copy_storage_key"), ["storage_key"])
    with op.batch_alter_table("proposal_document") as batch:
        batch.add_column(
            sa.Column(
                "scan_state", sa.String(length=40), nullable=False, server_default="not_scanned"
            )
        )
        batch.add_column(sa.Column("scanned_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("finding", sa.String(length=150), nullable=True))
        batch.create_index(op.f("ix_proposal_document_storage_key"), ["storage_key"])


def downgrade() -> None:
    with op.batch_alter_table("proposal_document") as batch:
        batch.drop_index(op.f("ix_proposal_document_storage_key"))
        batch.drop_column("finding")
        batch.drop_column("scanned_at")
        batch.drop_column("scan_state")
    # Of a copy whose bytes are gone the version before knows nothing: a key that finds no file.
    op.execute(
        "UPDATE redacted_copy SET storage_key = '00000000000000000000000000000000'"
        " WHERE storage_key IS NULL"
    )
    with op.batch_alter_table("redacted_copy") as batch:
        batch.drop_index(op.f("ix_redacted_copy_storage_key"))
        batch.alter_column("storage_key", existing_type=sa.String(length=200), nullable=False)
        batch.drop_column("deleted_at")
        batch.drop_column("finding")
