"""Finding people of the institution by what somebody knows of them. Reads only."""

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, aliased

from app.courses.models import Person

MAX_FOUND = 25


def find_people(session: Session, institution_id: int, words: str) -> list[Person]:
    """Return people whose name or e-mail holds these words, by name; nobody for no words.

    Whoever turned out to be somebody else is found as that person.
    """
    parts = words.split()
    if not parts:
        return []
    former = aliased(Person)
    merged = select(former.merged_into_id).where(former.merged_into_id.is_not(None))
    statement = select(Person).where(
        Person.institution_id == institution_id,
        Person.merged_into_id.is_(None),
        and_(*(_holds(Person, part) for part in parts))
        | Person.id.in_(merged.where(*(_holds(former, part) for part in parts))),
    )
    return list(
        session.scalars(
            statement.order_by(Person.name.is_(None), Person.name, Person.id).limit(MAX_FOUND)
        )
    )


def _holds(person: type[Person], word: str) -> ColumnElement[bool]:
    return or_(
        person.name.icontains(word, autoescape=True), person.email.icontains(word, autoescape=True)
    )
