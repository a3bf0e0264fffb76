"""Taking somebody's name and address out of the lists in which they stood."""

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.awards.souvenir_models import SouvenirBatch, SouvenirRow
from app.core.orm import table_of
from app.courses.models import Person
from app.credentials.openbadge import normalise_email

ROW = table_of(SouvenirRow)


def forget_in_lists(session: Session, person: Person) -> None:
    """Erase what lists say of a person: name and address as they were written.

    Call it while the person's e-mail is still known.
    """
    is_theirs = ROW.c.person_id == person.id
    if person.email:
        batches = select(SouvenirBatch.id).where(
            SouvenirBatch.institution_id == person.institution_id
        )
        is_theirs |= (
            func.lower(ROW.c.given_email) == normalise_email(person.email)
        ) & ROW.c.batch_id.in_(batches)
    session.execute(
        update(ROW).where(is_theirs).values(given_name=None, given_email=None, email=None)
    )
