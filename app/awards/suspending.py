"""Suspending an award while something is looked into, and giving it back."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.awards.fallen import flag_what_uses
from app.awards.issuing import audit_award, award_what_it_completes
from app.awards.models import Award
from app.awards.revoking import list_twins
from app.awards.status_lists import set_bits
from app.core.crypto import Vault
from app.core.errors import ConflictError, InvalidError


def suspend_award(
    session: Session,
    award: Award,
    *,
    reason: str,
    actor: str,
    vault: Vault,
    base_url: str,
    now: datetime,
) -> None:
    """Suspend an award: verifiers refuse it until it is given back.

    It keeps its place, and the gradebook its grade: nothing is decided yet. Towards
    a certificate it does not count meanwhile; one that stands is flagged, and
    falls by no rule. Its twin, if the holder turned out to be known twice, goes with it.

    Raises: `InvalidError` without a reason; `ConflictError` if it is suspended or
        revoked already.
    """
    reason = reason.strip()
    if not reason:
        raise InvalidError("Say why the award is suspended: the public page shows the reason.")
    session.refresh(award, with_for_update={"of": Award})
    if award.revoked_at is not None:
        raise ConflictError("This award was revoked; there is nothing left to suspend.")
    if award.suspended_at is not None:
        raise ConflictError("This award is suspended already.")
    together = [award, *(each for each in list_twins(session, award) if not each.suspended_at)]
    for each in together:
        each.suspended_at, each.suspension_reason = now, reason
        session.flush()
        facts: dict[str, object] = {"person": each.person_id}
        audit_award(session, each, actor, "award.suspended", facts, now=now)
    flag_what_uses(session, award, now=now)
    set_bits(session, together, is_set=True, vault=vault, base_url=base_url, now=now)


def resume_award(
    session: Session, award: Award, *, actor: str, vault: Vault, base_url: str, now: datetime
) -> None:
    """Give a suspended award back: it is valid as it was, and counts again.

    Flags are cleared; a certificate that its holder came to be due meanwhile is awarded.

    Raises: `ConflictError` if it is not suspended.
    """
    session.refresh(award, with_for_update={"of": Award})
    if award.suspended_at is None:
        raise ConflictError("This award is not suspended.")
    together = [award, *(each for each in list_twins(session, award) if each.suspended_at)]
    for each in together:
        each.suspended_at = each.suspension_reason = None
        session.flush()
        facts: dict[str, object] = {"person": each.person_id}
        audit_award(session, each, actor, "award.resumed", facts, now=now)
    set_bits(session, together, is_set=False, vault=vault, base_url=base_url, now=now)
    award_what_it_completes(
        session, award, person=award.person, vault=vault, base_url=base_url, now=now
    )
