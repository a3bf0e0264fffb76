"""Add invitations, administrators, what registrations and launches tell, and the life of keys."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "administrator",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["institution.id"],
            name=op.f("fk_administrator_institution_id_institution"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_administrator_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_administrator")),
    )
    op.create_index("ix_administrator_person_id", "administrator", ["person_id"], unique=False)
    op.create_table(
        "invitation",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("platform_pk", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["institution.id"],
            name=op.f("fk_invitation_institution_id_institution"),
        ),
        sa.ForeignKeyConstraint(
            ["platform_pk"], ["platform.id"], name=op.f("fk_invitation_platform_pk_platform")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_invitation_secret_hash")),
    )
    op.create_index("ix_invitation_institution_id", "invitation", ["institution_id"], unique=False)
    with op.batch_alter_table("platform") as table:
        table.add_column(
            sa.Column(
                "approves_deployments", sa.Boolean(), nullable=False, server_default=sa.false()
            )
        )
        table.add_column(sa.Column("told", sa.JSON(none_as_null=True), nullable=True))
    with op.batch_alter_table("deployment") as table:
        table.add_column(sa.Column("seen", sa.JSON(none_as_null=True), nullable=True))
        table.add_column(sa.Column("check_result", sa.JSON(none_as_null=True), nullable=True))
        table.add_column(sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("tool_key") as table:
        table.add_column(sa.Column("active_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("retiring_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "uq_tool_key_active",
        "tool_key",
        ["status"],
        unique=True,
        sqlite_where=sa.text("status = 'active'"),
        postgresql_where=sa.text("status = 'active'"),
    )


def downgrade() -> None:
    # What waits or is over has no word in the older program; these two come nearest.
    op.execute("UPDATE platform SET status = 'disabled' WHERE status = 'pending'")
    op.execute("UPDATE tool_key SET status = 'revoked' WHERE status = 'retired'")
    op.drop_index("uq_tool_key_active", table_name="tool_key")
    with op.batch_alter_table("tool_key") as table:
        table.drop_column("retiring_at")
        table.drop_column("active_at")
    with op.batch_alter_table("deployment") as table:
        table.drop_column("checked_at")
        table.drop_column("check_result")
        table.drop_column("seen")
    with op.batch_alter_table("platform") as table:
        table.drop_column("told")
        table.drop_column("approves_deployments")
    op.drop_table("invitation")
    op.drop_table("administrator")
