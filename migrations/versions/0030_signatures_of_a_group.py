"""Each member of a group signs the statement of what they hand in together."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attempt_signature",
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempt.id"], name=op.f("fk_attempt_signature_attempt_id_attempt")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_attempt_signature_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt_signature")),
        sa.UniqueConstraint(
            "attempt_id", "person_id", name=op.f("uq_attempt_signature_attempt_id_person_id")
        ),
    )
    op.create_index(
        op.f("ix_attempt_signature_person_id"), "attempt_signature", ["person_id"]
    )


def downgrade() -> None:
    op.drop_table("attempt_signature")
