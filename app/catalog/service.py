"""Achievements, their versions, and what may be mapped."""

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload, selectinload

from app.catalog.content import build_alignments, build_criteria, content_of
from app.catalog.document import AchievementsDocument, AchievementSpec, parse_document
from app.catalog.models import (
    Achievement,
    AchievementVersion,
    Criterion,
    VersionStatus,
)
from app.catalog.offered import mappable_rules
from app.core import audit
from app.core.errors import ConflictError, InvalidError, NotFoundError
from app.programme.models import IssuerProfile, Level
from app.programme.service import list_issuers, list_levels

MAX_REFERENCE = 200


def import_achievements(
    session: Session,
    institution_id: int,
    document: AchievementsDocument | dict[str, Any],
    *,
    approved_by: str,
    actor: str,
    now: datetime,
) -> list[AchievementVersion]:
    """Bring in achievements that the committee has approved, all of them or none.

    The same content again changes nothing. Changed content becomes the next
    version and supersedes the one before; awards and assignments keep theirs.

    Units: `approved_by` is the committee's reference.
    Raises: `InvalidError` naming what is wrong; `ConflictError` if an achievement is retired.
    """
    if not isinstance(document, AchievementsDocument):
        document = parse_document(document)
    reference = _check_reference(approved_by)
    issuers = {
        issuer.slug: issuer
        for issuer in list_issuers(session)
        if issuer.institution_id == institution_id
    }
    levels = {level.key: level for level in list_levels(session, institution_id)}
    versions = []
    for spec in document.achievements:
        level = _choose_level(spec, levels)
        issuer = _choose_issuer(spec, issuers)
        achievement = _keep_achievement(
            session, institution_id, spec, issuer=issuer, level=level, now=now
        )
        version = _keep_version(
            session, achievement, spec, reference=reference, actor=actor, now=now
        )
        versions.append(version)
    return versions


def list_mappable_versions(session: Session, institution_id: int) -> list[AchievementVersion]:
    """Return what assignments can be mapped to: approved, not retired, assessed by grantors."""
    return list(
        session.scalars(
            _mappable(institution_id).order_by(Level.position, AchievementVersion.name)
        ).unique()
    )


def get_mappable_version(
    session: Session, version_id: int, *, institution_id: int
) -> AchievementVersion:
    """Return one version that assignments can be mapped to now.

    Raises: `NotFoundError` if there is none, or it is not approved, superseded or retired.
    """
    version = session.scalar(_mappable(institution_id).where(AchievementVersion.id == version_id))
    if version is None:
        raise NotFoundError(
            "This micro-credential cannot be mapped: it is not approved, or has a newer version."
        )
    return version


def find_version_by_public_id(session: Session, public_id: str) -> AchievementVersion | None:
    """Return the version at a public address; superseded ones too, for awards point at them."""
    return session.scalar(
        _loaded(select(AchievementVersion)).where(
            AchievementVersion.public_id == public_id,
            AchievementVersion.status != VersionStatus.DRAFT,
        )
    )


def get_achievement(session: Session, slug: str, *, institution_id: int) -> Achievement:
    """Return one achievement of the institution by its slug.

    Raises: `NotFoundError`.
    """
    achievement = _find_achievement(session, institution_id, slug)
    if achievement is None:
        raise NotFoundError(f"There is no achievement “{slug}”.")
    return achievement


def list_achievements(session: Session, institution_id: int) -> list[Achievement]:
    """Return every achievement of the institution with level, issuer and versions."""
    return list(
        session.scalars(
            select(Achievement)
            .join(Achievement.level)
            .where(Achievement.institution_id == institution_id)
            .options(
                joinedload(Achievement.level),
                joinedload(Achievement.issuer),
                selectinload(Achievement.versions),
            )
            .order_by(Level.position, Achievement.slug)
        )
    )


def find_approved_version(achievement: Achievement) -> AchievementVersion | None:
    """Return the version of an achievement that is approved now, if there is one."""
    approved = [item for item in achievement.versions if item.status is VersionStatus.APPROVED]
    return approved[-1] if approved else None


def _mappable(institution_id: int) -> Select[AchievementVersion]:
    return (
        _loaded(select(AchievementVersion))
        .join(AchievementVersion.achievement)
        .join(Achievement.level)
        .where(*mappable_rules(institution_id))
    )


def _loaded(statement: Select[AchievementVersion]) -> Select[AchievementVersion]:
    achievement = joinedload(AchievementVersion.achievement)
    return statement.options(
        achievement.joinedload(Achievement.level),
        achievement.joinedload(Achievement.issuer),
        selectinload(AchievementVersion.criteria).selectinload(Criterion.rubric_levels),
        selectinload(AchievementVersion.alignments),
    )


def _check_reference(approved_by: str) -> str:
    reference = approved_by.strip()
    if not reference or len(reference) > MAX_REFERENCE or not reference.isprintable():
        raise InvalidError(
            f"Say who approved it: a reference of 1 to {MAX_REFERENCE} characters, "
            "such as the committee's minutes."
        )
    return reference


def _choose_level(spec: AchievementSpec, levels: dict[str, Level]) -> Level:
    level = levels.get(spec.level)
    if level is None:
        known = ", ".join(levels) or "none; load a programme first"
        raise InvalidError(f"“{spec.slug}”: there is no level “{spec.level}” (known: {known}).")
    if level.is_mappable and not any(criterion.required for criterion in spec.criteria):
        raise InvalidError(f"“{spec.slug}”: a {level.name} needs at least one required criterion.")
    if not level.is_mappable and spec.criteria:
        raise InvalidError(
            f"“{spec.slug}”: nobody assesses a {level.name}, so it takes no criteria."
        )
    return level


def _choose_issuer(spec: AchievementSpec, issuers: dict[str, IssuerProfile]) -> IssuerProfile:
    issuer = issuers.get(spec.issuer)
    if issuer is None:
        known = ", ".join(issuers) or "none; add an issuer first"
        raise InvalidError(f"“{spec.slug}”: there is no issuer “{spec.issuer}” (known: {known}).")
    return issuer


def _find_achievement(session: Session, institution_id: int, slug: str) -> Achievement | None:
    return session.scalar(
        select(Achievement).where(
            Achievement.institution_id == institution_id, Achievement.slug == slug
        )
    )


def _keep_achievement(
    session: Session,
    institution_id: int,
    spec: AchievementSpec,
    *,
    issuer: IssuerProfile,
    level: Level,
    now: datetime,
) -> Achievement:
    achievement = _find_achievement(session, institution_id, spec.slug)
    if achievement is not None:
        if achievement.retired_at is not None:
            raise ConflictError(f"“{spec.slug}” is retired; choose another slug.")
        if achievement.level is not level or achievement.issuer is not issuer:
            raise ConflictError(
                f"“{spec.slug}” keeps its level “{achievement.level.key}” and its issuer "
                f"“{achievement.issuer.slug}”: awards rest on them. Choose another slug."
            )
        return achievement
    achievement = Achievement(
        institution_id=institution_id,
        issuer=issuer,
        level=level,
        slug=spec.slug,
        created_at=now,
    )
    session.add(achievement)
    try:
        session.flush()
    except IntegrityError as error:  # the unique slug settles a race between two imports
        raise ConflictError(f"“{spec.slug}” has just been imported by somebody else.") from error
    return achievement


def _keep_version(
    session: Session,
    achievement: Achievement,
    spec: AchievementSpec,
    *,
    reference: str,
    actor: str,
    now: datetime,
) -> AchievementVersion:
    approved = find_approved_version(achievement)
    if approved is not None and content_of(approved) == spec:
        return approved
    newest = session.scalar(
        select(func.max(AchievementVersion.number)).where(
            AchievementVersion.achievement_id == achievement.id
        )
    )
    version = AchievementVersion(
        institution_id=achievement.institution_id,
        achievement=achievement,
        public_id=secrets.token_hex(16),
        number=(newest or 0) + 1,
        name=spec.name,
        description=spec.description,
        criteria_narrative=spec.criteria_narrative,
        image_alt=spec.image_alt,
        tags=list(spec.tags),
        status=VersionStatus.APPROVED,
        approved_at=now,
        approval_reference=reference,
        created_at=now,
        criteria=build_criteria(spec),
        alignments=build_alignments(spec),
    )
    if approved is not None:
        approved.status = VersionStatus.SUPERSEDED
    session.add(version)
    session.flush()
    audit.record(
        session,
        achievement.institution_id,
        actor=actor,
        action="achievement.approved",
        subject=f"achievement:{achievement.id}",
        facts={
            "slug": achievement.slug,
            "version": version.number,
            "reference": reference,
            "supersedes": approved.number if approved else None,
        },
        now=now,
    )
    return version
