"""Who is in a course now, by what the tool calls them."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.sandbox.identities import people_of, subject_of
from app.sandbox.people import Person
from app.sandbox.profiles import Profile
from app.sandbox.records import EndedEnrolment


@dataclass(frozen=True)
class Roll:
    """The people of a course. `by_subject`: those who are in it now, by their `sub`."""

    by_subject: dict[str, Person]
    ended: tuple[Person, ...]

    @property
    def members(self) -> tuple[Person, ...]:
        """Return who is in the course now."""
        return tuple(self.by_subject.values())

    @property
    def students(self) -> tuple[Person, ...]:
        """Return the students who are in the course now."""
        return tuple(person for person in self.members if person.is_student)


def read_roll(session: Session, profile: Profile, course_id: str) -> Roll:
    """Return who is in a course, and whose enrolment has ended."""
    ended = set(
        session.scalars(
            select(EndedEnrolment.person_id).where(EndedEnrolment.course_id == course_id)
        )
    )
    everyone = people_of(profile)
    return Roll(
        by_subject={subject_of(profile, each): each for each in everyone if each.id not in ended},
        ended=tuple(each for each in everyone if each.id in ended),
    )


def change_enrolment(session: Session, course_id: str, person: Person, *, is_ended: bool) -> None:
    """End somebody's enrolment in a course, or take them in again."""
    found = session.get(EndedEnrolment, (course_id, person.id))
    if is_ended and found is None:
        session.add(EndedEnrolment(course_id=course_id, person_id=person.id))
    elif found is not None and not is_ended:
        session.delete(found)
