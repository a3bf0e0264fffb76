"""Taking awards back: the bit, the page, the certificates that fall with it, the gradebook."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, selectinload

from app.awards.fallen import list_fallen
from app.awards.issuing import audit_award
from app.awards.models import Award
from app.awards.status_lists import set_bits
from app.core.crypto import Vault
from app.core.errors import ConflictError, InvalidError
from app.evidence.models import Submission, SubmissionStatus
from app.evidence.service import set_status
from app.passback.service import queue_status

NOT_ALONE = (
    "This award shows assessed work to everybody: one person alone does not revoke it. "
    "Ask for its revocation; another administrator confirms it."
)


def revoke_award(
    session: Session,
    award: Award,
    *,
    reason: str,
    actor: str,
    vault: Vault,
    base_url: str,
    now: datetime,
) -> None:
    """Revoke an award: its page and its status list say so from now on; the gradebook is told.

    Certificates that it leaves incomplete are flagged; by their level's rule they
    fall with it. Its own parts, if it is a certificate, stand. Somebody who turned
    out to be known twice may hold a second one of the same achievement; it falls
    with it.

    Raises: `InvalidError` without a reason; `ConflictError` if it is revoked
        already, or its level wants a second person (see `revocation_requests`).
    """
    _require_reason(reason)
    session.refresh(award, with_for_update={"of": Award})
    if award.revoked_at is not None:
        raise ConflictError("This award has already been revoked.")
    if needs_second(award):
        raise ConflictError(NOT_ALONE)
    take_back(session, [award], reason=reason, actor=actor, vault=vault, base_url=base_url, now=now)


def revoke_by_rule(
    session: Session,
    award: Award,
    *,
    reason: str,
    actor: str,
    vault: Vault,
    base_url: str,
    now: datetime,
) -> None:
    """Revoke an award because a rule says so: no person decides, so no second one is asked."""
    take_back(session, [award], reason=reason, actor=actor, vault=vault, base_url=base_url, now=now)


def needs_second(award: Award) -> bool:
    """Return whether a second person has to confirm that an award is revoked.

    So it is where the level shows work to everybody: it says so itself.
    """
    return award.achievement.level.shares_evidence


def take_back(
    session: Session,
    awards: Sequence[Award],
    *,
    reason: str,
    actor: str,
    vault: Vault,
    base_url: str,
    now: datetime,
) -> None:
    """Revoke awards for one reason; what was revoked already is left as it is.

    All that a status list says changes at once: it is signed once, however many
    awards and certificates fall. Whether one person may do this is asked before.

    Raises: `InvalidError` without a reason.
    """
    reason = _require_reason(reason)
    standing = _lock(session, awards)
    fallen: dict[int, Award] = {}
    for award in standing:
        _fall(session, award, reason, actor, fallen, now=now)
    set_bits(session, fallen.values(), is_set=True, vault=vault, base_url=base_url, now=now)


def list_twins(session: Session, award: Award) -> list[Award]:
    """Return what stands beside an award because its holder turned out to be known twice."""
    older = award.duplicate_of_id or award.id
    return list(
        session.scalars(
            select(Award)
            .where(
                or_(Award.id == older, Award.duplicate_of_id == older),
                Award.id != award.id,
                Award.revoked_at.is_(None),
            )
            .order_by(Award.id)
            .with_for_update()
        )
    )


def _require_reason(reason: str) -> str:
    reason = reason.strip()
    if not reason:
        raise InvalidError("Say why the award is revoked: the public page shows the reason.")
    return reason


def _lock(session: Session, awards: Iterable[Award]) -> Sequence[Award]:
    """Lock what is to fall, in one order, before anybody's turn at the audit log."""
    return session.scalars(
        select(Award)
        .where(Award.id.in_([award.id for award in awards]), Award.revoked_at.is_(None))
        .order_by(Award.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def _fall(
    session: Session,
    award: Award,
    reason: str,
    actor: str,
    fallen: dict[int, Award],
    *,
    now: datetime,
) -> None:
    """Let one award fall, with its twins and the certificates that fall by rule."""
    if award.revoked_at is not None:
        return
    together = [award, *list_twins(session, award)]
    for each in together:
        each.revoked_at, each.revocation_reason = now, reason
        each.suspended_at = each.suspension_reason = None
        fallen[each.id] = each
        session.flush()
        facts: dict[str, object] = {"person": award.person_id}
        audit_award(session, each, actor, "award.revoked", facts, now=now)
    _tell_gradebook(session, award, reason, now=now)
    for each in together:
        for certificate, why in list_fallen(session, each, now=now):
            _fall(session, certificate, why, f"rule:{each.id}", fallen, now=now)


def _tell_gradebook(session: Session, award: Award, reason: str, *, now: datetime) -> None:
    for submission in _list_awarded_submissions(session, award):
        set_status(session, submission, SubmissionStatus.REVOKED, now=now)
        queue_status(
            session,
            submission.assignment,
            person_id=award.person_id,
            status=SubmissionStatus.REVOKED.value,
            points=0,
            comment=f"Revoked: {reason}",
            occurred_at=now,
            submitted_at=submission.submitted_at,
            scored_by=None,
        )


def _list_awarded_submissions(session: Session, award: Award) -> list[Submission]:
    return list(
        session.scalars(
            select(Submission)
            .where(
                Submission.institution_id == award.institution_id,
                Submission.learner_id == award.person_id,
                Submission.achievement_id == award.achievement_id,
                Submission.status == SubmissionStatus.AWARDED,
            )
            .options(selectinload(Submission.assignment))
            .order_by(Submission.id)
            .with_for_update()
        )
    )
