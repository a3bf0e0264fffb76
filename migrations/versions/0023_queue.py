"""The queue: what it is sorted by, and indexes of what waits alone."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

NO_PROMISE = timedelta(days=36_525)
WAITS = "status IN ('submitted', 'in_assessment') AND decided_at IS NULL AND lead_id IS NULL"
IS_STARTED = "status = 'in_assessment' AND decided_at IS NULL AND lead_id IS NULL"
IS_ASKED = "asked_at IS NOT NULL AND lead_id IS NULL"
BATCH = 5_000
INDEXES = {
    "ix_submission_queue": (["achievement_id", "queue_at", "id"], WAITS),
    "ix_submission_queue_age": (["achievement_id", "submitted_at", "id"], WAITS),
    "ix_submission_queue_course": (["course_id", "achievement_id", "queue_at", "id"], WAITS),
    "ix_submission_queue_started": (["achievement_id", "queue_at", "id"], IS_STARTED),
    "ix_submission_queue_asked": (["achievement_id", "queue_at", "id"], IS_ASKED),
}

# Where the last word about a work, or about a co-author's, is the learner's.
LAST = (
    "SELECT MAX(message.id) FROM submission_message AS message"
    " JOIN submission AS told ON told.id = message.submission_id"
    " WHERE COALESCE(told.lead_id, told.id) = submission.id"
)
ASK = (
    "UPDATE submission SET asked_at = (SELECT last.created_at FROM submission_message AS last"
    f" WHERE last.is_from_learner AND last.id = ({LAST}))"
    " WHERE submission.id IN (SELECT COALESCE(told.lead_id, told.id) FROM submission AS told"
    " JOIN submission_message AS message ON message.submission_id = told.id)"
)

submission = sa.table(
    "submission",
    sa.column("id", sa.Integer),
    sa.column("submitted_at", sa.DateTime(timezone=True)),
    sa.column("promised_at", sa.DateTime(timezone=True)),
    sa.column("queue_at", sa.DateTime(timezone=True)),
)


def upgrade() -> None:
    op.add_column("submission", sa.Column("queue_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("submission", sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True))
    _fill()
    op.execute(ASK)
    op.drop_index("ix_submission_queue", "submission")
    for name, (columns, condition) in INDEXES.items():
        where = sa.text(condition)
        op.create_index(name, "submission", columns, sqlite_where=where, postgresql_where=where)
    op.create_index("ix_assessment_by_grantor", "assessment", ["grantor_id", "id"])


def downgrade() -> None:
    op.drop_index("ix_assessment_by_grantor", "assessment")
    for name in reversed(INDEXES):
        op.drop_index(name, "submission")
    op.create_index(
        "ix_submission_queue", "submission", ["achievement_id", "status", "submitted_at", "id"]
    )
    op.drop_column("submission", "asked_at")
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
