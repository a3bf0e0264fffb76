"""The programme's rules, drafts of achievements, reviewers, pass rules and weights."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ALL_REQUIRED = '{"kind": "all_required"}'


def upgrade() -> None:
    op.create_table(
        "programme",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["institution.id"],
            name=op.f("fk_programme_institution_id_institution"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programme")),
        sa.UniqueConstraint("institution_id", name=op.f("uq_programme_institution_id")),
    )
    op.create_table(
        "reviewer_appointment",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("group_key", sa.String(length=60), nullable=False),
        sa.Column("unit", sa.String(length=200), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["institution.id"],
            name=op.f("fk_reviewer_appointment_institution_id_institution"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_reviewer_appointment_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviewer_appointment")),
    )
    op.create_index(
        "ix_reviewer_appointment_person_id", "reviewer_appointment", ["person_id"], unique=False
    )
    with op.batch_alter_table("level") as batch:
        batch.add_column(
            sa.Column("pass_rules", sa.JSON(), nullable=False, server_default='["all_required"]')
        )
        batch.add_column(
            sa.Column("revokes_with_part", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    with op.batch_alter_table("achievement_version") as batch:
        batch.add_column(sa.Column("approved_until", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("draft", sa.JSON(none_as_null=True), nullable=True))
        batch.add_column(
            sa.Column("pass_rule", sa.JSON(), nullable=False, server_default=ALL_REQUIRED)
        )
        batch.add_column(sa.Column("issuing_unit", sa.String(length=200), nullable=True))
        batch.add_column(sa.Column("validity_months", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("renewal", sa.Text(), nullable=True))
        batch.add_column(sa.Column("proposed_by", sa.Integer(), nullable=True))
        batch.create_foreign_key(
            op.f("fk_achievement_version_proposed_by_person"), "person", ["proposed_by"], ["id"]
        )
    with op.batch_alter_table("criterion") as batch:
        batch.add_column(sa.Column("weight", sa.Integer(), nullable=False, server_default="1"))
    with op.batch_alter_table("award") as batch:
        batch.alter_column("awarded_by", existing_type=sa.Integer(), nullable=True)
        batch.add_column(sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    # An award by rule has no awarder; the tables of before must have one: its holder.
    op.execute("UPDATE award SET awarded_by = person_id WHERE awarded_by IS NULL")
    with op.batch_alter_table("award") as batch:
        batch.drop_column("valid_until")
        batch.alter_column("awarded_by", existing_type=sa.Integer(), nullable=False)
    with op.batch_alter_table("criterion") as batch:
        batch.drop_column("weight")
    with op.batch_alter_table("achievement_version") as batch:
        batch.drop_constraint(
            op.f("fk_achievement_version_proposed_by_person"), type_="foreignkey"
        )
        for name in (
            "proposed_by",
            "renewal",
            "validity_months",
            "issuing_unit",
            "pass_rule",
            "draft",
            "approved_until",
        ):
            batch.drop_column(name)
    with op.batch_alter_table("level") as batch:
        batch.drop_column("revokes_with_part")
        batch.drop_column("pass_rules")
    op.drop_table("reviewer_appointment")
    op.drop_table("programme")
