"""Achievements, their versions, and what may be mapped."""

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload, selectinload

from app.catalog.approving import check_reference
from app.catalog.checking import choose_issuer, choose_level, known_issuers, known_levels
from app.catalog.content import content_of, fill_version
from app.catalog.document import AchievementsDocument, AchievementSpec, parse_document
from app.catalog.models import (
    PUBLISHED_STATUSES,
    Achievement,
    AchievementVersion,
    Criterion,
    VersionStatus,
)
from app.catalog.offered import assessed_rules
from app.catalog.parts import part_slugs, parts_first
from app.catalog.pictures import freeze_picture
from app.catalog.stacks import check_parts, keep_parts, owe_awards, refuse_circles_among
from app.catalog.usability import is_mappable_now, require_mappable
from app.core import audit
from app.core.errors import ConflictError, NotFoundError
from app.programme.models import IssuerProfile, Level


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
    A certificate may stand before its parts in the document.

    Units: `approved_by` is the committee's reference.
    Raises: `InvalidError` naming what is wrong; `ConflictError` if an achievement is retired.
    """
    if not isinstance(document, AchievementsDocument):
        document = parse_document(document)
    reference = check_reference(approved_by)
    issuers = known_issuers(session, institution_id)
    levels = known_levels(session, institution_id)
    specs = {spec.slug: spec for spec in document.achievements}
    for spec in specs.values():
        choose_level(spec, levels)
    refuse_circles_among(session, institution_id, document.achievements)
    versions = {}
    for slug in parts_first({slug: part_slugs(spec.parts) for slug, spec in specs.items()}):
        spec = specs[slug]
        level = choose_level(spec, levels)
        issuer = choose_issuer(spec, issuers)
        achievement = _keep_achievement(
            session, institution_id, spec, issuer=issuer, level=level, now=now
        )
        versions[slug] = _keep_version(
            session, achievement, spec, reference=reference, actor=actor, now=now
        )
    return [versions[slug] for slug in specs]


def list_mappable_versions(
    session: Session, institution_id: int, *, now: datetime
) -> list[AchievementVersion]:
    """Return what assignments can be mapped to: approved, not retired, assessed by grantors."""
    return list(
        session.scalars(
            _assessed(institution_id)
            .where(is_mappable_now(now))
            .order_by(Level.position, AchievementVersion.name)
        ).unique()
    )


def get_mappable_version(
    session: Session, version_id: int, *, institution_id: int, now: datetime
) -> AchievementVersion:
    """Return one version that assignments can be mapped to now.

    Raises: `NotFoundError` if there is none that grantors assess; `ConflictError`
        saying why it may not be mapped.
    """
    version = session.scalar(_assessed(institution_id).where(AchievementVersion.id == version_id))
    if version is None:
        raise NotFoundError("There is no such micro-credential that an assignment could show.")
    require_mappable(version, now=now)
    return version


def find_version_by_public_id(session: Session, public_id: str) -> AchievementVersion | None:
    """Return the version at a public address; superseded ones too, for awards point at them."""
    return session.scalar(
        _loaded(select(AchievementVersion)).where(
            AchievementVersion.public_id == public_id,
            AchievementVersion.status.in_(PUBLISHED_STATUSES),
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


def _assessed(institution_id: int) -> Select[AchievementVersion]:
    return (
        _loaded(select(AchievementVersion))
        .join(AchievementVersion.achievement)
        .join(Achievement.level)
        .where(*assessed_rules(institution_id))
    )


def _loaded(statement: Select[AchievementVersion]) -> Select[AchievementVersion]:
    achievement = joinedload(AchievementVersion.achievement)
    return statement.options(
        achievement.joinedload(Achievement.level),
        achievement.joinedload(Achievement.issuer),
        selectinload(AchievementVersion.criteria).selectinload(Criterion.rubric_levels),
        selectinload(AchievementVersion.alignments),
    )


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
    level = achievement.level
    check_parts(session, achievement.institution_id, spec, level, now=now)
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
        status=VersionStatus.APPROVED,
        approved_at=now,
        approval_reference=reference,
        created_at=now,
    )
    fill_version(version, spec)
    if approved is not None:
        approved.status = VersionStatus.SUPERSEDED
    session.add(version)
    keep_parts(session, version, spec)
    session.flush()
    freeze_picture(session, version, now=now)
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
    if spec.parts:
        owe_awards(session, version, now=now)
    return version
