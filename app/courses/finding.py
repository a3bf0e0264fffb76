"""Finding people of the institution by what somebody knows of them. Reads only."""

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.courses.models import Person

MAX_FOUND = 25


def find_people(session: Session, institution_id: int, words: str) -> list[Person]:
    """Return people whose name or e-mail holds these words, by name; nobody for no words."""
    parts = words.split()
    if not parts:
        return []
    statement = select(Person).where(Person.institution_id == institution_id)
    for part in parts:
        statement = statement.where(
            or_(
                Person.name.icontains(part, autoescape=True),
                Person.email.icontains(part, autoescape=True),
            )
        )
    return list(
        session.scalars(
            statement.order_by(Person.name.is_(None), Person.name, Person.id).limit(MAX_FOUND)
        )
    )
