"""Taking somebody's name, address and words out of lists and replaced credentials."""

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.awards.models import Award
from app.awards.souvenir_models import SouvenirBatch, SouvenirRow
from app.awards.status_models import CredentialEdition
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


def forget_editions(session: Session, person: Person) -> None:
    """Empty the credentials of a person that were replaced: what they wrote may stand in them.

    The one that stands is issued again by the worker, without what was shown with it.
    """
    theirs = select(Award.id).where(Award.person_id == person.id)
    session.execute(
        update(CredentialEdition)
        .where(CredentialEdition.award_id.in_(theirs))
        .values(credential="")
    )
