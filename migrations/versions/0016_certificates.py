"""Certificates: the sets of their parts, what each was awarded for, and what fell since."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stack_group",
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("needed", sa.Integer(), nullable=False),
        sa.Column("group_count", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint("needed > 0", name=op.f("ck_stack_group_needed_positive")),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["achievement_version.id"],
            name=op.f("fk_stack_group_version_id_achievement_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stack_group")),
        sa.UniqueConstraint(
            "version_id", "position", name=op.f("uq_stack_group_version_id_position")
        ),
    )
    op.create_table(
        "stack_part",
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("achievement_id", sa.Integer(), nullable=False),
        sa.Column("from_version", sa.Integer(), nullable=True),
        sa.Column("versions", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["stack_group.id"], name=op.f("fk_stack_part_group_id_stack_group")
        ),
        sa.ForeignKeyConstraint(
            ["achievement_id"],
            ["achievement.id"],
            name=op.f("fk_stack_part_achievement_id_achievement"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stack_part")),
        sa.UniqueConstraint("group_id", "position", name=op.f("uq_stack_part_group_id_position")),
        sa.UniqueConstraint(
            "group_id", "achievement_id", name=op.f("uq_stack_part_group_id_achievement_id")
        ),
    )
    op.create_index("ix_stack_part_achievement_id", "stack_part", ["achievement_id"])
    op.create_table(
        "award_part",
        sa.Column("award_id", sa.Integer(), nullable=False),
        sa.Column("stack_part_id", sa.Integer(), nullable=False),
        sa.Column("part_award_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["award_id"], ["award.id"], name=op.f("fk_award_part_award_id_award")
        ),
        sa.ForeignKeyConstraint(
            ["stack_part_id"],
            ["stack_part.id"],
            name=op.f("fk_award_part_stack_part_id_stack_part"),
        ),
        sa.ForeignKeyConstraint(
            ["part_award_id"], ["award.id"], name=op.f("fk_award_part_part_award_id_award")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_award_part")),
        sa.UniqueConstraint(
            "award_id", "part_award_id", name=op.f("uq_award_part_award_id_part_award_id")
        ),
    )
    op.create_index("ix_award_part_part_award_id", "award_part", ["part_award_id"])
    op.create_table(
        "award_flag",
        sa.Column("award_id", sa.Integer(), nullable=False),
        sa.Column("part_award_id", sa.Integer(), nullable=False),
        sa.Column("fell", sa.Boolean(), nullable=False),
        sa.Column("flagged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["award_id"], ["award.id"], name=op.f("fk_award_flag_award_id_award")
        ),
        sa.ForeignKeyConstraint(
            ["part_award_id"], ["award.id"], name=op.f("fk_award_flag_part_award_id_award")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_award_flag")),
        sa.UniqueConstraint(
            "award_id", "part_award_id", name=op.f("uq_award_flag_award_id_part_award_id")
        ),
    )
    op.create_index("ix_award_flag_part_award_id", "award_flag", ["part_award_id"])
    op.create_index("ix_award_person_id", "award", ["person_id"])
    with op.batch_alter_table("level") as batch:
        batch.add_column(sa.Column("part_levels", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    with op.batch_alter_table("level") as batch:
        batch.drop_column("part_levels")
    op.drop_index("ix_award_person_id", table_name="award")
    op.drop_table("award_flag")
    op.drop_table("award_part")
    op.drop_table("stack_part")
    op.drop_table("stack_group")
