"""Only approved: the one place that says whether an achievement may be used.

Mapping, submitting, assessing and awarding ask here, whoever asks and by
whichever door. Source: DOMAIN, rule 1.
"""

from datetime import datetime

from sqlalchemy import BindParameter, ColumnElement, and_

from app.catalog.models import Achievement, AchievementVersion, VersionStatus
from app.core.errors import ConflictError


def why_unusable(version: AchievementVersion, *, now: datetime) -> str | None:
    """Say in one sentence why a version may not be used; `None` if it may.

    A superseded version may still be used where it was mapped before: the
    learner has begun under it. It can no longer be mapped (`is_mappable_now`).
    """
    if version.achievement.retired_at is not None and version.achievement.retired_at <= now:
        return "This micro-credential is retired: nobody can earn it any more."
    if version.status not in {VersionStatus.APPROVED, VersionStatus.SUPERSEDED}:
        return "This micro-credential is not approved, so nobody can work on it yet."
    if version.approved_until is not None and version.approved_until <= now:
        return "The approval of this micro-credential has expired."
    return None


def require_usable(version: AchievementVersion, *, now: datetime) -> None:
    """Refuse a version that may not be used.

    Raises: `ConflictError` saying why.
    """
    why = why_unusable(version, now=now)
    if why is not None:
        raise ConflictError(f"{why} Ask your programme administrator.")


def is_mappable_now(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """Return the condition, over achievement and version, for what may be mapped or chosen now."""
    return and_(
        AchievementVersion.status == VersionStatus.APPROVED,
        AchievementVersion.approved_until.is_(None) | (AchievementVersion.approved_until > now),
        Achievement.retired_at.is_(None) | (Achievement.retired_at > now),
    )
