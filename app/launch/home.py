"""What stands on a course's home page. Reads only."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.evidence.models import Submission, SubmissionStatus
from app.mapping.models import Assignment

WAITING = (SubmissionStatus.SUBMITTED, SubmissionStatus.IN_ASSESSMENT)


def map_own_work(session: Session, *, course_id: int, learner_id: int) -> dict[int, Submission]:
    """Return a learner's submissions of a course, by assignment id."""
    found = session.scalars(
        select(Submission).where(
            Submission.course_id == course_id, Submission.learner_id == learner_id
        )
    )
    return {work.assignment_id: work for work in found}


def count_waiting(session: Session, assignments: Sequence[Assignment]) -> dict[int, int]:
    """Return how many submissions wait for a grantor, by assignment id."""
    rows = session.execute(
        select(Submission.assignment_id, func.count())
        .where(
            Submission.assignment_id.in_([assignment.id for assignment in assignments]),
            Submission.status.in_(WAITING),
        )
        .group_by(Submission.assignment_id)
    )
    return dict(rows.all())
