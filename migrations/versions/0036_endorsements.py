"""The committee's endorsements, and which issuer profile speaks for it."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "version_endorsement",
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("issuer_key_id", sa.Integer(), nullable=False),
        sa.Column("credential", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["achievement_version.id"],
            name=op.f("fk_version_endorsement_version_id_achievement_version"),
        ),
        sa.ForeignKeyConstraint(
            ["issuer_key_id"],
            ["issuer_key.id"],
            name=op.f("fk_version_endorsement_issuer_key_id_issuer_key"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_version_endorsement")),
        sa.UniqueConstraint("version_id", name=op.f("uq_version_endorsement_version_id")),
    )
    with op.batch_alter_table("issuer_profile") as batch:
        batch.add_column(
            sa.Column("endorses", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    with op.batch_alter_table("issuer_profile") as batch:
        batch.alter_column("endorses", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("issuer_profile") as batch:
        batch.drop_column("endorses")
    op.drop_table("version_endorsement")
