"""What a learner says of a link, and what the tool found when it opened it."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0019"
branch_labels = None
depends_on = None

COLUMNS = (
    sa.Column("note", sa.String(length=300), nullable=True),
    sa.Column("final_host", sa.String(length=253), nullable=True),
    sa.Column("content_sha256", sa.String(length=64), nullable=True),
    sa.Column("capture_problem", sa.String(length=300), nullable=True),
    sa.Column("capture_failed_at", sa.DateTime(timezone=True), nullable=True),
)


def upgrade() -> None:
    with op.batch_alter_table("artifact") as batch:
        for column in COLUMNS:
            batch.add_column(column.copy())


def downgrade() -> None:
    with op.batch_alter_table("artifact") as batch:
        for column in reversed(COLUMNS):
            batch.drop_column(column.name)
