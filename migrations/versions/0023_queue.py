"""The queue: what it is sorted by, and indexes of what waits alone."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0019"
branch_labels = None
depends_on = None

NO_PROMISE = timedelta(days=36_525)
WAITS = "status IN ('submitted', 'in_assessment') AND decided_at IS NULL AND lead_id IS NULL"
IS_STARTED = "status = 'in_assessment' AND decided_at IS NULL AND lead_id IS NULL"
BATCH = 5_000
INDEXES = {
    "ix_submission_queue": (["achievement_id", "queue_at", "id"], WAITS),
    "ix_submission_queue_age": (["achievement_id", "submitted_at", "id"], WAITS),
    "ix_submission_queue_course": (["course_id", "achievement_id", "queue_at", "id"], WAITS),
    "ix_submission_queue_started": (["achievement_id", "queue_at", "id"], IS_STARTED),
}

submission = sa.table(
    "submission",
    sa.column("id", sa.Integer),
    sa.column("submitted_at", sa.DateTime(timezone=True)),
    sa.column("promised_at", sa.DateTime(timezone=True)),
    sa.column("queue_at", sa.DateTime(timezone=True)),
)


def upgrade() -> None:
    op.add_column("submission", sa.Column("queue_at", sa.DateTime(timezone=True), nullable=True))
    _fill()
    op.drop_index("ix_submission_queue", "submission")
    for name, (columns, condition) in INDEXES.items():
        where = sa.text(condition)
        op.create_index(name, "submission", columns, sqlite_where=where, postgresql_where=where)
    op.create_index("ix_assessment_by_grantor", "assessment", ["grantor_id", "id"])
    asked = sa.text("is_from_learner")
    op.create_index(
        "ix_submission_message_asked",
        "submission_message",
        ["submission_id", "id"],
        sqlite_where=asked,
        postgresql_where=asked,
    )


def downgrade() -> None:
    op.drop_index("ix_submission_message_asked", "submission_message")
    op.drop_index("ix_assessment_by_grantor", "assessment")
    for name in reversed(INDEXES):
        op.drop_index(name, "submission")
    op.create_index(
        "ix_submission_queue", "submission", ["achievement_id", "status", "submitted_at", "id"]
    )
    op.drop_column("submission", "queue_at")


def _fill() -> None:
    """Give a place to what was handed in, as the model does from now on."""
    connection, last = op.get_bind(), 0
    fill = (
        submission.update()
        .where(submission.c.id == sa.bindparam("row"))
        .values(queue_at=sa.bindparam("at"))
    )
    while rows := connection.execute(
        sa.select(submission.c.id, submission.c.submitted_at, submission.c.promised_at)
        .where(submission.c.id > last, submission.c.submitted_at.is_not(None))
        .order_by(submission.c.id)
        .limit(BATCH)
    ).all():
        connection.execute(fill, [{"row": row.id, "at": _place(row)} for row in rows])
        last = rows[-1].id


def _place(row: sa.Row) -> datetime:
    return row.promised_at or row.submitted_at + NO_PROMISE
