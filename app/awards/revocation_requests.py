"""Revoking what one person does not revoke alone: one asks with a reason, another confirms."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from app.awards.issuing import audit_award
from app.awards.models import Award
from app.awards.revoking import needs_second, take_back
from app.awards.status_models import RevocationRequest
from app.core.crypto import Vault
from app.core.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from app.courses.models import Person

# What nobody confirmed by then was not urgent; whoever still wants it asks anew.
OPEN_FOR: Final = timedelta(days=30)


def is_open(request: RevocationRequest, now: datetime) -> bool:
    """Return whether a request can still be confirmed."""
    return request.decided_at is None and now < request.requested_at + OPEN_FOR


def find_request(session: Session, award: Award, *, now: datetime) -> RevocationRequest | None:
    """Return the request that is open for an award."""
    found = _find_undecided(session, award)
    return found if found is not None and is_open(found, now) else None


def list_requests(
    session: Session, institution_id: int, *, now: datetime
) -> list[RevocationRequest]:
    """Return what waits for a second person, oldest first."""
    return list(
        session.scalars(
            select(RevocationRequest)
            .join(Award, Award.id == RevocationRequest.award_id)
            .where(
                RevocationRequest.institution_id == institution_id,
                RevocationRequest.decided_at.is_(None),
                RevocationRequest.requested_at > now - OPEN_FOR,
                Award.revoked_at.is_(None),
            )
            .options(
                joinedload(RevocationRequest.award).joinedload(Award.version),
                joinedload(RevocationRequest.requester),
            )
            .order_by(RevocationRequest.id)
        )
    )


def request_revocation(
    session: Session,
    award: Award,
    *,
    reason: str,
    person_id: int | None,
    actor: str,
    now: datetime,
) -> RevocationRequest:
    """Ask that an award be revoked.

    Units: `person_id`: who asks; `None` for somebody at the server's shell.
    Raises: `InvalidError` without a reason; `ConflictError` if it is revoked, one
        person may revoke it alone, or it was asked for already.
    """
    reason = reason.strip()
    if not reason:
        raise InvalidError("Say why the award is to be revoked: the public page shows the reason.")
    session.refresh(award, with_for_update={"of": Award})
    if award.revoked_at is not None:
        raise ConflictError("This award has already been revoked.")
    if not needs_second(award):
        raise ConflictError("This award is revoked at once; nobody else needs to confirm it.")
    earlier = _find_undecided(session, award)
    if earlier is not None and is_open(earlier, now):
        raise ConflictError("Its revocation was asked for already, and waits to be confirmed.")
    if earlier is not None:  # nobody confirmed it in time
        earlier.decided_at = now
        session.flush()
    request = RevocationRequest(
        institution_id=award.institution_id,
        award_id=award.id,
        reason=reason,
        requested_by=person_id,
        actor=actor,
        requested_at=now,
    )
    session.add(request)
    try:
        session.flush()
    except IntegrityError as error:  # the unique index settles a race between two
        raise ConflictError("Somebody else has just asked for its revocation.") from error
    _audit(session, request, actor, "revocation.requested", now=now)
    return request


def get_open_request(
    session: Session, request_id: int, *, institution_id: int, now: datetime
) -> RevocationRequest:
    """Return a request that is open.

    Raises: `NotFoundError`.
    """
    request = session.scalar(
        select(RevocationRequest).where(
            RevocationRequest.id == request_id,
            RevocationRequest.institution_id == institution_id,
        )
    )
    if request is None or not is_open(request, now):
        raise NotFoundError("There is no such request, or it was answered, or it has lapsed.")
    return request


def confirm_revocation(
    session: Session,
    request: RevocationRequest,
    *,
    person: Person,
    vault: Vault,
    base_url: str,
    now: datetime,
) -> None:
    """Confirm a request as the second person: the award is revoked for its reason.

    Raises: `ForbiddenError` for whoever asked, under whichever account; `ConflictError` if it was
        answered meanwhile, has lapsed, or the award is revoked.
    """
    award = _lock(session, request, now)
    # Two accounts that turned out to be one person are one row by now.
    if request.requested_by == (person.merged_into_id or person.id):
        raise ForbiddenError("You asked for it yourself: another administrator has to confirm it.")
    if award.revoked_at is not None:
        raise ConflictError("This award has already been revoked.")
    _decide(request, person, now)
    request.is_confirmed = True
    session.flush()
    _audit(session, request, f"person:{person.id}", "revocation.confirmed", now=now)
    take_back(
        session,
        [award],
        reason=request.reason,
        actor=f"person:{person.id}",
        vault=vault,
        base_url=base_url,
        now=now,
    )


def drop_request(
    session: Session, request: RevocationRequest, *, person: Person, now: datetime
) -> None:
    """Drop a request: the award stands. Whoever asked may do so too.

    Raises: `ConflictError` if it was answered meanwhile, or has lapsed.
    """
    _lock(session, request, now)
    _decide(request, person, now)
    session.flush()
    _audit(session, request, f"person:{person.id}", "revocation.dropped", now=now)


def _find_undecided(session: Session, award: Award) -> RevocationRequest | None:
    return session.scalar(
        select(RevocationRequest)
        .where(RevocationRequest.award_id == award.id, RevocationRequest.decided_at.is_(None))
        .options(joinedload(RevocationRequest.requester))
    )


def _lock(session: Session, request: RevocationRequest, now: datetime) -> Award:
    """Lock the award, then the request; return the award. Raises: `ConflictError`."""
    award = session.get_one(Award, request.award_id)
    session.refresh(award, with_for_update={"of": Award})
    session.refresh(request, with_for_update={"of": RevocationRequest})
    if not is_open(request, now):
        raise ConflictError("This request was answered meanwhile, or has lapsed.")
    return award


def _decide(request: RevocationRequest, person: Person, now: datetime) -> None:
    request.decided_by, request.decided_at = person.id, now


def _audit(
    session: Session, request: RevocationRequest, actor: str, action: str, *, now: datetime
) -> None:
    award = session.get_one(Award, request.award_id)
    facts: dict[str, object] = {"person": award.person_id, "request": request.id}
    audit_award(session, award, actor, action, facts, now=now)
