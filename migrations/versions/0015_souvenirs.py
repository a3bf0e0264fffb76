"""Souvenirs in bulk, codes by which they are claimed, people known by an address alone."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "known_address",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["institution.id"],
            name=op.f("fk_known_address_institution_id_institution"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_known_address_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_address")),
        sa.UniqueConstraint(
            "institution_id", "email", name=op.f("uq_known_address_institution_id_email")
        ),
    )
    with op.batch_alter_table("known_address") as batch_op:
        batch_op.create_index(batch_op.f("ix_known_address_person_id"), ["person_id"], unique=False)

    op.create_table(
        "souvenir_claim_miss",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("missed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_souvenir_claim_miss_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_souvenir_claim_miss")),
    )
    with op.batch_alter_table("souvenir_claim_miss") as batch_op:
        batch_op.create_index(
            batch_op.f("ix_souvenir_claim_miss_person_id"), ["person_id"], unique=False
        )

    op.create_table(
        "souvenir_batch",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("achievement_id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=True),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=True),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("problem", sa.String(length=500), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revocation_reason", sa.Text(), nullable=True),
        sa.Column("revoked_by", sa.String(length=80), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["achievement_id"],
            ["achievement.id"],
            name=op.f("fk_souvenir_batch_achievement_id_achievement"),
        ),
        sa.ForeignKeyConstraint(
            ["course_id"], ["course.id"], name=op.f("fk_souvenir_batch_course_id_course")
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["person.id"], name=op.f("fk_souvenir_batch_created_by_person")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["institution.id"],
            name=op.f("fk_souvenir_batch_institution_id_institution"),
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["achievement_version.id"],
            name=op.f("fk_souvenir_batch_version_id_achievement_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_souvenir_batch")),
        sa.UniqueConstraint(
            "institution_id", "key", name=op.f("uq_souvenir_batch_institution_id_key")
        ),
    )
    with op.batch_alter_table("souvenir_batch") as batch_op:
        batch_op.create_index(
            batch_op.f("ix_souvenir_batch_achievement_id"), ["achievement_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_souvenir_batch_course_id"), ["course_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_souvenir_batch_created_by"), ["created_by"], unique=False
        )

    op.create_table(
        "souvenir_claim",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("achievement_id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("code_sealed", sa.String(length=200), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("max_count", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint("taken <= max_count", name=op.f("ck_souvenir_claim_not_overdrawn")),
        sa.ForeignKeyConstraint(
            ["achievement_id"],
            ["achievement.id"],
            name=op.f("fk_souvenir_claim_achievement_id_achievement"),
        ),
        sa.ForeignKeyConstraint(
            ["course_id"], ["course.id"], name=op.f("fk_souvenir_claim_course_id_course")
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["person.id"], name=op.f("fk_souvenir_claim_created_by_person")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["institution.id"],
            name=op.f("fk_souvenir_claim_institution_id_institution"),
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["achievement_version.id"],
            name=op.f("fk_souvenir_claim_version_id_achievement_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_souvenir_claim")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_souvenir_claim_code_hash")),
    )
    with op.batch_alter_table("souvenir_claim") as batch_op:
        batch_op.create_index(
            batch_op.f("ix_souvenir_claim_achievement_id"), ["achievement_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_souvenir_claim_course_id"), ["course_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_souvenir_claim_created_by"), ["created_by"], unique=False
        )

    op.create_table(
        "souvenir_claim_use",
        sa.Column("claim_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("award_id", sa.Integer(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["award_id"], ["award.id"], name=op.f("fk_souvenir_claim_use_award_id_award")
        ),
        sa.ForeignKeyConstraint(
            ["claim_id"],
            ["souvenir_claim.id"],
            name=op.f("fk_souvenir_claim_use_claim_id_souvenir_claim"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_souvenir_claim_use_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_souvenir_claim_use")),
        sa.UniqueConstraint(
            "claim_id", "person_id", name=op.f("uq_souvenir_claim_use_claim_id_person_id")
        ),
    )
    with op.batch_alter_table("souvenir_claim_use") as batch_op:
        batch_op.create_index(
            batch_op.f("ix_souvenir_claim_use_award_id"), ["award_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_souvenir_claim_use_person_id"), ["person_id"], unique=False
        )

    op.create_table(
        "souvenir_row",
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=True),
        sa.Column("given_email", sa.String(length=320), nullable=True),
        sa.Column("given_name", sa.String(length=255), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("problem", sa.String(length=500), nullable=True),
        sa.Column("is_formula", sa.Boolean(), nullable=False),
        sa.Column("award_id", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["award_id"], ["award.id"], name=op.f("fk_souvenir_row_award_id_award")
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["souvenir_batch.id"],
            name=op.f("fk_souvenir_row_batch_id_souvenir_batch"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_souvenir_row_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_souvenir_row")),
        sa.UniqueConstraint("batch_id", "number", name=op.f("uq_souvenir_row_batch_id_number")),
    )
    with op.batch_alter_table("souvenir_row") as batch_op:
        batch_op.create_index(batch_op.f("ix_souvenir_row_award_id"), ["award_id"], unique=False)
        batch_op.create_index("ix_souvenir_row_batch_id_state", ["batch_id", "state"], unique=False)
        batch_op.create_index(batch_op.f("ix_souvenir_row_person_id"), ["person_id"], unique=False)


def downgrade() -> None:
    for name in (
        "souvenir_row",
        "souvenir_claim_use",
        "souvenir_claim",
        "souvenir_batch",
        "souvenir_claim_miss",
        "known_address",
    ):
        op.drop_table(name)
