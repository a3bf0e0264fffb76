"""Redacted copies are scanned as files are; a disclosure may be written down by somebody."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("redacted_copy") as batch:
        batch.add_column(
            sa.Column(
                "scan_state", sa.String(length=40), nullable=False, server_default="not_scanned"
            )
        )
        batch.add_column(sa.Column("scanned_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("disclosure") as batch:
        batch.alter_column("what", existing_type=sa.String(length=40), type_=sa.String(length=200))
        batch.add_column(sa.Column("recorded_by", sa.Integer(), nullable=True))
        batch.create_foreign_key(
            op.f("fk_disclosure_recorded_by_person"), "person", ["recorded_by"], ["id"]
        )


def downgrade() -> None:
    with op.batch_alter_table("disclosure") as batch:
        batch.drop_constraint(op.f("fk_disclosure_recorded_by_person"), type_="foreignkey")
        batch.drop_column("recorded_by")
        batch.alter_column("what", existing_type=sa.String(length=200), type_=sa.String(length=40))
    with op.batch_alter_table("redacted_copy") as batch:
        batch.drop_column("scanned_at")
        batch.drop_column("scan_state")
