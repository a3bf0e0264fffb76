"""What a teacher can map an assignment to, as the page to choose shows it: plain rows."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, func, select

from app.catalog.models import Achievement, AchievementVersion, Criterion
from app.catalog.usability import is_mappable_now
from app.core.prepared import Prepared, Wire
from app.programme.models import IssuerProfile, Level


@dataclass(frozen=True, slots=True)
class OfferedVersion:
    """A version that assignments can be mapped to, with the names it is shown under."""

    id: int
    public_id: str
    name: str
    description: str
    image_alt: str
    level_name: str
    level_family: str
    issuer_name: str
    criterion_count: int


def assessed_rules(institution_id: object) -> tuple[ColumnElement[bool], ...]:
    """Return what makes a version one of the institution's that grantors assess."""
    return (
        AchievementVersion.institution_id == institution_id,
        Level.needs_artifact.is_(True),
        Level.award_by == "grantor",
    )


_OFFERED = Prepared(
    select(
        AchievementVersion.id,
        AchievementVersion.public_id,
        AchievementVersion.name,
        AchievementVersion.description,
        AchievementVersion.image_alt,
        Level.name,
        Level.family,
        IssuerProfile.name,
        select(func.count()).where(Criterion.version_id == AchievementVersion.id).scalar_subquery(),
    )
    .join(Achievement, Achievement.id == AchievementVersion.achievement_id)
    .join(Level, Level.id == Achievement.level_id)
    .join(IssuerProfile, IssuerProfile.id == Achievement.issuer_id)
    .where(
        *assessed_rules(bindparam("institution_id")),
        is_mappable_now(bindparam("now")),
    )
    .order_by(Level.position, AchievementVersion.name)
)


def list_offered(wire: Wire, institution_id: int, *, now: datetime) -> list[OfferedVersion]:
    """Return what assignments of an institution can be mapped to now, lowest level first."""
    values = {"institution_id": institution_id, "now": now}
    return [OfferedVersion(*row) for row in _OFFERED.all(wire, values)]
