"""Sessions without cookies: launches that wait for a proof, and secrets in the platform's storage."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("oidc_login", sa.Column("storage_hash", sa.String(length=64), nullable=True))
    op.add_column(
        "launch_session", sa.Column("idle_until", sa.DateTime(timezone=True), nullable=True)
    )
    op.create_table(
        "pending_launch",
        sa.Column("ticket_hash", sa.String(length=64), nullable=False),
        sa.Column("login_id", sa.Integer(), nullable=False),
        sa.Column("claims_sealed", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["login_id"], ["oidc_login.id"], name=op.f("fk_pending_launch_login_id_oidc_login")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pending_launch")),
        sa.UniqueConstraint("ticket_hash", name=op.f("uq_pending_launch_ticket_hash")),
    )
    op.create_index("ix_pending_launch_expires_at", "pending_launch", ["expires_at"], unique=False)


def downgrade() -> None:
    op.drop_table("pending_launch")
    # Without their column these would be sessions whose secret is good as a cookie.
    op.execute("DELETE FROM launch_session WHERE idle_until IS NOT NULL")
    with op.batch_alter_table("launch_session") as batch:
        batch.drop_column("idle_until")
    with op.batch_alter_table("oidc_login") as batch:
        batch.drop_column("storage_hash")
