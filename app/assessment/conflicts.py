"""Who may not assess a work: its authors, and whoever has a conflict of interest."""

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, aliased

from app.assessment.desk_models import ConflictOfInterest
from app.assessment.dialogue_models import Appeal
from app.assessment.models import Assessment
from app.core.errors import ForbiddenError
from app.courses.models import Person
from app.evidence.groups import is_author, list_author_ids
from app.evidence.models import Attempt, Submission

OWN_WORK = "This is your own work. Another grantor assesses it."
CO_AUTHOR = "You are one of the authors of this work. Another grantor assesses it."
DECLARED = (
    "You have a conflict of interest with whoever handed this in. Another grantor assesses it."
)
RECUSED = "You have withdrawn from assessing this work. Another grantor assesses it."
APPEALED = "You have assessed this work before; an appeal goes to another grantor."


def refuse_conflict(session: Session, submission: Submission, person: Person) -> None:
    """Refuse somebody who may not assess this work, whatever their appointment.

    Raises: `ForbiddenError`, saying why.
    """
    if submission.learner_id == person.id:
        raise ForbiddenError(OWN_WORK)
    authors = list_author_ids(session, submission)
    if person.id in authors:
        raise ForbiddenError(CO_AUTHOR)
    declared = session.scalars(
        select(ConflictOfInterest).where(
            ConflictOfInterest.institution_id == submission.institution_id,
            ConflictOfInterest.person_id == person.id,
            ConflictOfInterest.learner_id.in_(authors),
            ConflictOfInterest.ended_at.is_(None),
            or_(
                ConflictOfInterest.submission_id.is_(None),
                ConflictOfInterest.submission_id == submission.id,
            ),
        )
    ).all()
    if declared:
        raise ForbiddenError(RECUSED if declared[0].submission_id else DECLARED)
    if session.scalar(
        select(_has_open_appeal_against(person.id)).where(Submission.id == submission.id)
    ):
        raise ForbiddenError(APPEALED)


def has_conflict(person_id: int) -> ColumnElement[bool]:
    """Return the condition that a person may not assess a submission, come what may."""
    author = aliased(Submission)
    declared = (
        select(ConflictOfInterest.id)
        .where(
            ConflictOfInterest.person_id == person_id,
            ConflictOfInterest.ended_at.is_(None),
            or_(
                ConflictOfInterest.submission_id == Submission.id,
                (
                    ConflictOfInterest.submission_id.is_(None)
                    & or_(
                        ConflictOfInterest.learner_id == Submission.learner_id,
                        ConflictOfInterest.learner_id.in_(
                            select(author.learner_id)
                            .where(author.lead_id == Submission.id)
                            .correlate(Submission)
                        ),
                    )
                ),
            ),
        )
        .exists()
    )
    return or_(is_author(person_id), declared, _has_open_appeal_against(person_id))


def _has_open_appeal_against(person_id: int) -> ColumnElement[bool]:
    """Whether an appeal is open against what this person assessed."""
    return (
        select(Appeal.id)
        .join(Attempt, Attempt.submission_id == Appeal.submission_id)
        .join(Assessment, Assessment.attempt_id == Attempt.id)
        .where(
            Appeal.submission_id == Submission.id,
            Appeal.closed_at.is_(None),
            Assessment.grantor_id == person_id,
            Assessment.assessed_at < Appeal.opened_at,
            Assessment.undone_at.is_(None),
        )
        .exists()
    )
