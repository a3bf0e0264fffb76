"""Lanes and timers of the outbox, columns of the tool's own, what was found in a gradebook."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


OPEN = sa.text("state IN ('waiting', 'failing')")


def upgrade() -> None:
    op.add_column(
        "delivery",
        sa.Column("lane", sa.String(length=60), server_default="", nullable=False),
    )
    for name, columns in (
        ("ix_delivery_due_in_lane", ["lane", "next_attempt_at", "id"]),
        ("ix_delivery_open_subject", ["subject", "id"]),
    ):
        op.create_index(name, "delivery", columns, sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_table(
        "outbox_lane",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("holder", sa.String(length=40), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_lane")),
        sa.UniqueConstraint("name", name=op.f("uq_outbox_lane_name")),
    )
    op.create_table(
        "timer",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_run_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(length=200), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timer")),
        sa.UniqueConstraint("name", name=op.f("uq_timer_name")),
    )
    op.create_table(
        "status_column",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("achievement_id", sa.Integer(), nullable=False),
        sa.Column("resource_id", sa.String(length=36), nullable=False),
        sa.Column("label", sa.String(length=300), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("lineitem_url", sa.String(length=2000), nullable=True),
        sa.Column("column_missing", sa.Boolean(), nullable=False),
        sa.Column("reserved_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["institution.id"],
            name=op.f("fk_status_column_institution_id_institution"),
        ),
        sa.ForeignKeyConstraint(
            ["course_id"], ["course.id"], name=op.f("fk_status_column_course_id_course")
        ),
        sa.ForeignKeyConstraint(
            ["achievement_id"],
            ["achievement.id"],
            name=op.f("fk_status_column_achievement_id_achievement"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_status_column")),
        sa.UniqueConstraint(
            "course_id", "achievement_id", name=op.f("uq_status_column_course_id_achievement_id")
        ),
        sa.UniqueConstraint("resource_id", name=op.f("uq_status_column_resource_id")),
    )
    op.create_table(
        "column_comparison",
        sa.Column("assignment_id", sa.Integer(), nullable=False),
        sa.Column("compared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["assignment_id"],
            ["assignment.id"],
            name=op.f("fk_column_comparison_assignment_id_assignment"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_column_comparison")),
        sa.UniqueConstraint("assignment_id", name=op.f("uq_column_comparison_assignment_id")),
    )
    with op.batch_alter_table("gradebook_cell") as cell:
        cell.alter_column("assignment_id", existing_type=sa.Integer(), nullable=True)
        cell.add_column(sa.Column("status_column_id", sa.Integer(), nullable=True))
        cell.add_column(sa.Column("found_points", sa.Double(), nullable=True))
        cell.add_column(sa.Column("found_max_points", sa.Double(), nullable=True))
        cell.add_column(sa.Column("found_at", sa.DateTime(timezone=True), nullable=True))
        cell.create_foreign_key(
            op.f("fk_gradebook_cell_status_column_id_status_column"),
            "status_column",
            ["status_column_id"],
            ["id"],
        )
        cell.create_unique_constraint(
            op.f("uq_gradebook_cell_status_column_id_person_id"),
            ["status_column_id", "person_id"],
        )
        cell.create_check_constraint(
            op.f("ck_gradebook_cell_one_column"),
            "(assignment_id IS NULL) <> (status_column_id IS NULL)",
        )


def downgrade() -> None:
    # What was told of status columns has no place in the older table.
    op.execute("DELETE FROM gradebook_cell WHERE assignment_id IS NULL")
    with op.batch_alter_table("gradebook_cell") as cell:
        cell.drop_constraint(op.f("ck_gradebook_cell_one_column"), type_="check")
        cell.drop_constraint(op.f("uq_gradebook_cell_status_column_id_person_id"), type_="unique")
        cell.drop_constraint(
            op.f("fk_gradebook_cell_status_column_id_status_column"), type_="foreignkey"
        )
        for name in ("found_at", "found_max_points", "found_points", "status_column_id"):
            cell.drop_column(name)
        cell.alter_column("assignment_id", existing_type=sa.Integer(), nullable=False)
    op.drop_table("column_comparison")
    op.drop_table("status_column")
    op.drop_table("timer")
    op.drop_table("outbox_lane")
    for name in ("ix_delivery_open_subject", "ix_delivery_due_in_lane"):
        op.drop_index(name, "delivery")
    with op.batch_alter_table("delivery") as delivery:
        delivery.drop_column("lane")
