"""Who may see a version, and who may change it; whoever asks and by whichever page."""

from datetime import datetime

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from app.catalog.models import PUBLISHED_STATUSES, AchievementVersion, VersionStatus
from app.core.errors import ForbiddenError, NotFoundError
from app.core.principal import Principal
from app.programme.models import ReviewerAppointment


def may_see(
    session: Session, principal: Principal, version: AchievementVersion, *, now: datetime
) -> bool:
    """Say whether somebody may read a version.

    What was published anybody may read; anything else: administrators, who began
    it, and whoever holds a seat among the reviewers now.
    """
    if version.institution_id != principal.institution_id:
        return False
    return (
        version.status in PUBLISHED_STATUSES
        or principal.is_administrator
        or version.proposed_by == principal.person_id
        or is_reviewer(session, principal, now=now)
    )


def may_edit(principal: Principal, version: AchievementVersion) -> bool:
    """Say whether somebody may change a version: a draft, by who began it or an administrator."""
    return (
        version.institution_id == principal.institution_id
        and version.status is VersionStatus.DRAFT
        and version.draft is not None
        and (principal.is_administrator or version.proposed_by == principal.person_id)
    )


def sees_everything(session: Session, principal: Principal, *, now: datetime) -> bool:
    """Say whether somebody reads the whole catalogue, drafts included."""
    return principal.is_administrator or is_reviewer(session, principal, now=now)


def require_may_see(
    session: Session, principal: Principal, version: AchievementVersion, *, now: datetime
) -> None:
    """Refuse who may not read a version, as if it were not there.

    Raises: `NotFoundError`.
    """
    if not may_see(session, principal, version, now=now):
        raise NotFoundError("There is no such version of an achievement.")


def require_may_edit(
    session: Session, principal: Principal, version: AchievementVersion, *, now: datetime
) -> None:
    """Refuse who may not change a version.

    Raises: `NotFoundError` if it is not even theirs to see; `ForbiddenError` saying why.
    """
    require_may_see(session, principal, version, now=now)
    if version.status is not VersionStatus.DRAFT:
        raise ForbiddenError(
            "This version stands still: only a draft can be changed. Begin a new version instead."
        )
    if not may_edit(principal, version):
        raise ForbiddenError("Only who began this draft, or an administrator, may change it.")


def is_reviewer(session: Session, principal: Principal, *, now: datetime) -> bool:
    """Say whether somebody holds a seat in a group of reviewers now."""
    seat = exists().where(
        ReviewerAppointment.institution_id == principal.institution_id,
        ReviewerAppointment.person_id == principal.person_id,
        ReviewerAppointment.starts_at <= now,
        or_(ReviewerAppointment.ends_at.is_(None), ReviewerAppointment.ends_at > now),
    )
    return bool(session.scalar(select(seat)))
