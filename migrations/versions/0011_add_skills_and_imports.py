"""Skills of outside frameworks, and imports that wait to be confirmed."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "skill_framework",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("identifier", sa.String(length=1000), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("url", sa.String(length=1000), nullable=True),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["institution.id"],
            name=op.f("fk_skill_framework_institution_id_institution"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_skill_framework")),
        sa.UniqueConstraint(
            "institution_id", "identifier", name=op.f("uq_skill_framework_institution_id_identifier")
        ),
    )
    op.create_table(
        "skill",
        sa.Column("framework_id", sa.Integer(), nullable=False),
        sa.Column("identifier", sa.String(length=1000), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("url", sa.String(length=1000), nullable=False),
        sa.Column("code", sa.String(length=200), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("target_type", sa.String(length=60), nullable=True),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["framework_id"],
            ["skill_framework.id"],
            name=op.f("fk_skill_framework_id_skill_framework"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_skill")),
        sa.UniqueConstraint("framework_id", "identifier", name=op.f("uq_skill_framework_id_identifier")),
    )
    op.create_table(
        "pending_import",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["institution.id"],
            name=op.f("fk_pending_import_institution_id_institution"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_pending_import_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pending_import")),
    )
    op.create_index("ix_pending_import_person_id", "pending_import", ["person_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_pending_import_person_id", table_name="pending_import")
    op.drop_table("pending_import")
    op.drop_table("skill")
    op.drop_table("skill_framework")
