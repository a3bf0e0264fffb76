"""An award that has expired gives up its place to a new one of the same achievement."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

NAME = "uq_award_standing"
BEFORE = sa.text("revoked_at IS NULL")
AFTER = sa.text("revoked_at IS NULL AND ended_at IS NULL")


def upgrade() -> None:
    with op.batch_alter_table("award") as batch:
        batch.add_column(sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True))
    _replace_index(AFTER)


def downgrade() -> None:
    # The index of before lets one award stand that is not revoked: it takes the renewed ones
    # for revoked, which is what their pages then say.
    op.execute(
        "UPDATE award SET revoked_at = ended_at, revocation_reason = 'Expired, and awarded anew.' "
        "WHERE ended_at IS NOT NULL AND revoked_at IS NULL"
    )
    _replace_index(BEFORE)
    with op.batch_alter_table("award") as batch:
        batch.drop_column("ended_at")


def _replace_index(where: sa.TextClause) -> None:
    op.drop_index(NAME, table_name="award")
    op.create_index(
        NAME,
        "award",
        ["person_id", "achievement_id"],
        unique=True,
        sqlite_where=where,
        postgresql_where=where,
    )
