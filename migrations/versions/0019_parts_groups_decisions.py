"""Parts, groups, anonymity, promises; every assessment so far was a decision that was told at once."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("achievement") as batch:
        batch.add_column(sa.Column("promise_days", sa.Integer(), nullable=True))
        batch.add_column(
            sa.Column("is_allocated", sa.Boolean(), nullable=False, server_default=sa.false())
        )

    with op.batch_alter_table("achievement_version") as batch:
        batch.add_column(
            sa.Column("grantors_needed", sa.Integer(), nullable=False, server_default="1")
        )
        batch.add_column(
            sa.Column("is_anonymous", sa.Boolean(), nullable=False, server_default=sa.false())
        )

    with op.batch_alter_table("artifact") as batch:
        batch.add_column(sa.Column("criterion_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("title", sa.String(length=300), nullable=True))
        batch.add_column(sa.Column("captured_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("origin_id", sa.Integer(), nullable=True))
        batch.add_column(
            sa.Column(
                "scan_state", sa.String(length=40), nullable=False, server_default="not_scanned"
            )
        )
        batch.add_column(sa.Column("scanned_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
        batch.alter_column("size_bytes", existing_type=sa.Integer(), type_=sa.BigInteger())
        batch.create_index(op.f("ix_artifact_origin_id"), ["origin_id"])
        batch.create_foreign_key(
            op.f("fk_artifact_origin_id_artifact"), "artifact", ["origin_id"], ["id"]
        )
        batch.create_foreign_key(
            op.f("fk_artifact_criterion_id_criterion"), "criterion", ["criterion_id"], ["id"]
        )

    with op.batch_alter_table("assessment") as batch:
        batch.add_column(
            sa.Column("capacity", sa.String(length=40), nullable=False, server_default="grantor")
        )
        batch.add_column(sa.Column("staff_note", sa.Text(), nullable=True))
        batch.add_column(
            sa.Column("states_no_conflict", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch.add_column(sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True))
        batch.drop_constraint(op.f("uq_assessment_attempt_id_grantor_id"), type_="unique")
        batch.create_index(
            "uq_assessment_attempt_id_grantor_id",
            ["attempt_id", "grantor_id"],
            unique=True,
            sqlite_where=sa.text("undone_at IS NULL"),
            postgresql_where=sa.text("undone_at IS NULL"),
        )

    with op.batch_alter_table("assignment") as batch:
        batch.add_column(sa.Column("max_file_mb", sa.Integer(), nullable=True))
        batch.add_column(
            sa.Column("is_by_criterion", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch.add_column(
            sa.Column("max_group_size", sa.Integer(), nullable=False, server_default="1")
        )
        batch.add_column(sa.Column("statement", sa.Text(), nullable=False, server_default=""))
        batch.create_check_constraint(
            op.f("ck_assignment_max_group_size_positive"), "max_group_size >= 1"
        )

    with op.batch_alter_table("attempt") as batch:
        batch.add_column(sa.Column("revision", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("statement", sa.Text(), nullable=True))
        batch.add_column(sa.Column("signed_by", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("open_parts", sa.JSON(none_as_null=True), nullable=True))
        batch.create_foreign_key(
            op.f("fk_attempt_signed_by_person"), "person", ["signed_by"], ["id"]
        )

    with op.batch_alter_table("grantor_appointment") as batch:
        batch.add_column(
            sa.Column("role", sa.String(length=40), nullable=False, server_default="grantor")
        )

    with op.batch_alter_table("submission") as batch:
        batch.add_column(sa.Column("lead_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("promised_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True))
        batch.create_index("ix_submission_lead_id", ["lead_id"])
        batch.create_foreign_key(
            op.f("fk_submission_lead_id_submission"), "submission", ["lead_id"], ["id"]
        )
    op.execute(
        "INSERT INTO attempt_decision (institution_id, submission_id, attempt_id, assessment_id,"
        " decision, decided_by, decided_at, release_at, released_at)"
        " SELECT assessment.institution_id, attempt.submission_id, attempt.id, assessment.id,"
        " assessment.decision, assessment.grantor_id, assessment.assessed_at,"
        " assessment.assessed_at, assessment.assessed_at"
        " FROM assessment JOIN attempt ON attempt.id = assessment.attempt_id"
        " ORDER BY assessment.id"
    )


def downgrade() -> None:
    # What was undone or never decided leaves no trace in the older shape, in which an
    # assessment is a decision and a second one of the same grantor has no place.
    kept = (
        "SELECT assessment_id FROM attempt_decision"
        " WHERE released_at IS NOT NULL AND undone_at IS NULL"
    )
    for table in ("rating", "assessment_part", "evidence_mark"):
        op.execute(f"DELETE FROM {table} WHERE assessment_id NOT IN ({kept})")  # noqa: S608
    op.execute("DELETE FROM appeal")
    op.execute(
        "CREATE TEMPORARY TABLE deciding_assessment AS " + kept
    )
    op.execute("DELETE FROM attempt_decision")
    op.execute("DELETE FROM assessment WHERE id NOT IN (SELECT assessment_id FROM deciding_assessment)")
    op.execute("DROP TABLE deciding_assessment")
    with op.batch_alter_table("submission") as batch:
        batch.drop_constraint(op.f("fk_submission_lead_id_submission"), type_="foreignkey")
        batch.drop_index("ix_submission_lead_id")
        batch.drop_column("decided_at")
        batch.drop_column("promised_at")
        batch.drop_column("lead_id")

    with op.batch_alter_table("grantor_appointment") as batch:
        batch.drop_column("role")

    with op.batch_alter_table("attempt") as batch:
        batch.drop_constraint(op.f("fk_attempt_signed_by_person"), type_="foreignkey")
        batch.drop_column("open_parts")
        batch.drop_column("withdrawn_at")
        batch.drop_column("signed_at")
        batch.drop_column("signed_by")
        batch.drop_column("statement")
        batch.drop_column("revision")

    with op.batch_alter_table("assignment") as batch:
        batch.drop_constraint(op.f("ck_assignment_max_group_size_positive"), type_="check")
        batch.drop_column("statement")
        batch.drop_column("max_group_size")
        batch.drop_column("is_by_criterion")
        batch.drop_column("max_file_mb")

    with op.batch_alter_table("assessment") as batch:
        batch.drop_index(
            "uq_assessment_attempt_id_grantor_id",
            sqlite_where=sa.text("undone_at IS NULL"),
            postgresql_where=sa.text("undone_at IS NULL"),
        )
        batch.create_unique_constraint(
            op.f("uq_assessment_attempt_id_grantor_id"), ["attempt_id", "grantor_id"]
        )
        batch.drop_column("undone_at")
        batch.drop_column("states_no_conflict")
        batch.drop_column("staff_note")
        batch.drop_column("capacity")

    with op.batch_alter_table("artifact") as batch:
        batch.drop_constraint(op.f("fk_artifact_criterion_id_criterion"), type_="foreignkey")
        batch.drop_constraint(op.f("fk_artifact_origin_id_artifact"), type_="foreignkey")
        batch.drop_index(op.f("ix_artifact_origin_id"))
        batch.alter_column("size_bytes", existing_type=sa.BigInteger(), type_=sa.Integer())
        batch.drop_column("deleted_at")
        batch.drop_column("scanned_at")
        batch.drop_column("scan_state")
        batch.drop_column("origin_id")
        batch.drop_column("captured_at")
        batch.drop_column("title")
        batch.drop_column("criterion_id")

    with op.batch_alter_table("achievement_version") as batch:
        batch.drop_column("is_anonymous")
        batch.drop_column("grantors_needed")

    with op.batch_alter_table("achievement") as batch:
        batch.drop_column("is_allocated")
        batch.drop_column("promise_days")
