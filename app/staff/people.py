"""Finding somebody who is known already: by name or e-mail, within the institution."""

from dataclasses import dataclass

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from app.courses.models import Course, Enrolment, LtiUser, Person
from app.platforms.models import Platform

AT_MOST = 20
SHORTEST = 2


@dataclass(frozen=True)
class Known:
    """Somebody, with the names of the LMSs that know them."""

    person: Person
    platforms: tuple[str, ...]

    @property
    def about(self) -> str:
        """What tells two people of the same name apart."""
        return " · ".join([*([self.person.email] if self.person.email else []), *self.platforms])


def find_people(session: Session, institution_id: int, text: str) -> list[Known]:
    """Return people whose name or e-mail contains the text, by name; `AT_MOST` of them.

    The LMS's student preview is nobody, and whoever turned out to be somebody
    else is found as that person.
    """
    text = text.strip()
    if len(text) < SHORTEST:
        return []
    is_preview = exists().where(Enrolment.person_id == Person.id, Enrolment.is_test_user.is_(True))
    people = session.scalars(
        select(Person)
        .where(
            Person.institution_id == institution_id,
            Person.merged_into_id.is_(None),
            or_(
                Person.name.icontains(text, autoescape=True),
                Person.email.icontains(text, autoescape=True),
            ),
            ~is_preview,
        )
        .order_by(func.lower(Person.name), Person.id)
        .limit(AT_MOST)
    ).all()
    return [Known(person, name_platforms(session, person.id)) for person in people]


def name_platforms(session: Session, person_id: int) -> tuple[str, ...]:
    """Return the names of the LMSs that know a person."""
    return tuple(
        session.scalars(
            select(Platform.name)
            .join(LtiUser, LtiUser.platform_id == Platform.id)
            .where(LtiUser.person_id == person_id)
            .order_by(Platform.id)
        )
    )


def list_courses_of(session: Session, person_id: int) -> list[Course]:
    """Return the courses from which a person has launched, newest first."""
    return list(
        session.scalars(
            select(Course)
            .join(Enrolment, Enrolment.course_id == Course.id)
            .where(Enrolment.person_id == person_id)
            .order_by(Enrolment.last_launched_at.desc(), Course.id)
        )
    )
