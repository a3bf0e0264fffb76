"""One's own award: found for its holder alone, shown to whom they choose."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.awards.issuing import audit_award
from app.awards.models import Award, Visibility
from app.awards.service import get_award_by_public_id
from app.core.errors import ConflictError, NotFoundError

NOT_YOURS = "There is no credential of yours at this address. Look at the list of your credentials."


def get_own_award(session: Session, public_id: str, *, person_id: int) -> Award:
    """Return an award to its holder, in whatever state it is.

    Raises: `NotFoundError` if there is none such, or it is somebody else's.
    """
    try:
        award = get_award_by_public_id(session, public_id)
    except NotFoundError as error:
        raise NotFoundError(NOT_YOURS) from error
    if award.person_id != person_id:
        raise NotFoundError(NOT_YOURS)
    return award


def set_visibility(
    session: Session, award: Award, visibility: Visibility, *, actor: str, now: datetime
) -> None:
    """Choose who sees an award; what is chosen already changes nothing."""
    session.refresh(award, ["visibility"], with_for_update={"of": Award})
    if award.visibility is visibility:
        return
    before, award.visibility = award.visibility, visibility
    facts: dict[str, object] = {"before": before.value, "after": visibility.value}
    audit_award(session, award, actor, "award.visibility", facts, now=now)


def require_unrevoked(award: Award) -> None:
    """Refuse to hand out the files of an award that was taken back.

    Raises: `ConflictError`.
    """
    if award.revoked_at is not None:
        raise ConflictError("This credential was revoked: there is nothing of it to download.")
