"""Plain makers: who has work, who is away, who has a conflict; and what the audit log says."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from app.assessment.desk_models import Absence, Allocation, ConflictOfInterest
from app.core.audit import AuditEntry

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


def url(submission, deed=""):
    return f"/assessment/submissions/{submission.id}{deed}"


def holders(session, submission):
    session.expire_all()
    running = select(Allocation.person_id).where(
        Allocation.submission_id == submission.id, Allocation.ended_at.is_(None)
    )
    return set(session.scalars(running))


def ends(session, submission):
    session.expire_all()
    found = select(Allocation).where(Allocation.submission_id == submission.id)
    return {each.person_id: each.end for each in session.scalars(found)}


def actions(session):
    return [entry.action for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.id))]


def away(session, person, *, starts=-DAY, ends=DAY):
    session.add(
        Absence(
            institution_id=person.institution_id,
            person_id=person.id,
            starts_at=NOW + starts,
            ends_at=NOW + ends,
            created_at=NOW,
        )
    )
    session.commit()


def conflict(session, person, learner, submission=None):
    session.add(
        ConflictOfInterest(
            institution_id=person.institution_id,
            person_id=person.id,
            learner_id=learner.id,
            submission_id=submission.id if submission else None,
            reason="Family",
            declared_by=person.id,
            declared_at=NOW,
        )
    )
    session.commit()


def give(session, submission, person):
    session.add(
        Allocation(
            institution_id=person.institution_id,
            submission_id=submission.id,
            person_id=person.id,
            allocated_at=NOW,
        )
    )
    session.commit()
