"""The catalogue as its administrators keep it: finding achievements, deleting drafts, retiring."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased, joinedload, selectinload

from app.catalog.models import Achievement, AchievementVersion, Criterion, VersionStatus
from app.catalog.pictures import drop_picture
from app.core import audit
from app.core.audit import AuditEntry
from app.core.errors import ConflictError, NotFoundError
from app.programme.models import Level

PAGE_SIZE: Final = 40
APPROVED, EXPIRED, RETIRED = "approved", "expired", "retired"
DRAFT, IN_REVIEW, DECLINED = "draft", "in_review", "declined"
STATUSES: Final = (APPROVED, IN_REVIEW, DRAFT, EXPIRED, DECLINED, RETIRED)


@dataclass(frozen=True)
class Wanted:
    """What the list is narrowed to; empty: everything.

    `person_id`: only what this person began; `None`: whoever began it.
    """

    words: str = ""
    level: str = ""
    unit: str = ""
    status: str = ""
    person_id: int | None = None


@dataclass(frozen=True)
class Listed:
    """One line of the list: the version that counts, and the states to tell."""

    achievement: Achievement
    version: AchievementVersion
    states: tuple[str, ...]


@dataclass(frozen=True)
class ListedPage:
    """One page of the list; `count` of all that fit."""

    items: tuple[Listed, ...]
    count: int
    page: int
    pages: int


def find_achievements(
    session: Session, institution_id: int, wanted: Wanted, *, page: int, now: datetime
) -> ListedPage:
    """Return one page of the achievements that fit, by level and name."""
    shown = aliased(AchievementVersion)
    statement = (
        select(Achievement, shown)
        .join(shown, shown.id == _counting_version())
        .join(Achievement.level)
        .where(
            Achievement.institution_id == institution_id,
            *_conditions(wanted, shown, now=now),
        )
    )
    count = session.scalar(select(func.count()).select_from(statement.subquery())) or 0
    pages = max(1, -(-count // PAGE_SIZE))
    page = min(max(1, page), pages)
    rows = session.execute(
        statement.options(
            joinedload(Achievement.level),
            joinedload(Achievement.issuer),
            selectinload(Achievement.versions).load_only(
                AchievementVersion.status, AchievementVersion.approved_until
            ),
        )
        .order_by(Level.position, func.lower(shown.name), Achievement.id)
        .offset((page - 1) * PAGE_SIZE)
        .limit(PAGE_SIZE)
    )
    items = tuple(
        Listed(achievement, version, states_of(achievement, now=now))
        for achievement, version in rows
    )
    return ListedPage(items, count, page, pages)


def states_of(achievement: Achievement, *, now: datetime) -> tuple[str, ...]:
    """Return the states of an achievement, the one that counts for its use first."""
    found = {version.status for version in achievement.versions}
    states = []
    if achievement.retired_at is not None and achievement.retired_at <= now:
        states.append(RETIRED)
    elif VersionStatus.APPROVED in found:
        runs = any(
            version.status is VersionStatus.APPROVED
            and (version.approved_until is None or version.approved_until > now)
            for version in achievement.versions
        )
        states.append(APPROVED if runs else EXPIRED)
    states += [state for state in (IN_REVIEW, DRAFT) if VersionStatus(state) in found]
    return tuple(states) or (DECLINED,)


def list_slugs(session: Session, institution_id: int) -> dict[str, str]:
    """Return the slug of each version's achievement by the last part of its public address."""
    rows = session.execute(
        select(AchievementVersion.public_id, Achievement.slug)
        .join(AchievementVersion.achievement)
        .where(AchievementVersion.institution_id == institution_id)
    )
    return {row.public_id: row.slug for row in rows}


def list_units(session: Session, institution_id: int) -> list[str]:
    """Return the issuing units that versions name, in order."""
    return list(
        session.scalars(
            select(AchievementVersion.issuing_unit)
            .where(
                AchievementVersion.institution_id == institution_id,
                AchievementVersion.issuing_unit.is_not(None),
            )
            .distinct()
            .order_by(AchievementVersion.issuing_unit)
        )
    )


def get_achievement_by_id(
    session: Session, achievement_id: int, *, institution_id: int
) -> Achievement:
    """Return one achievement with level, issuer and everything its versions say.

    Raises: `NotFoundError`.
    """
    versions = selectinload(Achievement.versions)
    achievement = session.scalar(
        select(Achievement)
        .where(Achievement.id == achievement_id, Achievement.institution_id == institution_id)
        .options(
            joinedload(Achievement.level),
            joinedload(Achievement.issuer),
            versions.selectinload(AchievementVersion.criteria).selectinload(
                Criterion.rubric_levels
            ),
            versions.selectinload(AchievementVersion.alignments),
        )
    )
    if achievement is None:
        raise NotFoundError("There is no such achievement.")
    return achievement


def current_version(versions: Sequence[AchievementVersion]) -> AchievementVersion:
    """Return the version that counts: the approved one, else the newest."""
    approved = [item for item in versions if item.status is VersionStatus.APPROVED]
    return (approved or list(versions))[-1]


def delete_draft(
    session: Session, version: AchievementVersion, *, actor: str, now: datetime
) -> bool:
    """Delete a draft that nobody has reviewed; say whether its achievement went with it.

    Raises: `ConflictError` if it is no draft, was in review once, or something hangs on it.
    """
    achievement = version.achievement
    if version.status is not VersionStatus.DRAFT:
        raise ConflictError("Only a draft can be deleted.")
    if _was_in_review(session, version):
        raise ConflictError("This draft was in review: what was said about it stays on record.")
    is_only = len(achievement.versions) == 1
    facts = {"slug": achievement.slug, "version": version.number}
    achievement_id = achievement.id
    try:
        with session.begin_nested():
            drop_picture(session, version.id)
            session.delete(version)
            session.flush()
            if is_only:
                session.expire(achievement, ["versions"])
                session.delete(achievement)
                session.flush()
    except IntegrityError as error:
        raise ConflictError(
            "A proposal or an appointment hangs on this draft: end that first."
        ) from error
    audit.record(
        session,
        version.institution_id,
        actor=actor,
        action="achievement.draft_deleted",
        subject=f"achievement:{achievement_id}",
        facts=facts,
        now=now,
    )
    return is_only


def bring_back_achievement(
    session: Session, achievement: Achievement, *, actor: str, now: datetime
) -> None:
    """Take back that an achievement was retired.

    Raises: `ConflictError` if it is not.
    """
    if achievement.retired_at is None:
        raise ConflictError("This achievement is not retired.")
    achievement.retired_at = None
    session.flush()
    audit.record(
        session,
        achievement.institution_id,
        actor=actor,
        action="achievement.brought_back",
        subject=f"achievement:{achievement.id}",
        facts={"slug": achievement.slug},
        now=now,
    )


def _was_in_review(session: Session, version: AchievementVersion) -> bool:
    entries = session.scalars(
        select(AuditEntry.facts).where(
            AuditEntry.institution_id == version.institution_id,
            AuditEntry.subject == f"achievement:{version.achievement_id}",
            AuditEntry.action == "achievement.submitted",
        )
    )
    return any(facts.get("version") == version.number for facts in entries)


def _counting_version() -> ColumnElement[int]:
    """Return the id of the version that counts, for the achievement of the outer query."""
    version = aliased(AchievementVersion)
    is_approved = version.status == VersionStatus.APPROVED
    return (
        select(version.id)
        .where(version.achievement_id == Achievement.id)
        .order_by(is_approved.desc(), version.number.desc())
        .limit(1)
        .correlate(Achievement)
        .scalar_subquery()
    )


def _conditions(
    wanted: Wanted, shown: type[AchievementVersion], *, now: datetime
) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [
        or_(
            shown.name.icontains(word, autoescape=True),
            shown.description.icontains(word, autoescape=True),
            Achievement.slug.icontains(word, autoescape=True),
        )
        for word in wanted.words.split()
    ]
    if wanted.level:
        conditions.append(Level.key == wanted.level)
    if wanted.unit:
        conditions.append(shown.issuing_unit == wanted.unit)
    if wanted.person_id is not None:
        mine = AchievementVersion.proposed_by == wanted.person_id
        conditions.append(_having(mine))
    if wanted.status in STATUSES:
        conditions.extend(_in_status(wanted.status, now=now))
    return conditions


def _in_status(status: str, *, now: datetime) -> list[ColumnElement[bool]]:
    retired = (Achievement.retired_at.is_not(None)) & (Achievement.retired_at <= now)
    approved = AchievementVersion.status == VersionStatus.APPROVED
    expired = AchievementVersion.approved_until <= now
    match status:
        case "retired":
            return [retired]
        case "approved":
            until = AchievementVersion.approved_until
            return [~retired, _having(approved & (until.is_(None) | (until > now)))]
        case "expired":
            return [~retired, _having(approved & expired)]
        case "declined":
            others = AchievementVersion.status != VersionStatus.DECLINED
            return [~_having(others)]
        case _:
            return [_having(AchievementVersion.status == VersionStatus(status))]


def _having(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    statement = select(AchievementVersion.id).where(
        AchievementVersion.achievement_id == Achievement.id, condition
    )
    return statement.correlate(Achievement).exists()
