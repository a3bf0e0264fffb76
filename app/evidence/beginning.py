"""A learner's work of one assignment, held fast while it changes, and begun where there is none."""

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core.errors import ConflictError
from app.evidence.models import Submission, SubmissionStatus
from app.mapping.models import Assignment


def lock_submission(session: Session, assignment: Assignment, learner_id: int) -> Submission | None:
    """Return the submission that holds a learner's work, locked; in a group, that of who began.

    Two windows, and two of a group, hand in one after the other.
    """
    own = (
        select(Submission.lead_id)
        .where(Submission.assignment_id == assignment.id, Submission.learner_id == learner_id)
        .scalar_subquery()
    )
    found = session.scalars(
        select(Submission)
        .where(
            Submission.assignment_id == assignment.id,
            or_(Submission.learner_id == learner_id, Submission.id == own),
        )
        .order_by(Submission.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    mine = next((each for each in found if each.learner_id == learner_id), None)
    if mine is None or mine.lead_id is None:
        return mine
    return next((each for each in found if each.id == mine.lead_id), None) or _say_moved()


def begin_submission(
    session: Session, assignment: Assignment, learner_id: int, *, now: datetime
) -> Submission:
    """Begin a learner's work, without anything in it yet.

    Raises: `ConflictError` if another window has just begun it.
    """
    submission = Submission(
        institution_id=assignment.institution_id,
        course_id=assignment.course_id,
        assignment_id=assignment.id,
        achievement_id=assignment.version.achievement_id,
        learner_id=learner_id,
        status=SubmissionStatus.DRAFT,
        status_changed_at=now,
        created_at=now,
    )
    session.add(submission)
    try:
        session.flush()
    except IntegrityError as error:  # the unique key settles a race between two windows
        raise ConflictError(
            "Your work was being saved from another window. Go back and send it again."
        ) from error
    return submission


def _say_moved() -> Submission:
    """Refuse what somebody sent who joined a group, or left it, at that moment."""
    raise ConflictError("Your group has just changed. Load the page again; nothing was lost.")
