"""The picture of each version of an achievement, and its PNGs."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "achievement_picture",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(length=40), nullable=False),
        sa.Column("svg", sa.Text(), nullable=False),
        sa.Column("is_framed", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["institution.id"],
            name=op.f("fk_achievement_picture_institution_id_institution"),
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["achievement_version.id"],
            name=op.f("fk_achievement_picture_version_id_achievement_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_achievement_picture")),
        sa.UniqueConstraint("version_id", name=op.f("uq_achievement_picture_version_id")),
    )
    op.create_table(
        "achievement_picture_png",
        sa.Column("picture_id", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("png", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["picture_id"],
            ["achievement_picture.id"],
            name=op.f("fk_achievement_picture_png_picture_id_achievement_picture"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_achievement_picture_png")),
        sa.UniqueConstraint(
            "picture_id", "size", name=op.f("uq_achievement_picture_png_picture_id_size")
        ),
    )


def downgrade() -> None:
    op.drop_table("achievement_picture_png")
    op.drop_table("achievement_picture")
