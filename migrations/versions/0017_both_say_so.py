"""Two people become one only when both sides have said so."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("same_person_code") as batch:
        batch.add_column(sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    # What waits for its maker must not look like a code that its typer may still confirm alone.
    op.execute(
        "UPDATE same_person_code SET used_at = confirmed_at"
        " WHERE confirmed_at IS NOT NULL AND used_at IS NULL"
    )
    with op.batch_alter_table("same_person_code") as batch:
        batch.drop_column("confirmed_at")
