"""Who may read what was handed in: the learners whose work it is, staff, grantors."""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.orm import Session

from app.core.errors import NotFoundError
from app.core.principal import STAFF, Principal
from app.courses.service import find_enrolment
from app.evidence.conflicts import refuse_declared
from app.evidence.groups import find_lead, list_author_ids
from app.evidence.models import Submission
from app.programme.service import find_appointment


class ReadingRight(StrEnum):
    """By what somebody reads others' work; who may by both, as a grantor."""

    GRANTOR = "grantor"
    STAFF = "staff"


def is_own_work(session: Session, submission: Submission, person_id: int) -> bool:
    """Return whether somebody is one of those whose work it is."""
    return person_id in list_author_ids(session, submission)


def find_reading_right(
    session: Session,
    submission: Submission,
    principal: Principal,
    *,
    rights_last: timedelta,
    now: datetime,
) -> ReadingRight | None:
    """Return by what somebody may read others' work: as a grantor, or as staff of the course.

    Staff means: launched from this course with such a role within `rights_last`.
    Raises: `ForbiddenError` for whoever has declared a conflict of interest, or has
        withdrawn: asked here, so that no door can forget it.
    """
    enrolment = find_enrolment(
        session, course_id=submission.course_id, person_id=principal.person_id
    )
    appointment = find_appointment(
        session,
        person_id=principal.person_id,
        achievement_id=submission.achievement_id,
        course_id=submission.course_id,
        now=now,
    )
    right = None
    if appointment is not None:
        right = ReadingRight.GRANTOR
    elif enrolment and enrolment.role in STAFF and enrolment.last_launched_at > now - rights_last:
        right = ReadingRight.STAFF
    if right is not None:
        refuse_declared(session, submission, principal.person_id)
    return right


def may_read_handed_in(
    session: Session,
    submission: Submission,
    principal: Principal,
    *,
    rights_last: timedelta,
    now: datetime,
) -> bool:
    """Return whether somebody may read others' work. Raises: as `find_reading_right`."""
    right = find_reading_right(session, submission, principal, rights_last=rights_last, now=now)
    return right is not None


def get_readable_submission(
    session: Session,
    submission_id: int,
    *,
    principal: Principal,
    rights_last: timedelta,
    now: datetime,
) -> Submission:
    """Return a submission, with the attempts of its group, to those who may read all of it.

    Raises: `NotFoundError`, whether it does not exist or is not theirs to see;
        `ForbiddenError` to whoever has declared a conflict of interest, or has withdrawn.
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
