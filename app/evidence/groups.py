"""Work that several learners handed in together.

The submission of the lead, who began it or to whom it was left, holds the attempts;
each of the others has a submission of their own that refers to it
(`Submission.lead_id`), because what their gradebooks say and what they are awarded
may differ.
"""

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, aliased, selectinload

from app.evidence.models import Attempt, Submission


def find_lead(session: Session, submission: Submission) -> Submission:
    """Return the submission that holds the attempts: this one, or that of whoever began."""
    if submission.lead_id is None:
        return submission
    return session.get_one(
        Submission,
        submission.lead_id,
        options=[selectinload(Submission.attempts).selectinload(Attempt.artifacts)],
    )


def list_group(session: Session, submission: Submission) -> list[Submission]:
    """Return the submissions of all who handed in together, the lead's first."""
    lead_id = submission.lead_id or submission.id
    return list(
        session.scalars(
            select(Submission)
            .where(or_(Submission.id == lead_id, Submission.lead_id == lead_id))
            .order_by(Submission.lead_id.is_not(None), Submission.id)
        )
    )


def list_author_ids(session: Session, submission: Submission) -> frozenset[int]:
    """Return everybody whose work it is."""
    return frozenset(each.learner_id for each in list_group(session, submission))


def is_author(person_id: int) -> ColumnElement[bool]:
    """Return the condition that a person is one of those whose work a submission is."""
    other = aliased(Submission)
    return or_(
        Submission.learner_id == person_id,
        select(other.id)
        .where(other.lead_id == Submission.id, other.learner_id == person_id)
        .exists(),
    )
