"""Legal holds: nothing of a person, or of one submission, is deleted while one stands.

A group hands in one work, so a hold on any submission of it holds all of it.
"""

from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from app.core import audit
from app.core.errors import ConflictError, InvalidError, NotFoundError
from app.courses.models import Person
from app.evidence.hold_models import LegalHold
from app.evidence.models import Submission
from app.evidence.texts import drop_controls
from app.platforms.models import Institution

MAX_REASON = 1000


def list_holds(session: Session, institution_id: int) -> list[LegalHold]:
    """Return every hold, standing ones first, newest first."""
    return list(
        session.scalars(
            select(LegalHold)
            .where(LegalHold.institution_id == institution_id)
            .options(joinedload(LegalHold.person))
            .order_by(LegalHold.lifted_at.is_not(None), LegalHold.id.desc())
        )
    )


def find_hold_on(session: Session, person_id: int) -> LegalHold | None:
    """Return a hold that stands on a person, or on work of theirs or of a group of theirs."""
    own, of_group = aliased(Submission), aliased(Submission)
    lead_id = func.coalesce(own.lead_id, own.id)
    theirs = (
        select(of_group.id)
        .join(own, or_(of_group.id == lead_id, of_group.lead_id == lead_id))
        .where(own.learner_id == person_id)
    )
    return session.scalars(
        select(LegalHold)
        .where(
            LegalHold.lifted_at.is_(None),
            or_(LegalHold.person_id == person_id, LegalHold.submission_id.in_(theirs)),
        )
        .order_by(LegalHold.id)
    ).first()


def take_turn(session: Session, institution_id: int) -> None:
    """Wait until nobody else deletes, erases or places a hold at an institution, until the commit.

    What one of them has read is then still so when it writes.
    """
    session.execute(
        # Rows that refer to it can still be written.
        select(Institution.id)
        .where(Institution.id == institution_id)
        .with_for_update(key_share=True)
    )


def place_hold(
    session: Session,
    *,
    institution_id: int,
    person: Person | None,
    submission: Submission | None,
    reason: str,
    placed_by: int,
    now: datetime,
) -> LegalHold:
    """Hold everything of a person, or of one submission.

    Raises: `InvalidError` without a reason, or on neither or both; `ConflictError`
        if the same is held already; `NotFoundError` in another institution.
    """
    words = drop_controls(reason)
    if not words or len(words) > MAX_REASON:
        raise InvalidError(f"Give a reason of at most {MAX_REASON} characters.")
    if (person is None) == (submission is None):
        raise InvalidError("Hold a person or a submission.")
    held = person or submission
    if held is None or held.institution_id != institution_id:
        raise NotFoundError("There is no such person or submission.")
    take_turn(session, institution_id)
    known = session.scalar(
        select(LegalHold.id).where(
            LegalHold.institution_id == institution_id,
            LegalHold.lifted_at.is_(None),
            LegalHold.person_id == (person.id if person else None),
            LegalHold.submission_id == (submission.id if submission else None),
        )
    )
    if known is not None:
        raise ConflictError("This is held already.")
    hold = LegalHold(
        institution_id=institution_id,
        person_id=person.id if person else None,
        submission_id=submission.id if submission else None,
        reason=words,
        placed_by=placed_by,
        placed_at=now,
    )
    session.add(hold)
    session.flush()
    _audit(session, hold, placed_by, "hold.placed", now=now)
    return hold


def lift_hold(
    session: Session, hold_id: int, *, institution_id: int, lifted_by: int, now: datetime
) -> None:
    """End a hold; what was due meanwhile is due at once.

    Raises: `NotFoundError`; `ConflictError` if it is lifted already.
    """
    hold = session.get(LegalHold, hold_id, with_for_update={"of": LegalHold})
    if hold is None or hold.institution_id != institution_id:
        raise NotFoundError("There is no such hold.")
    if hold.lifted_at is not None:
        raise ConflictError("This hold was lifted already.")
    hold.lifted_at, hold.lifted_by = now, lifted_by
    session.flush()
    _audit(session, hold, lifted_by, "hold.lifted", now=now)


def _audit(
    session: Session, hold: LegalHold, person_id: int, action: str, *, now: datetime
) -> None:
    subject = f"person:{hold.person_id}" if hold.person_id else f"submission:{hold.submission_id}"
    audit.record(
        session,
        hold.institution_id,
        actor=f"person:{person_id}",
        action=action,
        subject=subject,
        facts={"hold": hold.id},
        now=now,
    )
