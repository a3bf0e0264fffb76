"""What the set of a certificate's draft may be made of, and what it names by now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, true
from sqlalchemy.orm import Session, joinedload, selectinload

from app.catalog.models import PUBLISHED_STATUSES, Achievement, AchievementVersion
from app.catalog.set_editing import groups_of, needed_of, slugs_of
from app.catalog.stacks import ShownGroup, show_parts
from app.catalog.usability import is_mappable_now
from app.programme.models import Level


@dataclass(frozen=True)
class OfferedPart:
    """An approved achievement that may be a part."""

    slug: str
    name: str
    level_name: str


@dataclass(frozen=True)
class DraftPart:
    """A part as a draft names it; `version`: the newest published one, if there is one."""

    name: str
    level_name: str
    version: AchievementVersion | None
    from_version: int | None
    versions: tuple[int, ...] | None


@dataclass(frozen=True)
class DraftGroup:
    """Parts of which `needed` are needed."""

    needed: int
    parts: tuple[DraftPart, ...]


def list_offered_parts(
    session: Session, version: AchievementVersion, *, now: datetime
) -> list[OfferedPart]:
    """Return what may be a part of this certificate, lowest level first."""
    allowed = version.achievement.level.part_levels
    rows = session.execute(
        select(Achievement.slug, AchievementVersion.name, Level.name)
        .join(AchievementVersion, AchievementVersion.achievement_id == Achievement.id)
        .join(Level, Level.id == Achievement.level_id)
        .where(
            Achievement.institution_id == version.institution_id,
            Achievement.id != version.achievement_id,
            is_mappable_now(now),
            Level.key.in_(allowed) if allowed else true(),
        )
        .order_by(Level.position, AchievementVersion.name, Achievement.slug)
    )
    return [OfferedPart(slug, name, level) for slug, name, level in rows]


def show_set(
    session: Session, version: AchievementVersion
) -> Sequence[ShownGroup] | Sequence[DraftGroup]:
    """Return the set of a version as pages show it, whether it is a draft or rows."""
    if version.draft is None:
        return show_parts(session, [version.id])[version.id]
    rows = session.scalars(
        select(Achievement)
        .where(
            Achievement.institution_id == version.institution_id,
            Achievement.slug.in_(slugs_of(version.draft)),
        )
        .options(joinedload(Achievement.level), selectinload(Achievement.versions))
    )
    known = {achievement.slug: achievement for achievement in rows}
    return [
        DraftGroup(needed_of(group), tuple(_draft_part(part, known) for part in group["of"]))
        for group in groups_of(version.draft)
        if group["of"]
    ]


def _draft_part(part: dict[str, object], known: dict[str, Achievement]) -> DraftPart:
    slug = str(part.get("achievement") or "…")
    achievement = known.get(slug)
    versions = achievement.versions if achievement else []
    published = [item for item in versions if item.status in PUBLISHED_STATUSES]
    newest = published[-1] if published else None
    first, only = part.get("from_version"), part.get("versions")
    return DraftPart(
        name=newest.name if newest else slug,
        level_name=achievement.level.name if achievement else "",
        version=newest,
        from_version=first if isinstance(first, int) else None,
        versions=tuple(only) if isinstance(only, list) and only else None,
    )
