"""The states of a version: draft → in review → approved or declined; and retirement.

Nothing here asks who decides: that is the room `approval`, or a command.
"""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.catalog.checking import choose_issuer, choose_level, known_issuers, known_levels
from app.catalog.content import content_of, fill_version
from app.catalog.document import AchievementSpec, parse_spec
from app.catalog.models import (
    Achievement,
    AchievementVersion,
    Alignment,
    Criterion,
    RubricLevel,
    VersionStatus,
)
from app.catalog.pictures import freeze_picture
from app.catalog.stacks import (
    check_parts,
    check_proposed_parts,
    drop_parts,
    keep_parts,
    owe_awards,
)
from app.core import audit
from app.core.errors import ConflictError, InvalidError

MAX_REFERENCE = 200


def check_draft(session: Session, version: AchievementVersion) -> AchievementSpec:
    """Return a draft's content, complete and in line with its level.

    Raises: `InvalidError` naming what is missing or wrong.
    """
    achievement = version.achievement
    spec = parse_spec(
        (version.draft or {})
        | {
            "slug": achievement.slug,
            "issuer": achievement.issuer.slug,
            "level": achievement.level.key,
        }
    )
    choose_level(spec, known_levels(session, version.institution_id))
    choose_issuer(spec, known_issuers(session, version.institution_id))
    return spec


def submit_version(
    session: Session, version: AchievementVersion, *, actor: str, now: datetime
) -> None:
    """Put a draft into review: from now on its content stands still.

    Raises: `ConflictError` if it is no draft; `InvalidError` if it is incomplete.
    """
    _require_status(version, VersionStatus.DRAFT)
    spec = check_draft(session, version)
    level = version.achievement.level
    check_proposed_parts(session, version.institution_id, spec, level, now=now)
    fill_version(version, spec)
    keep_parts(session, version, spec)
    version.draft = None
    version.status = VersionStatus.IN_REVIEW
    session.flush()
    _audit(session, version, "achievement.submitted", {}, actor=actor, now=now)


def return_version(
    session: Session, version: AchievementVersion, *, actor: str, now: datetime
) -> None:
    """Give a version in review back as a draft, to be changed.

    Raises: `ConflictError` if it is not in review.
    """
    _require_status(version, VersionStatus.IN_REVIEW)
    version.draft = content_of(version).model_dump(mode="json")
    ids = select(Criterion.id).where(Criterion.version_id == version.id)
    session.execute(delete(RubricLevel).where(RubricLevel.criterion_id.in_(ids)))
    session.execute(delete(Criterion).where(Criterion.version_id == version.id))
    session.execute(delete(Alignment).where(Alignment.version_id == version.id))
    drop_parts(session, version)
    version.status = VersionStatus.DRAFT
    session.flush()
    session.expire(version, ["criteria", "alignments"])
    _audit(session, version, "achievement.returned", {}, actor=actor, now=now)


def approve_version(
    session: Session,
    version: AchievementVersion,
    *,
    reference: str,
    until: datetime | None,
    actor: str,
    now: datetime,
) -> None:
    """Approve a version in review: from now on it is the one that counts, and frozen.

    Units: `reference` is the committee's; `until`: when the approval expires.
    Raises: `ConflictError` if it is not in review; `InvalidError` for a bad reference or
        date, or if a part of a certificate may not be one any more.
    """
    _require_status(version, VersionStatus.IN_REVIEW)
    if until is not None and until <= now:
        raise InvalidError("The approval would have expired already: correct the date.")
    reference = check_reference(reference)
    level = version.achievement.level
    check_parts(session, version.institution_id, content_of(version), level, now=now)
    superseded = session.scalars(
        select(AchievementVersion)
        .where(
            AchievementVersion.achievement_id == version.achievement_id,
            AchievementVersion.status == VersionStatus.APPROVED,
        )
        .with_for_update()
    ).all()
    for old in superseded:
        old.status = VersionStatus.SUPERSEDED
    version.status = VersionStatus.APPROVED
    version.approved_at = now
    version.approved_until = until
    version.approval_reference = reference
    session.flush()
    freeze_picture(session, version, now=now)
    facts: dict[str, object] = {
        "reference": reference,
        "supersedes": superseded[0].number if superseded else None,
    }
    _audit(session, version, "achievement.approved", facts, actor=actor, now=now)
    if version.part_groups:
        owe_awards(session, version, now=now)


def decline_version(
    session: Session, version: AchievementVersion, *, actor: str, now: datetime
) -> None:
    """Decline a version in review, for good.

    Raises: `ConflictError` if it is not in review.
    """
    _require_status(version, VersionStatus.IN_REVIEW)
    version.status = VersionStatus.DECLINED
    session.flush()
    _audit(session, version, "achievement.declined", {}, actor=actor, now=now)


def retire_achievement(
    session: Session, achievement: Achievement, *, actor: str, now: datetime
) -> None:
    """Retire an achievement: nobody maps, assesses or awards it any more; awards stand.

    Raises: `ConflictError` if it is retired already.
    """
    if achievement.retired_at is not None:
        raise ConflictError("This achievement is retired already.")
    achievement.retired_at = now
    session.flush()
    audit.record(
        session,
        achievement.institution_id,
        actor=actor,
        action="achievement.retired",
        subject=f"achievement:{achievement.id}",
        facts={"slug": achievement.slug},
        now=now,
    )


def check_reference(text: str) -> str:
    """Return where an approval is on record, without spaces around it.

    Raises: `InvalidError` if it is empty, too long or not printable.
    """
    reference = text.strip()
    if not reference or len(reference) > MAX_REFERENCE or not reference.isprintable():
        raise InvalidError(
            f"Say who approved it: a reference of 1 to {MAX_REFERENCE} characters, "
            "such as the committee's minutes."
        )
    return reference


def _require_status(version: AchievementVersion, status: VersionStatus) -> None:
    if version.status is not status:
        raise ConflictError(
            f"This version is {version.status.value.replace('_', ' ')}, so this is no longer "
            "possible. Load the page again."
        )


def _audit(
    session: Session,
    version: AchievementVersion,
    action: str,
    facts: dict[str, object],
    *,
    actor: str,
    now: datetime,
) -> None:
    audit.record(
        session,
        version.institution_id,
        actor=actor,
        action=action,
        subject=f"achievement:{version.achievement_id}",
        facts={"slug": version.achievement.slug, "version": version.number, **facts},
        now=now,
    )
