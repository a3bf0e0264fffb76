"""Whether enough people are appointed for an achievement to be assessed as it asks for."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from app.programme.appointments import list_running
from app.programme.models import AssessingRole

if TYPE_CHECKING:
    from app.courses.models import Person


@dataclass(frozen=True)
class Staffing:
    """Who is appointed as what, each in the highest of their roles, and how many must agree."""

    assessors: "tuple[Person, ...]"
    grantors: "tuple[Person, ...]"
    moderators: "tuple[Person, ...]"
    needed: int

    @property
    def deciders(self) -> "tuple[Person, ...]":
        """Those whose assessments count."""
        return self.grantors + self.moderators

    @property
    def missing(self) -> int:
        """How many grantors are owed before anything can be decided at all."""
        return max(self.needed - len(self.deciders), 0)

    @property
    def lacks_moderator(self) -> bool:
        """Whether a disagreement might find nobody who may settle it.

        Whoever was one of those who disagree may not, so one moderator more than
        the grantors that are needed must be there.
        """
        if self.needed == 1:
            return False
        return not self.moderators or len(self.deciders) <= self.needed

    def among(self, person_ids: Collection[int]) -> "Staffing":
        """Return the same of these people alone."""
        assessors, grantors, moderators = (
            tuple(person for person in people if person.id in person_ids)
            for people in (self.assessors, self.grantors, self.moderators)
        )
        return Staffing(assessors, grantors, moderators, self.needed)

    @property
    def people(self) -> "tuple[Person, ...]":
        """Everybody who is appointed."""
        return self.deciders + self.assessors

    @property
    def is_enough(self) -> bool:
        """Whether every work can be decided, whatever its grantors say."""
        return not self.missing and not self.lacks_moderator


def find_staffing(
    session: Session, achievement_id: int, *, needed: int, course_id: int | None, now: datetime
) -> Staffing:
    """Return who may assess for an achievement now.

    Units: in one course; `None`: in any.
    """
    highest: dict[Person, AssessingRole] = {}
    order = list(AssessingRole)
    for appointment in list_running(session, achievement_id, course_id=course_id, now=now):
        known = highest.get(appointment.person)
        if known is None or order.index(appointment.role) > order.index(known):
            highest[appointment.person] = appointment.role
    assessors, grantors, moderators = (
        tuple(person for person, role in highest.items() if role is wanted) for wanted in order
    )
    return Staffing(assessors, grantors, moderators, needed)


def list_grantors(
    session: Session, achievement_id: int, *, course_id: int | None, now: datetime
) -> "list[Person]":
    """Return those who may decide for an achievement now, first appointed first.

    Units: in one course; `None`: in any.
    """
    running = list_running(session, achievement_id, course_id=course_id, now=now)
    return list(
        dict.fromkeys(
            appointment.person
            for appointment in running
            if appointment.role is not AssessingRole.ASSESSOR
        )
    )
