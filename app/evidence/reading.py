"""Who may read what was handed in: the learners whose work it is, staff, grantors."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.core.errors import NotFoundError
from app.core.principal import STAFF, Principal
from app.courses.service import find_enrolment
from app.evidence.groups import find_lead, list_author_ids
from app.evidence.models import Submission
from app.programme.service import find_appointment


def is_own_work(session: Session, submission: Submission, person_id: int) -> bool:
    """Return whether somebody is one of those whose work it is."""
    return person_id in list_author_ids(session, submission)


def may_read_handed_in(
    session: Session,
    submission: Submission,
    principal: Principal,
    *,
    rights_last: timedelta,
    now: datetime,
) -> bool:
    """Return whether somebody may read others' work: as staff of the course, or a grantor.

    Staff means: launched from this course with such a role within `rights_last`.
    """
    enrolment = find_enrolment(
        session, course_id=submission.course_id, person_id=principal.person_id
    )
    if enrolment and enrolment.role in STAFF and enrolment.last_launched_at > now - rights_last:
        return True
    appointment = find_appointment(
        session,
        person_id=principal.person_id,
        achievement_id=submission.achievement_id,
        course_id=submission.course_id,
        now=now,
    )
    return appointment is not None


def get_readable_submission(
    session: Session,
    submission_id: int,
    *,
    principal: Principal,
    rights_last: timedelta,
    now: datetime,
) -> Submission:
    """Return a submission, with the attempts of its group, to those who may read all of it.

    Raises: `NotFoundError`, whether it does not exist or is not theirs to see.
    """
    submission = session.get(Submission, submission_id)
    if (
        submission is None
        or submission.institution_id != principal.institution_id
        or not (
            is_own_work(session, submission, principal.person_id)
            or may_read_handed_in(session, submission, principal, rights_last=rights_last, now=now)
        )
    ):
        raise NotFoundError("There is no such submission, or it is not yours to see.")
    return find_lead(session, submission)
