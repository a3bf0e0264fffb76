"""Revocations that a second person confirms, and which award another one renews."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "revocation_request",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("award_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Integer(), nullable=True),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_confirmed", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["institution.id"],
            name=op.f("fk_revocation_request_institution_id_institution"),
        ),
        sa.ForeignKeyConstraint(
            ["award_id"], ["award.id"], name=op.f("fk_revocation_request_award_id_award")
        ),
        sa.ForeignKeyConstraint(
            ["requested_by"], ["person.id"], name=op.f("fk_revocation_request_requested_by_person")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["person.id"], name=op.f("fk_revocation_request_decided_by_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revocation_request")),
    )
    op.create_index(
        "uq_revocation_request_open",
        "revocation_request",
        ["award_id"],
        unique=True,
        sqlite_where=sa.text("decided_at IS NULL"),
        postgresql_where=sa.text("decided_at IS NULL"),
    )
    with op.batch_alter_table("award") as batch:
        batch.add_column(sa.Column("renews_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(op.f("fk_award_renews_id_award"), "award", ["renews_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("award") as batch:
        batch.drop_constraint(op.f("fk_award_renews_id_award"), type_="foreignkey")
        batch.drop_column("renews_id")
    op.drop_table("revocation_request")
