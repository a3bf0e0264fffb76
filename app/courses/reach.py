"""Who can come to a course's work at all, and how people of one name are told apart. Reads only."""

from collections import Counter
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, Integer, column, exists, or_, select, table
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.courses.models import Course, Enrolment, LtiUser, Person
from app.courses.people import ROLE_LASTS
from app.platforms.models import Platform
from app.programme.service import Staffing, find_staffing

IdColumn = ColumnElement[int] | InstrumentedAttribute[int]
# Of a room above, which cannot be imported from here: who signs in by the campus.
_IDENTITY = table("staff_identity", column("person_id", Integer))


def can_reach(
    person_id: IdColumn, course_id: int | IdColumn, *, now: datetime
) -> ColumnElement[bool]:
    """Return the condition that a person has a way to the pages about a course.

    The course's own LMS knows them, or they sign in by the campus, or they launched from
    another LMS within the term: from there the queue shows every course. Appointed under the
    name of an LMS that never sent them, somebody would be given work that nobody then sees.
    """
    return or_(
        exists(
            select(LtiUser.id)
            .join(Course, Course.platform_id == LtiUser.platform_id)
            .where(LtiUser.person_id == person_id, Course.id == course_id)
            .correlate_except(LtiUser, Course)
        ),
        _comes_elsewhere(person_id, now=now),
    )


def list_reaching(
    session: Session, person_ids: Collection[int], *, course_id: int | None, now: datetime
) -> frozenset[int]:
    """Return who of these has a way to the pages about a course.

    Units: `None`: to those about any. Before there is a course, everybody counts.
    """
    if course_id is None:
        own = select(Course.id).where(Course.institution_id == Person.institution_id)
        known = (
            select(LtiUser.id)
            .join(Course, Course.platform_id == LtiUser.platform_id)
            .where(LtiUser.person_id == Person.id)
        )
        reaches = or_(
            _comes_elsewhere(Person.id, now=now),
            exists(known.correlate(Person)),
            ~exists(own.correlate(Person)),
        )
    else:
        reaches = can_reach(Person.id, course_id, now=now)
    return frozenset(session.scalars(select(Person.id).where(Person.id.in_(person_ids), reaches)))


def find_reaching_staffing(
    session: Session, achievement_id: int, *, needed: int, course_id: int | None, now: datetime
) -> Staffing:
    """Return who is appointed for an achievement and has a way to its work.

    Units: in one course; `None`: in any.
    """
    appointed = find_staffing(session, achievement_id, needed=needed, course_id=course_id, now=now)
    ids = [person.id for person in appointed.people]
    return appointed.among(list_reaching(session, ids, course_id=course_id, now=now))


def tell_apart(session: Session, people: Collection[Person]) -> dict[int, str]:
    """Return what stands beside each name: nothing, or LMS and e-mail where a name repeats."""
    names = Counter(person.display_name for person in people)
    repeated = {person.id: person for person in people if names[person.display_name] > 1}
    platforms: dict[int, list[str]] = {}
    for person_id, name in session.execute(
        select(LtiUser.person_id, Platform.name)
        .join(Platform, Platform.id == LtiUser.platform_id)
        .where(LtiUser.person_id.in_(repeated))
        .order_by(Platform.id)
    ):
        platforms.setdefault(person_id, []).append(name)
    return {
        person.id: " · ".join(
            [*dict.fromkeys(platforms.get(person.id, ())), *filter(None, [person.email])]
        )
        if person.id in repeated
        else ""
        for person in people
    }


def is_same_person(one: Person, other: Person) -> bool:
    """Return whether two are one, or pass for one: two LMSs tell the same e-mail of them.

    Nothing is granted by that: it only keeps somebody from giving work to themselves.
    """
    if one.id == other.id:
        return True
    own, others = (one.email or "").casefold(), (other.email or "").casefold()
    return own == others != ""


def _comes_elsewhere(person_id: IdColumn, *, now: datetime) -> ColumnElement[bool]:
    launched = select(Enrolment.id).where(
        Enrolment.person_id == person_id, Enrolment.last_launched_at > now - ROLE_LASTS
    )
    signs_in = select(_IDENTITY.c.person_id).where(_IDENTITY.c.person_id == person_id)
    return or_(
        exists(launched.correlate_except(Enrolment)), exists(signs_in.correlate_except(_IDENTITY))
    )
