"""Certificates: whether a set of parts may be approved, its rows, and what a page says of it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session, aliased, joinedload, selectinload

from app.catalog.document import AchievementSpec
from app.catalog.models import (
    PUBLISHED_STATUSES,
    Achievement,
    AchievementVersion,
    VersionStatus,
)
from app.catalog.parts import (
    GroupRule,
    PartRule,
    PartSpec,
    find_circle,
    part_slugs,
)
from app.catalog.stack_models import StackGroup, StackPart
from app.catalog.usability import why_unusable
from app.core.errors import InvalidError
from app.outbox.service import queue
from app.platforms.models import Institution
from app.programme.models import Level

CERTIFICATE_KIND = "certificate"
BY_RULE = "rule"


@dataclass(frozen=True)
class ShownPart:
    """A part as pages name it. `version`: the newest published one; `None` if there is none.

    `from_version`, `versions`: which of its versions count; `None`: no limit.
    """

    achievement: Achievement
    version: AchievementVersion | None
    from_version: int | None
    versions: tuple[int, ...] | None

    @property
    def name(self) -> str:
        """The name of the newest published version, else the slug."""
        return self.version.name if self.version else self.achievement.slug

    @property
    def level_name(self) -> str:
        """The name of its level."""
        return self.achievement.level.name


@dataclass(frozen=True)
class ShownGroup:
    """Parts of which `needed` are needed."""

    needed: int
    parts: tuple[ShownPart, ...]


def check_level_takes_parts(spec: AchievementSpec, level: Level) -> None:
    """Refuse a certificate without parts, and parts of what is no certificate.

    Raises: `InvalidError`.
    """
    if level.award_by == BY_RULE and not spec.parts:
        raise InvalidError(
            f"“{spec.slug}”: a {level.name} is awarded when a set is complete: say its parts."
        )
    if level.award_by != BY_RULE and spec.parts:
        raise InvalidError(f"“{spec.slug}”: a {level.name} is no set, so it takes no parts.")


def check_proposed_parts(
    session: Session, institution_id: int, spec: AchievementSpec, level: Level, *, now: datetime
) -> None:
    """Refuse a set that could never be approved: unknown or retired parts, a wrong level, a circle.

    Raises: `InvalidError` naming the certificate and the part.
    """
    if not spec.parts:
        return
    found = _find_parts(session, institution_id, spec)
    for part in found.values():
        _check_part(spec, part, level, now=now)
    statuses = (VersionStatus.APPROVED, VersionStatus.IN_REVIEW)
    _refuse_circle(session, institution_id, [spec], statuses)


def check_parts(
    session: Session, institution_id: int, spec: AchievementSpec, level: Level, *, now: datetime
) -> None:
    """Refuse a set that may not be approved: its parts must be approved, and of these versions.

    Two approvals at once must not close a circle together, so they wait for
    each other here.
    Raises: as `check_proposed_parts`.
    """
    if not spec.parts:
        return
    session.execute(
        select(Institution.id)
        .where(Institution.id == institution_id)
        .with_for_update(key_share=True)
    )
    found = _find_parts(session, institution_id, spec)
    for group in spec.parts:
        for wanted in group.of:
            part = found[wanted.achievement]
            _check_part(spec, part, level, now=now)
            _check_approved(spec, wanted, part, now=now)
    _refuse_circle(session, institution_id, [spec], (VersionStatus.APPROVED,))


def refuse_circles_among(
    session: Session, institution_id: int, specs: Sequence[AchievementSpec]
) -> None:
    """Refuse certificates that come in together and need each other.

    Raises: `InvalidError` naming the circle.
    """
    if any(spec.parts for spec in specs):
        _refuse_circle(session, institution_id, specs, (VersionStatus.APPROVED,))


def keep_parts(session: Session, version: AchievementVersion, spec: AchievementSpec) -> None:
    """Write a document's parts into a version that has none yet.

    Raises: `InvalidError` if there is no such achievement.
    """
    if not spec.parts:
        return
    found = _find_parts(session, version.institution_id, spec)
    version.part_groups = [
        StackGroup(
            position=number,
            needed=group.needed,
            group_count=len(spec.parts),
            parts=[
                StackPart(
                    position=place,
                    achievement=found[part.achievement],
                    from_version=part.from_version,
                    versions=part.versions,
                )
                for place, part in enumerate(group.of)
            ],
        )
        for number, group in enumerate(spec.parts)
    ]


def drop_parts(session: Session, version: AchievementVersion) -> None:
    """Take the parts out of a version that becomes a draft again."""
    groups = select(StackGroup.id).where(StackGroup.version_id == version.id)
    session.execute(delete(StackPart).where(StackPart.group_id.in_(groups)))
    session.execute(delete(StackGroup).where(StackGroup.version_id == version.id))
    session.expire(version, ["part_groups"])


def is_a_part(session: Session, achievement_id: int) -> bool:
    """Return whether any certificate, approved or not, has this achievement as a part."""
    used = exists().where(StackPart.achievement_id == achievement_id)
    return bool(session.scalar(select(used)))


def read_rules(session: Session, version_ids: Collection[int]) -> dict[int, tuple[GroupRule, ...]]:
    """Return the sets of these versions of certificates, ready to be judged."""
    groups = session.scalars(
        select(StackGroup)
        .where(StackGroup.version_id.in_(version_ids))
        .options(selectinload(StackGroup.parts))
        .order_by(StackGroup.version_id, StackGroup.position)
    )
    rules: dict[int, tuple[GroupRule, ...]] = dict.fromkeys(version_ids, ())
    for group in groups:
        parts = tuple(_rule_of(part) for part in group.parts)
        rules[group.version_id] += (GroupRule(group.needed, parts),)
    return rules


def show_parts(session: Session, version_ids: Collection[int]) -> dict[int, list[ShownGroup]]:
    """Return the sets of these versions of certificates as pages show them."""
    achievement = joinedload(StackPart.achievement)
    groups = session.scalars(
        select(StackGroup)
        .where(StackGroup.version_id.in_(version_ids))
        .options(
            selectinload(StackGroup.parts).options(
                achievement.joinedload(Achievement.level),
                achievement.selectinload(Achievement.versions),
            )
        )
        .order_by(StackGroup.version_id, StackGroup.position)
    )
    shown: dict[int, list[ShownGroup]] = {number: [] for number in version_ids}
    for group in groups:
        shown[group.version_id].append(
            ShownGroup(group.needed, tuple(_shown(part) for part in group.parts))
        )
    return shown


def owe_awards(
    session: Session, version: AchievementVersion, *, after: int = 0, now: datetime
) -> None:
    """Let the worker award an approved certificate to whoever holds its set already.

    `after`: the person that it has come to; it begins with the one after.
    """
    queue(
        session,
        version.institution_id,
        kind=CERTIFICATE_KIND,
        subject=f"{CERTIFICATE_KIND}:{version.id}",
        payload={"version_id": version.id, "after": after},
        due_at=now,
        now=now,
    )


def list_problems(session: Session, version: AchievementVersion, *, now: datetime) -> list[str]:
    """Say what has become of an approved set since: parts that nobody can earn any more."""
    problems = []
    for group in show_parts(session, [version.id])[version.id]:
        unusable = [why for part in group.parts if (why := why_not_earned(part, now=now))]
        problems += unusable
        if len(group.parts) - len(unusable) < group.needed:
            problems.append("The set can no longer be completed by somebody who begins now.")
    if not version.part_groups:
        problems.append("It has no parts, so it is never awarded.")
    return problems


def why_not_earned(part: ShownPart, *, now: datetime) -> str | None:
    """Say why nobody can earn a part any more, as it counts; `None` if one can."""
    approved = next(
        (item for item in part.achievement.versions if item.status is VersionStatus.APPROVED), None
    )
    if approved is None:
        return f"“{part.name}” is not approved."
    if why_unusable(approved, now=now) is not None:
        return f"“{part.name}” is retired, or its approval has expired."
    if not counts(part, approved.number):
        return f"The approved version of “{part.name}” does not count here."
    return None


def counts(part: ShownPart, number: int) -> bool:
    """Say whether a version of this part counts."""
    if part.versions is not None:
        return number in part.versions
    return part.from_version is None or number >= part.from_version


def _find_parts(
    session: Session, institution_id: int, spec: AchievementSpec
) -> dict[str, Achievement]:
    slugs = part_slugs(spec.parts)
    rows = session.scalars(
        select(Achievement)
        .where(Achievement.institution_id == institution_id, Achievement.slug.in_(slugs))
        .options(joinedload(Achievement.level))
    )
    found = {achievement.slug: achievement for achievement in rows}
    for slug in slugs:
        if slug not in found:
            raise InvalidError(f"“{spec.slug}”: there is no achievement “{slug}” to be its part.")
    return found


def _check_part(spec: AchievementSpec, part: Achievement, level: Level, *, now: datetime) -> None:
    if level.part_levels and part.level.key not in level.part_levels:
        raise InvalidError(
            f"“{spec.slug}”: “{part.slug}” is a {part.level.name}; a {level.name} is made of "
            f"{', '.join(level.part_levels)} only."
        )
    if part.retired_at is not None and part.retired_at <= now:
        raise InvalidError(f"“{spec.slug}”: its part “{part.slug}” is retired.")


def _check_approved(
    spec: AchievementSpec, wanted: PartSpec, part: Achievement, *, now: datetime
) -> None:
    published = [item for item in part.versions if item.status in PUBLISHED_STATUSES]
    approved = [item for item in published if item.status is VersionStatus.APPROVED]
    if not approved or why_unusable(approved[-1], now=now) is not None:
        raise InvalidError(f"“{spec.slug}”: its part “{part.slug}” is not approved, or no longer.")
    numbers = {item.number for item in published}
    for number in wanted.versions or ([wanted.from_version] if wanted.from_version else []):
        if number not in numbers:
            raise InvalidError(f"“{spec.slug}”: “{part.slug}” has no published version {number}.")


def _refuse_circle(
    session: Session,
    institution_id: int,
    specs: Iterable[AchievementSpec],
    statuses: Collection[VersionStatus],
) -> None:
    part = aliased(Achievement)
    rows = session.execute(
        select(Achievement.slug, part.slug)
        .join(AchievementVersion, AchievementVersion.achievement_id == Achievement.id)
        .join(StackGroup, StackGroup.version_id == AchievementVersion.id)
        .join(StackPart, StackPart.group_id == StackGroup.id)
        .join(part, part.id == StackPart.achievement_id)
        .where(
            Achievement.institution_id == institution_id, AchievementVersion.status.in_(statuses)
        )
    )
    parts: dict[str, list[str]] = {}
    for certificate, slug in rows:
        parts.setdefault(certificate, []).append(slug)
    parts |= {spec.slug: part_slugs(spec.parts) for spec in specs}
    circle = find_circle(parts)
    if circle is not None:
        raise InvalidError(
            f"“{circle[0]}” needs itself, so nobody could earn it: {' → '.join(circle)}."
        )


def _rule_of(part: StackPart) -> PartRule:
    versions = frozenset(part.versions) if part.versions is not None else None
    return PartRule(part.id, part.achievement_id, part.from_version, versions)


def _shown(part: StackPart) -> ShownPart:
    published = [item for item in part.achievement.versions if item.status in PUBLISHED_STATUSES]
    return ShownPart(
        achievement=part.achievement,
        version=published[-1] if published else None,
        from_version=part.from_version,
        versions=tuple(part.versions) if part.versions is not None else None,
    )
