"""People, courses and enrolments: what a launch tells is kept here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.errors import NotFoundError
from app.core.principal import Role
from app.courses.models import Course, Enrolment, LtiUser, Person, ResourceLink


@dataclass(frozen=True)
class LaunchFacts:
    """What one launch says about who, where and which link.

    `name`, `email`: `None` where the LMS does not share them. `services_told`:
    whether the launch carried the grade or roster claim at all.
    """

    institution_id: int
    platform_id: int
    deployment_pk: int
    sub: str
    name: str | None
    email: str | None
    role: Role
    is_test_user: bool
    context_id: str
    context_title: str | None
    context_label: str | None
    resource_link_id: str | None
    resource_link_title: str | None
    lineitem_url: str | None
    lineitems_url: str | None
    ags_scopes: Sequence[str]
    memberships_url: str | None


@dataclass(frozen=True)
class Arrival:
    """The rows that a launch found or made; `link` is `None` where it names none."""

    person: Person
    course: Course
    enrolment: Enrolment
    link: ResourceLink | None


def record_launch(session: Session, facts: LaunchFacts, *, now: datetime) -> Arrival:
    """Find or make person, course, enrolment and link; keep what the LMS says today.

    Only what changed is written, so a second launch costs one update.
    """
    user = session.execute(
        select(LtiUser, Person)
        .join(Person, Person.id == LtiUser.person_id)
        .where(LtiUser.platform_id == facts.platform_id, LtiUser.sub == facts.sub)
    ).first()
    person = (
        user[1]
        if user
        else ensure_person(
            session,
            institution_id=facts.institution_id,
            platform_id=facts.platform_id,
            sub=facts.sub,
            name=facts.name,
            now=now,
        )
    )
    if facts.name and person.name != facts.name:
        person.name = facts.name
    if facts.email and person.email != facts.email:
        person.email = facts.email
    course = _keep_course(session, facts, now=now)
    enrolment = session.scalar(
        select(Enrolment).where(Enrolment.course_id == course.id, Enrolment.person_id == person.id)
    )
    if enrolment is None:
        enrolment = Enrolment(course_id=course.id, person_id=person.id)
        session.add(enrolment)
    enrolment.role = facts.role
    enrolment.is_test_user = facts.is_test_user
    enrolment.last_launched_at = now
    link = _keep_link(session, course, facts, now=now) if facts.resource_link_id else None
    session.flush()
    return Arrival(person=person, course=course, enrolment=enrolment, link=link)


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


def list_learners(session: Session, course_id: int) -> list[Person]:
    """Return the course's learners by name, test users left out."""
    return list(
        session.scalars(
            select(Person)
            .join(Enrolment, Enrolment.person_id == Person.id)
            .where(
                Enrolment.course_id == course_id,
                Enrolment.role == Role.LEARNER,
                Enrolment.is_test_user.is_(False),
            )
            .order_by(Person.name, Person.id)
        )
    )


def find_enrolment(session: Session, *, course_id: int, person_id: int) -> Enrolment | None:
    """Return what a person is in a course, if they ever launched from it."""
    return session.scalar(
        select(Enrolment).where(Enrolment.course_id == course_id, Enrolment.person_id == person_id)
    )


def _keep_course(session: Session, facts: LaunchFacts, *, now: datetime) -> Course:
    course = session.scalar(
        select(Course).where(
            Course.deployment_pk == facts.deployment_pk, Course.context_id == facts.context_id
        )
    )
    if course is None:
        course = Course(
            institution_id=facts.institution_id,
            platform_id=facts.platform_id,
            deployment_pk=facts.deployment_pk,
            context_id=facts.context_id,
            ags_scopes=[],
            created_at=now,
        )
        session.add(course)
    course.title = facts.context_title or course.title
    course.label = facts.context_label or course.label
    course.memberships_url = facts.memberships_url or course.memberships_url
    if facts.lineitems_url or facts.lineitem_url:
        course.lineitems_url = facts.lineitems_url
        scopes = sorted(facts.ags_scopes)
        if course.ags_scopes != scopes:
            course.ags_scopes = scopes
    session.flush()
    return course


def _keep_link(
    session: Session, course: Course, facts: LaunchFacts, *, now: datetime
) -> ResourceLink:
    link = session.scalar(
        select(ResourceLink).where(
            ResourceLink.course_id == course.id,
            ResourceLink.resource_link_id == facts.resource_link_id,
        )
    )
    if link is None:
        link = ResourceLink(
            course_id=course.id, resource_link_id=facts.resource_link_id, created_at=now
        )
        session.add(link)
    link.title = facts.resource_link_title or link.title
    link.lineitem_url = facts.lineitem_url or link.lineitem_url
    return link
