"""Only approved: the one place that says whether an achievement may be used.

Mapping, submitting, assessing and awarding ask here, whoever asks and by
whichever door. Source: DOMAIN, rule 1.
"""

from datetime import datetime

from sqlalchemy import BindParameter, ColumnElement, and_, or_

from app.catalog.models import (
    PUBLISHED_STATUSES,
    Achievement,
    AchievementVersion,
    VersionStatus,
)
from app.core.errors import ConflictError

Moment = datetime | BindParameter[datetime]


def why_unusable(version: AchievementVersion, *, now: datetime) -> str | None:
    """Say in one sentence why a version may not be used; `None` if it may.

    A superseded version may still be used where it was mapped before: the
    learner has begun under it (docs/decisions/0014). It can no longer be mapped.
    """
    if version.achievement.retired_at is not None and version.achievement.retired_at <= now:
        return "This micro-credential is retired: nobody can earn it any more."
    if version.status not in PUBLISHED_STATUSES:
        return "This micro-credential is not approved, so nobody can work on it yet."
    if version.approved_until is not None and version.approved_until <= now:
        return "The approval of this micro-credential has expired."
    return None


def why_unmappable(version: AchievementVersion, *, now: datetime) -> str | None:
    """Say in one sentence why a version may not be mapped anew; `None` if it may."""
    why = why_unusable(version, now=now)
    if why is None and version.is_superseded:
        return "This micro-credential has a newer version: choose that one."
    return why


def require_usable(version: AchievementVersion, *, now: datetime) -> None:
    """Refuse a version that may not be used.

    Raises: `ConflictError` saying why.
    """
    why = why_unusable(version, now=now)
    if why is not None:
        raise ConflictError(f"{why} Ask your programme administrator.")


def require_mappable(version: AchievementVersion, *, now: datetime) -> None:
    """Refuse a version that may not be mapped anew.

    Raises: `ConflictError` saying why.
    """
    why = why_unmappable(version, now=now)
    if why is not None:
        raise ConflictError(f"{why} Ask your programme administrator.")


def list_published_statuses() -> tuple[str, ...]:
    """Return in which states a version was approved once, for statements that are worded once."""
    return tuple(status.value for status in PUBLISHED_STATUSES)


def is_usable_now(now: Moment) -> ColumnElement[bool]:
    """Return the condition, over achievement and version, for what `why_unusable` lets pass."""
    published = (AchievementVersion.status == status for status in PUBLISHED_STATUSES)
    return and_(or_(*published), _lasts(now))


def is_mappable_now(now: Moment) -> ColumnElement[bool]:
    """Return the condition, over achievement and version, for what may be mapped or chosen now."""
    return and_(AchievementVersion.status == VersionStatus.APPROVED, _lasts(now))


def is_decided(*, or_in_review: bool = False) -> ColumnElement[bool]:
    """Return the condition, over a version, that it is the approved one, or might become it."""
    approved = AchievementVersion.status == VersionStatus.APPROVED
    in_review = AchievementVersion.status == VersionStatus.IN_REVIEW
    return or_(approved, in_review) if or_in_review else approved


def _lasts(now: Moment) -> ColumnElement[bool]:
    return and_(
        AchievementVersion.approved_until.is_(None) | (AchievementVersion.approved_until > now),
        Achievement.retired_at.is_(None) | (Achievement.retired_at > now),
    )
