"""Where grantors may assess, one person in two LMSs, and sign-in by the campus."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "same_person_code",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("entered_by", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entered_by"], ["person.id"], name=op.f("fk_same_person_code_entered_by_person")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["institution.id"],
            name=op.f("fk_same_person_code_institution_id_institution"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_same_person_code_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_same_person_code")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_same_person_code_code_hash")),
    )
    op.create_index(
        "ix_same_person_code_entered_by", "same_person_code", ["entered_by"], unique=False
    )
    op.create_index(
        "ix_same_person_code_expires_at", "same_person_code", ["expires_at"], unique=False
    )
    op.create_index(
        "ix_same_person_code_person_id", "same_person_code", ["person_id"], unique=False
    )

    op.create_table(
        "same_person_try",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_same_person_try_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_same_person_try")),
    )
    op.create_index("ix_same_person_try_person_id", "same_person_try", ["person_id"], unique=False)
    op.create_index("ix_same_person_try_tried_at", "same_person_try", ["tried_at"], unique=False)

    op.create_table(
        "staff_identity",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("issuer", sa.String(length=500), nullable=False),
        sa.Column("sub", sa.String(length=255), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["institution.id"],
            name=op.f("fk_staff_identity_institution_id_institution"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_staff_identity_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_identity")),
        sa.UniqueConstraint("issuer", "sub", name=op.f("uq_staff_identity_issuer_sub")),
    )
    op.create_index("ix_staff_identity_person_id", "staff_identity", ["person_id"], unique=False)

    op.create_table(
        "staff_invitation",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["institution.id"],
            name=op.f("fk_staff_invitation_institution_id_institution"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_staff_invitation_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_invitation")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_staff_invitation_secret_hash")),
    )
    op.create_index(
        "ix_staff_invitation_person_id", "staff_invitation", ["person_id"], unique=False
    )

    op.create_table(
        "staff_login",
        sa.Column("state_hash", sa.String(length=64), nullable=False),
        sa.Column("browser_hash", sa.String(length=64), nullable=False),
        sa.Column("next_path", sa.String(length=500), nullable=False),
        sa.Column("invitation_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["invitation_id"],
            ["staff_invitation.id"],
            name=op.f("fk_staff_login_invitation_id_staff_invitation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_login")),
        sa.UniqueConstraint("state_hash", name=op.f("uq_staff_login_state_hash")),
    )
    op.create_index("ix_staff_login_expires_at", "staff_login", ["expires_at"], unique=False)

    op.create_table(
        "staff_session",
        sa.Column("sid_hash", sa.String(length=64), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("identity_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["identity_id"],
            ["staff_identity.id"],
            name=op.f("fk_staff_session_identity_id_staff_identity"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["institution.id"],
            name=op.f("fk_staff_session_institution_id_institution"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_staff_session_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_session")),
        sa.UniqueConstraint("sid_hash", name=op.f("uq_staff_session_sid_hash")),
    )
    op.create_index("ix_staff_session_expires_at", "staff_session", ["expires_at"], unique=False)
    op.create_index("ix_staff_session_person_id", "staff_session", ["person_id"], unique=False)

    op.create_table(
        "appointment_course",
        sa.Column("appointment_id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["grantor_appointment.id"],
            name=op.f("fk_appointment_course_appointment_id_grantor_appointment"),
        ),
        sa.ForeignKeyConstraint(
            ["course_id"], ["course.id"], name=op.f("fk_appointment_course_course_id_course")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment_course")),
        sa.UniqueConstraint(
            "appointment_id",
            "course_id",
            name=op.f("uq_appointment_course_appointment_id_course_id"),
        ),
    )
    op.create_index(
        "ix_appointment_course_course_id", "appointment_course", ["course_id"], unique=False
    )

    with op.batch_alter_table("award") as batch:
        batch.drop_index("uq_award_standing")
        batch.add_column(sa.Column("duplicate_of_id", sa.Integer(), nullable=True))
        batch.create_index(batch.f("ix_award_duplicate_of_id"), ["duplicate_of_id"], unique=False)
        batch.create_foreign_key(
            batch.f("fk_award_duplicate_of_id_award"), "award", ["duplicate_of_id"], ["id"]
        )
    op.create_index(
        "uq_award_standing",
        "award",
        ["person_id", "achievement_id"],
        unique=True,
        sqlite_where=sa.text("revoked_at IS NULL AND ended_at IS NULL AND duplicate_of_id IS NULL"),
        postgresql_where=sa.text("revoked_at IS NULL AND ended_at IS NULL AND duplicate_of_id IS NULL"),
    )

    with op.batch_alter_table("grantor_appointment") as batch:
        batch.add_column(
            sa.Column("is_limited", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch.add_column(sa.Column("note", sa.Text(), nullable=True))

    with op.batch_alter_table("person") as batch:
        batch.add_column(sa.Column("merged_into_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("merged_at", sa.DateTime(timezone=True), nullable=True))
        batch.create_index(batch.f("ix_person_merged_into_id"), ["merged_into_id"], unique=False)
        batch.create_foreign_key(
            batch.f("fk_person_merged_into_id_person"), "person", ["merged_into_id"], ["id"]
        )


def downgrade() -> None:
    # A second award of one achievement goes back to the row of whoever it was made for, and an
    # appointment for some courses must not become one for all of them: it ends.
    op.execute(
        "UPDATE award SET person_id = (SELECT min(person.id) FROM person"
        " WHERE person.merged_into_id = award.person_id) WHERE duplicate_of_id IS NOT NULL"
    )
    op.execute("UPDATE grantor_appointment SET ends_at = created_at WHERE is_limited")
    with op.batch_alter_table("person") as batch:
        batch.drop_constraint(batch.f("fk_person_merged_into_id_person"), type_="foreignkey")
        batch.drop_index(batch.f("ix_person_merged_into_id"))
        batch.drop_column("merged_at")
        batch.drop_column("merged_into_id")

    with op.batch_alter_table("grantor_appointment") as batch:
        batch.drop_column("note")
        batch.drop_column("is_limited")

    with op.batch_alter_table("award") as batch:
        batch.drop_constraint(batch.f("fk_award_duplicate_of_id_award"), type_="foreignkey")
        batch.drop_index(batch.f("ix_award_duplicate_of_id"))
        batch.drop_index("uq_award_standing")
        batch.drop_column("duplicate_of_id")
    op.create_index(
        "uq_award_standing",
        "award",
        ["person_id", "achievement_id"],
        unique=True,
        sqlite_where=sa.text("revoked_at IS NULL AND ended_at IS NULL"),
        postgresql_where=sa.text("revoked_at IS NULL AND ended_at IS NULL"),
    )

    op.drop_table("appointment_course")
    op.drop_table("staff_session")
    op.drop_table("staff_login")
    op.drop_table("staff_invitation")
    op.drop_table("staff_identity")
    op.drop_table("same_person_try")
    op.drop_table("same_person_code")
