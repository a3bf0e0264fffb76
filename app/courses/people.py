"""Who is in a course: what launches and rosters say, put together. Reads only."""

from datetime import datetime, timedelta

from sqlalchemy import Select, and_, func, not_, or_, select
from sqlalchemy.orm import Session

from app.core.principal import Role
from app.courses.models import Enrolment, Person, RosterEntry, RosterStatus

# A launch says more than a roster, but not for ever: about a term.
ROLE_LASTS = timedelta(days=180)


def select_learners(course_id: int, *, now: datetime) -> Select[Person]:
    """Return the statement of a course's learners, test users left out.

    Somebody who launched is what the launch said, while that is fresh: a
    non-editing teacher of Moodle launches as an instructor and is a learner in
    the roster. Else the roster counts. Whom the LMS has taken off since their
    last launch is no longer in the class.
    """
    is_listed = RosterEntry.id.is_not(None)
    launch_counts = or_(Enrolment.last_launched_at > now - ROLE_LASTS, not_(is_listed))
    by_launch = and_(
        Enrolment.role == Role.LEARNER,
        or_(
            not_(is_listed),
            RosterEntry.status == RosterStatus.ACTIVE,
            RosterEntry.changed_at < Enrolment.last_launched_at,
        ),
    )
    by_roster = and_(RosterEntry.role == Role.LEARNER, RosterEntry.status == RosterStatus.ACTIVE)
    return (
        select(Person)
        .outerjoin(
            Enrolment, and_(Enrolment.person_id == Person.id, Enrolment.course_id == course_id)
        )
        .outerjoin(
            RosterEntry,
            and_(RosterEntry.person_id == Person.id, RosterEntry.course_id == course_id),
        )
        .where(
            Person.id.in_(_anybody(course_id)),
            or_(
                and_(Enrolment.id.is_(None), by_roster),
                and_(
                    Enrolment.is_test_user.is_(False),
                    or_(and_(launch_counts, by_launch), and_(not_(launch_counts), by_roster)),
                ),
            ),
        )
    )


def list_learners(session: Session, course_id: int, *, now: datetime) -> list[Person]:
    """Return the course's learners by name, test users left out."""
    statement = select_learners(course_id, now=now)
    return list(session.scalars(statement.order_by(Person.name.is_(None), Person.name, Person.id)))


def count_learners(session: Session, course_id: int, *, now: datetime) -> int:
    """Return how many learners the course has."""
    ids = select_learners(course_id, now=now).with_only_columns(Person.id)
    return session.scalar(select(func.count()).select_from(ids.subquery())) or 0


def is_learner(session: Session, course_id: int, person_id: int, *, now: datetime) -> bool:
    """Return whether somebody is one of the course's learners."""
    statement = select_learners(course_id, now=now).where(Person.id == person_id)
    return session.scalar(statement) is not None


def _anybody(course_id: int) -> Select[int]:
    """Return the ids of everybody whom a launch or the roster put into the course."""
    launched = select(Enrolment.person_id).where(Enrolment.course_id == course_id)
    listed = select(RosterEntry.person_id).where(RosterEntry.course_id == course_id)
    return select(launched.union(listed).subquery().c.person_id)
