"""What of a certificate's set somebody holds, and by which awards."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from app.awards.models import Award
from app.awards.stack_models import AwardPart
from app.catalog.models import AchievementVersion
from app.catalog.parts import GroupRule, PartRule, is_complete
from app.catalog.stacks import read_rules


@dataclass(frozen=True)
class HeldAward:
    """An award that counts now, and the number of the version that it was made under."""

    award_id: int
    number: int


def find_trace(
    session: Session, version: AchievementVersion, *, person_id: int, now: datetime
) -> dict[int, int] | None:
    """Return by part which award of a person satisfies it, if the whole set is complete."""
    groups = read_rules(session, [version.id])[version.id]
    return trace_of(groups, read_held(session, person_id, parts_of(groups), now=now))


def read_held(
    session: Session, person_id: int, parts: Iterable[PartRule], *, now: datetime
) -> dict[int, HeldAward]:
    """Return by achievement what counts now of what a person holds of these parts."""
    return _read(session, person_id, parts, is_counted(Award, now))


def read_held_for_good(
    session: Session, person_id: int, parts: Iterable[PartRule], *, now: datetime
) -> dict[int, HeldAward]:
    """Return the same, with what is only suspended: that may count again tomorrow."""
    return _read(session, person_id, parts, is_standing(Award, now))


def _read(
    session: Session, person_id: int, parts: Iterable[PartRule], condition: ColumnElement[bool]
) -> dict[int, HeldAward]:
    rows = session.execute(
        select(Award.achievement_id, Award.id, AchievementVersion.number)
        .join(AchievementVersion, AchievementVersion.id == Award.version_id)
        .where(
            Award.person_id == person_id,
            Award.achievement_id.in_({part.achievement_id for part in parts}),
            condition,
        )
    )
    return {row.achievement_id: HeldAward(row.id, row.number) for row in rows}


def is_standing(award: type[Award], now: object) -> ColumnElement[bool]:
    """Return the condition that an award is held: neither revoked nor run out."""
    return and_(
        award.revoked_at.is_(None), or_(award.valid_until.is_(None), award.valid_until > now)
    )


def is_counted(award: type[Award], now: object) -> ColumnElement[bool]:
    """Return the condition that an award counts towards a certificate: held, not suspended."""
    return and_(is_standing(award, now), award.suspended_at.is_(None))


def trace_of(groups: Sequence[GroupRule], held: Mapping[int, HeldAward]) -> dict[int, int] | None:
    """Return by part the award that satisfies it; `None` while the set is incomplete."""
    numbers = numbers_of(held)
    if not is_complete(groups, numbers):
        return None
    return {
        part.part_id: held[part.achievement_id].award_id
        for part in parts_of(groups)
        if part.is_held(numbers)
    }


def traced(certificate: Award, trace: Mapping[int, int]) -> list[AwardPart]:
    """Return the rows that keep for which awards a certificate was made."""
    return [
        AwardPart(award_id=certificate.id, stack_part_id=part_id, part_award_id=award_id)
        for part_id, award_id in trace.items()
    ]


def numbers_of(held: Mapping[int, HeldAward]) -> dict[int, tuple[int]]:
    """Return what is held as the rules ask for it: by achievement, the version numbers."""
    return {achievement_id: (award.number,) for achievement_id, award in held.items()}


def parts_of(groups: Iterable[GroupRule]) -> list[PartRule]:
    """Return the parts of all groups."""
    return [part for group in groups for part in group.parts]
