"""Course copy, several deep links at once, dates, what learners hand over, notices."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

DATES = ("opens_at", "due_at", "closes_at")
# Children before parents; their indexes go with them.
TABLES = (
    "handover",
    "deep_link_choice",
    "assignment_copy",
    "declined_copy",
    "notice_subscription",
    "notice_receipt",
    "context_origin",
)


def upgrade() -> None:
    op.create_table(
        "context_origin",
        sa.Column("deployment_pk", sa.Integer(), nullable=False),
        sa.Column("context_id", sa.String(length=300), nullable=False),
        sa.Column("origin_context_id", sa.String(length=300), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deployment_pk"],
            ["deployment.id"],
            name=op.f("fk_context_origin_deployment_pk_deployment"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_context_origin")),
        sa.UniqueConstraint(
            "deployment_pk",
            "context_id",
            "origin_context_id",
            name=op.f("uq_context_origin_deployment_pk_context_id_origin_context_id"),
        ),
    )
    op.create_table(
        "notice_receipt",
        sa.Column("platform_id", sa.Integer(), nullable=False),
        sa.Column("deployment_pk", sa.Integer(), nullable=False),
        sa.Column("notice_id", sa.String(length=255), nullable=False),
        sa.Column("nonce_hash", sa.String(length=64), nullable=False),
        sa.Column("notice_type", sa.String(length=100), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deployment_pk"],
            ["deployment.id"],
            name=op.f("fk_notice_receipt_deployment_pk_deployment"),
        ),
        sa.ForeignKeyConstraint(
            ["platform_id"], ["platform.id"], name=op.f("fk_notice_receipt_platform_id_platform")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_receipt")),
        sa.UniqueConstraint(
            "platform_id", "nonce_hash", name=op.f("uq_notice_receipt_platform_id_nonce_hash")
        ),
        sa.UniqueConstraint(
            "platform_id", "notice_id", name=op.f("uq_notice_receipt_platform_id_notice_id")
        ),
    )
    op.create_index(
        "ix_notice_receipt_received_at", "notice_receipt", ["received_at"], unique=False
    )

    op.create_table(
        "notice_subscription",
        sa.Column("deployment_pk", sa.Integer(), nullable=False),
        sa.Column("service_url", sa.String(length=2000), nullable=False),
        sa.Column("notice_types", sa.JSON(), nullable=False),
        sa.Column("handler", sa.String(length=2000), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deployment_pk"],
            ["deployment.id"],
            name=op.f("fk_notice_subscription_deployment_pk_deployment"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_subscription")),
        sa.UniqueConstraint("deployment_pk", name=op.f("uq_notice_subscription_deployment_pk")),
    )
    op.create_table(
        "declined_copy",
        sa.Column("resource_link_pk", sa.Integer(), nullable=False),
        sa.Column("declined_by", sa.Integer(), nullable=False),
        sa.Column("declined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["declined_by"], ["person.id"], name=op.f("fk_declined_copy_declined_by_person")
        ),
        sa.ForeignKeyConstraint(
            ["resource_link_pk"],
            ["resource_link.id"],
            name=op.f("fk_declined_copy_resource_link_pk_resource_link"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_declined_copy")),
        sa.UniqueConstraint("resource_link_pk", name=op.f("uq_declined_copy_resource_link_pk")),
    )
    op.create_table(
        "assignment_copy",
        sa.Column("assignment_id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=True),
        sa.Column("source_version_id", sa.Integer(), nullable=False),
        sa.Column("source_course", sa.String(length=500), nullable=False),
        sa.Column("earlier_uuids", sa.JSON(), nullable=False),
        sa.Column("copied_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_by", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["assignment_id"],
            ["assignment.id"],
            name=op.f("fk_assignment_copy_assignment_id_assignment"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["confirmed_by"], ["person.id"], name=op.f("fk_assignment_copy_confirmed_by_person")
        ),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["assignment.id"],
            name=op.f("fk_assignment_copy_source_id_assignment"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["source_version_id"],
            ["achievement_version.id"],
            name=op.f("fk_assignment_copy_source_version_id_achievement_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment_copy")),
        sa.UniqueConstraint("assignment_id", name=op.f("uq_assignment_copy_assignment_id")),
    )
    op.create_index("ix_assignment_copy_source_id", "assignment_copy", ["source_id"], unique=False)

    op.create_table(
        "deep_link_choice",
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("assignment_id", sa.Integer(), nullable=False),
        sa.Column("is_chosen", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["assignment_id"],
            ["assignment.id"],
            name=op.f("fk_deep_link_choice_assignment_id_assignment"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["deep_link_request.id"],
            name=op.f("fk_deep_link_choice_request_id_deep_link_request"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deep_link_choice")),
        sa.UniqueConstraint(
            "request_id", "assignment_id", name=op.f("uq_deep_link_choice_request_id_assignment_id")
        ),
    )
    op.create_table(
        "handover",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("artifact_id", sa.Integer(), nullable=True),
        sa.Column("award_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(artifact_id IS NULL) != (award_id IS NULL)", name=op.f("ck_handover_one_thing")
        ),
        sa.ForeignKeyConstraint(
            ["artifact_id"],
            ["artifact.id"],
            name=op.f("fk_handover_artifact_id_artifact"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["award_id"], ["award.id"], name=op.f("fk_handover_award_id_award")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["institution.id"],
            name=op.f("fk_handover_institution_id_institution"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_handover_person_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["deep_link_request.id"],
            name=op.f("fk_handover_request_id_deep_link_request"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover")),
    )
    op.create_index("ix_handover_request_id", "handover", ["request_id"], unique=False)
    op.create_index("ix_handover_artifact_id", "handover", ["artifact_id"], unique=False)

    for name in DATES:
        op.add_column("assignment", sa.Column(name, sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("assignment") as batch_op:
        for name in reversed(DATES):
            batch_op.drop_column(name)
    for table in TABLES:
        op.drop_table(table)
