"""What a learner says of a link, and what the tool found when it opened it."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None



def upgrade() -> None:
    with op.batch_alter_table("artifact") as batch:
        batch.add_column(sa.Column("note", sa.String(length=300), nullable=True))
        batch.add_column(sa.Column("final_host", sa.String(length=253), nullable=True))
        batch.add_column(sa.Column("content_sha256", sa.String(length=64), nullable=True))
        batch.add_column(sa.Column("capture_problem", sa.String(length=300), nullable=True))
        batch.add_column(sa.Column("capture_failed_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("artifact") as batch:
        batch.drop_column("capture_failed_at")
        batch.drop_column("capture_problem")
        batch.drop_column("content_sha256")
        batch.drop_column("final_host")
        batch.drop_column("note")
