"""Who else has a submission open in the workbench, or has it to assess."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.assessment.desk_models import Allocation, Presence
from app.courses.models import Person
from app.evidence.models import Submission

BEAT = timedelta(seconds=15)
# Two beats may be lost before somebody counts as gone.
LASTS = 3 * BEAT


@dataclass(frozen=True)
class Other:
    """Somebody else at the same work. `is_here`: has it open now; else it is theirs to assess.

    `name`: `None` where those who assess must not know of each other.
    """

    name: str | None
    is_here: bool


def list_others(
    session: Session, submission: Submission, *, person_id: int, is_blind: bool, now: datetime
) -> Sequence[Other]:
    """Return who else has a submission open or is to assess it; those who are here first."""
    since = now - LASTS
    found = session.execute(
        select(Person, Presence.seen_at)
        .outerjoin(
            Presence,
            (Presence.person_id == Person.id)
            & (Presence.submission_id == submission.id)
            & (Presence.seen_at > since),
        )
        .where(
            Person.institution_id == submission.institution_id,
            Person.id != person_id,
            or_(
                Presence.id.is_not(None),
                select(Allocation.id)
                .where(
                    Allocation.submission_id == submission.id,
                    Allocation.person_id == Person.id,
                    Allocation.ended_at.is_(None),
                )
                .exists(),
            ),
        )
        .order_by(Presence.seen_at.is_(None), Person.name, Person.id)
    )
    return [
        Other(None if is_blind else person.display_name, seen_at is not None)
        for person, seen_at in found
    ]


def note_presence(
    session: Session, submission: Submission, *, person_id: int, now: datetime
) -> None:
    """Note that somebody has a submission open now; forget those who left it long ago."""
    session.execute(
        delete(Presence).where(
            Presence.submission_id == submission.id, Presence.seen_at <= now - LASTS
        )
    )
    if _beat(session, submission.id, person_id, now):
        return
    try:
        with session.begin_nested():
            session.add(Presence(submission_id=submission.id, person_id=person_id, seen_at=now))
    except IntegrityError:  # two windows of one person, at the same moment
        _beat(session, submission.id, person_id, now)


def forget_presence(session: Session, submission: Submission, *, person_id: int) -> None:
    """Note that somebody is done with a submission."""
    session.execute(
        delete(Presence).where(
            Presence.submission_id == submission.id, Presence.person_id == person_id
        )
    )


def _beat(session: Session, submission_id: int, person_id: int, now: datetime) -> bool:
    beaten = session.execute(
        update(Presence)
        .where(Presence.submission_id == submission_id, Presence.person_id == person_id)
        .values(seen_at=now)
        .returning(Presence.id)
    )
    return beaten.first() is not None
