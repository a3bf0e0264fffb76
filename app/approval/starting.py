"""What the first form of a proposal offers, and what it is likely to say. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from app.approval.eligibility import unit_of
from app.approval.models import Proposal
from app.catalog.checking import known_issuers, known_levels
from app.catalog.models import Achievement
from app.catalog.service import find_approved_version, list_achievements
from app.core.errors import NotFoundError
from app.core.principal import Principal
from app.mapping.service import list_assignments
from app.programme.models import IssuerProfile, Level
from app.programme.reviewers import is_same_unit, list_led_units
from app.programme.rules import Audience
from app.programme.service import get_rules

MAX_NAME = 200


@dataclass(frozen=True)
class Start:
    """What can be chosen. `achievements`: what a change can begin from, the course's first.

    `units`: where the programme has groups by unit, those for which somebody decides now.
    `without_route`: names of levels that the programme has no way to approve.
    """

    levels: Sequence[Level]
    without_route: Sequence[str]
    issuers: Sequence[IssuerProfile]
    audiences: Sequence[Audience]
    units: Sequence[str]
    achievements: Sequence[tuple[int, str]]
    defaults: dict[str, str]


def prepare_start(session: Session, principal: Principal, *, name: str, now: datetime) -> Start:
    """Return what the programme offers, filled with what the course and earlier proposals say."""
    institution_id = principal.institution_id
    rules = get_rules(session, institution_id)
    levels = list(known_levels(session, institution_id).values())
    issuers = list(known_issuers(session, institution_id).values())
    approvable = [level for level in levels if rules.find_route(level.approval_route)]
    mapped = _list_mapped(session, principal)
    changeable = [
        achievement
        for achievement in list_achievements(session, institution_id)
        if achievement.retired_at is None and find_approved_version(achievement) is not None
    ]
    mapped_ids = {achievement.id for achievement in mapped}
    changeable.sort(key=lambda achievement: achievement.id not in mapped_ids)
    units = list_led_units(session, institution_id, now=now)
    defaults = _guess(session, principal, mapped, issuers)
    if any(group.by_unit for group in rules.group):
        # A unit for which nobody decides is a dead end, so none is filled in.
        led = [unit for unit in units if is_same_unit(unit, defaults.get("unit"))]
        defaults = {**defaults, "unit": led[0] if led else ""}
    else:
        units = sorted(issuer.name for issuer in issuers)
    return Start(
        levels=approvable,
        without_route=[level.name for level in levels if level not in approvable],
        issuers=issuers,
        audiences=rules.audience,
        units=units,
        achievements=[(each.id, _say(each)) for each in changeable],
        defaults=defaults | ({"name": name} if name else {}),
    )


def get_changeable(session: Session, achievement_id: int, *, institution_id: int) -> Achievement:
    """Return an achievement of the institution, to propose a change of it.

    Raises: `NotFoundError`.
    """
    achievement = session.get(Achievement, achievement_id)
    if achievement is None or achievement.institution_id != institution_id:
        raise NotFoundError("There is no such micro-credential.")
    return achievement


def _list_mapped(session: Session, principal: Principal) -> list[Achievement]:
    if principal.course_id is None:
        return []
    assignments = list_assignments(session, principal.course_id)
    return list(dict.fromkeys(assignment.version.achievement for assignment in assignments))


def _guess(
    session: Session,
    principal: Principal,
    mapped: Sequence[Achievement],
    issuers: Sequence[IssuerProfile],
) -> dict[str, str]:
    """Return what is likely: as in the person's last proposal, else as in the course."""
    last = session.scalar(
        select(Proposal)
        .where(Proposal.proposer_id == principal.person_id)
        .options(joinedload(Proposal.version))
        .order_by(Proposal.id.desc())
        .limit(1)
    )
    if last is not None:
        achievement, audience = last.version.achievement, last.audience
    elif mapped:
        achievement, audience = mapped[0], None
    elif len(issuers) == 1:
        return {"issuer": issuers[0].slug, "unit": issuers[0].name}
    else:
        return {}
    found = {"issuer": achievement.issuer.slug, "unit": achievement.issuer.name}
    if last is not None and (unit := last.unit or unit_of(last)):
        found["unit"] = unit
    return found | ({"audience": audience} if audience else {}) | {"level": achievement.level.key}


def _say(achievement: Achievement) -> str:
    version = find_approved_version(achievement)
    return f"{version.name if version else achievement.slug} · {achievement.level.short_name}"
