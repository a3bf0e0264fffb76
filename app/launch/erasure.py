"""Being forgotten: a person's name and e-mail go everywhere at once."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.awards.forgetting import forget_editions, forget_in_lists
from app.awards.service import hide_recipient
from app.courses.models import Person
from app.courses.privacy import forget_person
from app.launch.service import end_sessions_of
from app.retention.erasing import erase_records
from app.staff.sessions import forget_staff


def erase_names(session: Session, person: Person, *, actor: str, now: datetime) -> int:
    """Erase a person's name and e-mail, also from their awards' pages; return how many those are.

    Their sessions end, and so do their consents; drafts go. What stays, and why:
    docs/decisions/0012-roster.md, and the classes of retention.
    Raises: `ConflictError` if a legal hold stands on their records.
    """
    erase_records(session, person, now=now)
    forget_in_lists(session, person)
    forget_editions(session, person)
    forget_person(session, person, actor=actor, now=now)
    awards = hide_recipient(session, person.id)
    end_sessions_of(session, person.id)
    forget_staff(session, person.id)
    return awards
