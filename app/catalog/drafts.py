"""Drafts: an achievement, or its next version, before anybody has approved it.

A draft may be incomplete: its fields stand in `AchievementVersion.draft` until
it goes into review, and are checked and made rows then (see `approving`).
"""

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.catalog.content import content_of
from app.catalog.models import OPEN_STATUSES, Achievement, AchievementVersion, VersionStatus
from app.catalog.pictures import carry_picture
from app.core import audit
from app.core.errors import ConflictError, NotFoundError
from app.programme.models import IssuerProfile, Level


def create_achievement_draft(
    session: Session,
    institution_id: int,
    *,
    slug: str,
    level: Level,
    issuer: IssuerProfile,
    draft: dict[str, Any],
    proposed_by: int | None,
    actor: str,
    now: datetime,
) -> AchievementVersion:
    """Begin a new achievement; return the draft of its first version.

    Raises: `ConflictError` if the slug is taken.
    """
    achievement = Achievement(
        institution_id=institution_id, issuer=issuer, level=level, slug=slug, created_at=now
    )
    session.add(achievement)
    try:
        session.flush()
    except IntegrityError as error:
        raise ConflictError(f"There is an achievement “{slug}” already; choose another.") from error
    return _add_draft(
        session, achievement, draft, number=1, proposed_by=proposed_by, actor=actor, now=now
    )


def start_next_version(
    session: Session,
    achievement: Achievement,
    *,
    proposed_by: int | None,
    actor: str,
    now: datetime,
) -> AchievementVersion:
    """Begin a change: a draft with the content of the newest published version.

    Raises: `ConflictError` if a change is under way, or the achievement is retired.
    """
    if achievement.retired_at is not None:
        raise ConflictError("This achievement is retired: it takes no new version.")
    if find_open_version(session, achievement.id) is not None:
        raise ConflictError("A change of this achievement is under way already: finish it first.")
    newest = session.scalar(
        select(AchievementVersion)
        .where(
            AchievementVersion.achievement_id == achievement.id,
            AchievementVersion.draft.is_(None),
        )
        .order_by(AchievementVersion.number.desc())
        .limit(1)
    )
    number = session.scalar(
        select(func.max(AchievementVersion.number)).where(
            AchievementVersion.achievement_id == achievement.id
        )
    )
    draft = content_of(newest).model_dump(mode="json") if newest else {}
    version = _add_draft(
        session,
        achievement,
        draft,
        number=(number or 0) + 1,
        proposed_by=proposed_by,
        actor=actor,
        now=now,
    )
    carry_picture(session, newest, version, now=now)
    return version


def save_draft(session: Session, version: AchievementVersion, draft: dict[str, Any]) -> None:
    """Keep what is written so far.

    Raises: `ConflictError` if the version is no draft any more.
    """
    if version.status is not VersionStatus.DRAFT or version.draft is None:
        raise ConflictError("This version is no draft any more, so it cannot be changed.")
    version.draft = draft
    version.name = str(draft.get("name") or "")[:200]
    version.description = str(draft.get("description") or "")
    session.flush()


def find_open_version(session: Session, achievement_id: int) -> AchievementVersion | None:
    """Return the draft or the version in review of an achievement, if there is one."""
    return session.scalar(
        select(AchievementVersion)
        .where(
            AchievementVersion.achievement_id == achievement_id,
            AchievementVersion.status.in_(OPEN_STATUSES),
        )
        .limit(1)
    )


def get_version(session: Session, version_id: int, *, institution_id: int) -> AchievementVersion:
    """Return one version of the institution, whatever its status.

    Raises: `NotFoundError`.
    """
    version = session.get(AchievementVersion, version_id)
    if version is None or version.institution_id != institution_id:
        raise NotFoundError("There is no such version of an achievement.")
    return version


def _add_draft(
    session: Session,
    achievement: Achievement,
    draft: dict[str, Any],
    *,
    number: int,
    proposed_by: int | None,
    actor: str,
    now: datetime,
) -> AchievementVersion:
    version = AchievementVersion(
        institution_id=achievement.institution_id,
        achievement=achievement,
        public_id=secrets.token_hex(16),
        number=number,
        name=str(draft.get("name") or "")[:200],
        description=str(draft.get("description") or ""),
        criteria_narrative="",
        image_alt="",
        tags=[],
        status=VersionStatus.DRAFT,
        draft=draft,
        proposed_by=proposed_by,
        created_at=now,
    )
    session.add(version)
    session.flush()
    audit.record(
        session,
        achievement.institution_id,
        actor=actor,
        action="achievement.drafted",
        subject=f"achievement:{achievement.id}",
        facts={"slug": achievement.slug, "version": number},
        now=now,
    )
    return version
