"""People, courses and enrolments. What a launch tells of them is kept in `arrivals`."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.errors import ConflictError, NotFoundError
from app.courses.models import Course, Enrolment, LtiUser, Person, ResourceLink


def ensure_person(
    session: Session,
    *,
    institution_id: int,
    platform_id: int,
    sub: str,
    name: str | None,
    now: datetime,
) -> Person:
    """Return the person whom a platform knows by `sub`; make one who never launched."""
    known = session.scalar(
        select(LtiUser).where(LtiUser.platform_id == platform_id, LtiUser.sub == sub)
    )
    if known is not None:
        return known.person
    person = Person(institution_id=institution_id, name=name, created_at=now)
    session.add(person)
    session.flush()
    session.add(LtiUser(platform_id=platform_id, sub=sub, person_id=person.id))
    session.flush()
    return person


def add_lti_user(session: Session, person: Person, *, platform_id: int, sub: str) -> bool:
    """Let a platform know a person by `sub`; return whether it did not before.

    Raises: `ConflictError` if it knows somebody else by it.
    """
    known = session.scalar(
        select(LtiUser).where(LtiUser.platform_id == platform_id, LtiUser.sub == sub)
    )
    if known is not None and known.person_id != person.id:
        raise ConflictError(
            "This platform knows somebody else by this id. If both are one, they say so themselves "
            "with a code, each from where they work."
        )
    if known is None:
        session.add(LtiUser(platform_id=platform_id, sub=sub, person_id=person.id))
        session.flush()
    return known is None


def get_person(session: Session, person_id: int, *, institution_id: int) -> Person:
    """Return somebody of this institution.

    Raises: `NotFoundError`.
    """
    person = session.get(Person, person_id)
    if person is None or person.institution_id != institution_id:
        raise NotFoundError("There is no such person.")
    return person


def find_lti_sub(session: Session, *, platform_id: int, person_id: int) -> str | None:
    """Return the user id by which a platform knows a person, if it does."""
    return session.scalar(
        select(LtiUser.sub)
        .where(LtiUser.platform_id == platform_id, LtiUser.person_id == person_id)
        .order_by(LtiUser.id)
        .limit(1)
    )


def get_course(session: Session, course_id: int, *, institution_id: int) -> Course:
    """Return one course of this institution.

    Raises: `NotFoundError`.
    """
    course = session.get(Course, course_id)
    if course is None or course.institution_id != institution_id:
        raise NotFoundError("There is no such course.")
    return course


def get_resource_link(session: Session, link_pk: int, *, course_id: int) -> ResourceLink:
    """Return one link of this course.

    Raises: `NotFoundError`.
    """
    link = session.get(ResourceLink, link_pk)
    if link is None or link.course_id != course_id:
        raise NotFoundError("There is no such activity in this course.")
    return link


def find_enrolment(session: Session, *, course_id: int, person_id: int) -> Enrolment | None:
    """Return what a person is in a course, if they ever launched from it."""
    return session.scalar(
        select(Enrolment).where(Enrolment.course_id == course_id, Enrolment.person_id == person_id)
    )
