"""Who may not assess a work: its authors, and whoever has a conflict of interest."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, aliased

from app.assessment.dialogue_models import Appeal
from app.assessment.models import Assessment
from app.catalog.models import AchievementVersion
from app.core.errors import ForbiddenError
from app.courses.models import Person
from app.evidence.conflict_models import ConflictOfInterest
from app.evidence.conflicts import refuse_declared
from app.evidence.groups import is_author, list_author_ids
from app.evidence.models import Attempt, Submission
from app.evidence.naming import DECIDED
from app.mapping.models import Assignment
from app.programme.models import GrantorAppointment

OWN_WORK = "This is your own work. Another grantor assesses it."
CO_AUTHOR = "You are one of the authors of this work. Another grantor assesses it."
APPEALED = "You have assessed this work before; an appeal goes to another grantor."


def refuse_conflict(session: Session, submission: Submission, person: Person) -> None:
    """Refuse somebody who may not assess this work, whatever their appointment.

    Raises: `ForbiddenError`, saying why.
    """
    refuse_reading(session, submission, person)
    if session.scalar(
        select(_has_open_appeal_against(person.id)).where(Submission.id == submission.id)
    ):
        raise ForbiddenError(APPEALED)


def refuse_reading(session: Session, submission: Submission, person: Person) -> None:
    """Refuse somebody who may not read a work as those do who assess it, or teach the course.

    Its authors have pages of their own; who assessed it before an appeal may go on reading it.
    Raises: `ForbiddenError`, saying why.
    """
    if submission.learner_id == person.id:
        raise ForbiddenError(OWN_WORK)
    if person.id in list_author_ids(session, submission):
        raise ForbiddenError(CO_AUTHOR)
    refuse_declared(session, submission, person.id)


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


def find_unmasking(session: Session, conflicts: Sequence[ConflictOfInterest]) -> frozenset[int]:
    """Return the ids of those conflicts whose end would tell whose an anonymous work is.

    Declared, they take the learner's alias out of a queue; ended, they bring it
    back: so it is, where work of the learner was handed in, is not decided, and is
    assessed anonymously, by whoever has declared it, now or at another time.
    """
    author = aliased(Submission)
    is_theirs = or_(
        Submission.learner_id == ConflictOfInterest.learner_id,
        select(author.id)
        .where(author.lead_id == Submission.id, author.learner_id == ConflictOfInterest.learner_id)
        .exists(),
    )
    was_handed_in = (
        select(Attempt.id)
        .where(Attempt.submission_id == Submission.id, Attempt.submitted_at.is_not(None))
        .exists()
    )
    is_appointed = (
        select(GrantorAppointment.id)
        .where(
            GrantorAppointment.person_id == ConflictOfInterest.person_id,
            GrantorAppointment.achievement_id == Submission.achievement_id,
        )
        .exists()
    )
    masked = (
        select(Submission.id)
        .join(Assignment, Assignment.id == Submission.assignment_id)
        .join(AchievementVersion, AchievementVersion.id == Assignment.version_id)
        .where(
            is_theirs,
            was_handed_in,
            is_appointed,
            Submission.lead_id.is_(None),
            Submission.status.not_in(DECIDED),
            AchievementVersion.is_anonymous,
        )
        .exists()
    )
    # Who withdrew from one work was told its alias only, and is told no more by its return.
    of_a_person = [each.id for each in conflicts if each.submission_id is None]
    return frozenset(
        session.scalars(
            select(ConflictOfInterest.id).where(ConflictOfInterest.id.in_(of_a_person), masked)
        )
    )


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
