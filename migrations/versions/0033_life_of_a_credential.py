"""Status lists, results and editions of a credential; keys that sign JSON Web Tokens."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "status_list",
        sa.Column("issuer_id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=40), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("bits", sa.LargeBinary(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("signed", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["issuer_id"], ["issuer_profile.id"], name=op.f("fk_status_list_issuer_id_issuer_profile")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_status_list")),
        sa.UniqueConstraint("public_id", name=op.f("uq_status_list_public_id")),
    )
    op.create_index(op.f("ix_status_list_issuer_id"), "status_list", ["issuer_id"])
    op.create_table(
        "award_result",
        sa.Column("award_id", sa.Integer(), nullable=False),
        sa.Column("criterion_id", sa.Integer(), nullable=False),
        sa.Column("rubric_level_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["award_id"], ["award.id"], name=op.f("fk_award_result_award_id_award")
        ),
        sa.ForeignKeyConstraint(
            ["criterion_id"], ["criterion.id"], name=op.f("fk_award_result_criterion_id_criterion")
        ),
        sa.ForeignKeyConstraint(
            ["rubric_level_id"],
            ["rubric_level.id"],
            name=op.f("fk_award_result_rubric_level_id_rubric_level"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_award_result")),
        sa.UniqueConstraint(
            "award_id", "criterion_id", name=op.f("uq_award_result_award_id_criterion_id")
        ),
    )
    op.create_table(
        "credential_edition",
        sa.Column("award_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("credential", sa.Text(), nullable=False),
        sa.Column("issuer_key_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["award_id"], ["award.id"], name=op.f("fk_credential_edition_award_id_award")
        ),
        sa.ForeignKeyConstraint(
            ["issuer_key_id"],
            ["issuer_key.id"],
            name=op.f("fk_credential_edition_issuer_key_id_issuer_key"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credential_edition")),
        sa.UniqueConstraint(
            "award_id", "number", name=op.f("uq_credential_edition_award_id_number")
        ),
    )
    with op.batch_alter_table("issuer_key") as batch:
        batch.add_column(
            sa.Column("kind", sa.String(length=40), nullable=False, server_default="ed25519")
        )
        batch.add_column(sa.Column("public_jwk", sa.JSON(), nullable=True))
    with op.batch_alter_table("issuer_key") as batch:
        batch.alter_column("kind", server_default=None)
    with op.batch_alter_table("award") as batch:
        batch.add_column(sa.Column("status_list_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("status_index", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("suspension_reason", sa.Text(), nullable=True))
        batch.add_column(
            sa.Column("visibility", sa.String(length=40), nullable=False, server_default="link")
        )
        batch.add_column(sa.Column("edition", sa.Integer(), nullable=False, server_default="1"))
        batch.create_foreign_key(
            op.f("fk_award_status_list_id_status_list"), "status_list", ["status_list_id"], ["id"]
        )
        batch.create_unique_constraint(
            op.f("uq_award_status_list_id_status_index"), ["status_list_id", "status_index"]
        )
    with op.batch_alter_table("award") as batch:
        batch.alter_column("visibility", server_default=None)
        batch.alter_column("edition", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("award") as batch:
        batch.drop_constraint(op.f("uq_award_status_list_id_status_index"), type_="unique")
        batch.drop_constraint(op.f("fk_award_status_list_id_status_list"), type_="foreignkey")
        for name in (
            "edition", "visibility", "suspension_reason", "suspended_at", "status_index", "status_list_id",
        ):
            batch.drop_column(name)
    op.execute("DELETE FROM issuer_key WHERE kind = 'rsa'")
    with op.batch_alter_table("issuer_key") as batch:
        batch.drop_column("public_jwk")
        batch.drop_column("kind")
    op.drop_table("credential_edition")
    op.drop_table("award_result")
    op.drop_table("status_list")
