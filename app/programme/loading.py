"""Loading a preset: what it would change, and making it so.

What open work hangs on is not taken away: a level stays for the achievements
and awards that have it, with the route by which it is approved; a group stays
while somebody sits in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from pydantic import ValidationError
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.core import audit
from app.core.errors import InvalidError
from app.programme.models import Level, Programme, ReviewerAppointment
from app.programme.preset import LevelSpec, Preset
from app.programme.rules import Keyed, ProgrammeRules

K = TypeVar("K", bound=Keyed)


@dataclass(frozen=True)
class PartChange:
    """What changes in one part of the rules, such as the routes, by key.

    `kept`: those that the preset has not, and that open work needs.
    """

    part: str
    added: tuple[str, ...]
    changed: tuple[str, ...]
    dropped: tuple[str, ...]
    kept: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing becomes another."""
        return not (self.added or self.changed or self.dropped or self.kept)


@dataclass(frozen=True)
class ProgrammeChange:
    """What loading a preset does, by level key; `kept` are levels that the preset has not.

    `fields`: of each changed level, what becomes another. `rules`: those that
    will stand beside the levels.
    """

    added: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]
    kept: tuple[str, ...]
    fields: dict[str, tuple[str, ...]]
    parts: tuple[PartChange, ...]
    rules: ProgrammeRules


def load_programme(
    session: Session, institution_id: int, preset: Preset, *, actor: str, now: datetime
) -> ProgrammeChange:
    """Make the institution's levels and rules those of the preset.

    Levels are found again by key. One that the preset does not name stays:
    achievements and awards may hang on it.

    Raises: `InvalidError` if what has to be kept makes the rules too many.
    """
    change = compare_programme(session, institution_id, preset, now=now)
    known = {level.key: level for level in list_levels(session, institution_id)}
    for position, spec in enumerate(preset.levels):
        wanted = _wanted(preset, spec, position)
        if spec.key in change.added:
            session.add(Level(institution_id=institution_id, key=spec.key, **wanted))
        for name in change.fields.get(spec.key, ()):
            setattr(known[spec.key], name, wanted[name])
    rules_changed = _keep_rules(session, institution_id, preset.name, change.rules, now=now)
    session.flush()
    if change.added or change.changed or rules_changed:
        audit.record(
            session,
            institution_id,
            actor=actor,
            action="programme.loaded",
            subject=f"institution:{institution_id}",
            facts={
                "preset": preset.name,
                "added": list(change.added),
                "changed": list(change.changed),
                "rules": rules_changed,
            },
            now=now,
        )
    return change


def compare_programme(
    session: Session, institution_id: int, preset: Preset, *, now: datetime
) -> ProgrammeChange:
    """Say what loading a preset would change; nothing is changed.

    Raises: as `load_programme`.
    """
    known = {level.key: level for level in list_levels(session, institution_id)}
    added, unchanged = [], []
    fields: dict[str, tuple[str, ...]] = {}
    for position, spec in enumerate(preset.levels):
        level = known.pop(spec.key, None)
        wanted = _wanted(preset, spec, position)
        if level is None:
            added.append(spec.key)
        elif differing := [name for name in wanted if getattr(level, name) != wanted[name]]:
            fields[spec.key] = tuple(differing)
        else:
            unchanged.append(spec.key)
    before = get_rules(session, institution_id)
    seats = _list_seated_groups(session, institution_id, now=now)
    routes = [level.approval_route for level in known.values()]
    after = _keep_needed(preset.rules, before, routes=routes, groups=seats)
    return ProgrammeChange(
        added=tuple(added),
        changed=tuple(fields),
        unchanged=tuple(unchanged),
        kept=tuple(known),
        fields=fields,
        parts=_compare_rules(before, preset.rules, after),
        rules=after,
    )


def get_rules(session: Session, institution_id: int) -> ProgrammeRules:
    """Return the rules that stand beside the institution's levels; none if no preset is loaded."""
    rules = session.scalar(
        select(Programme.rules).where(Programme.institution_id == institution_id)
    )
    return ProgrammeRules.model_validate(rules or {})


def find_programme(session: Session, institution_id: int) -> Programme | None:
    """Return what is known of the preset that was loaded last, if one was."""
    return session.scalar(select(Programme).where(Programme.institution_id == institution_id))


def list_levels(session: Session, institution_id: int) -> list[Level]:
    """Return the institution's levels in the preset's order."""
    return list(
        session.scalars(
            select(Level)
            .where(Level.institution_id == institution_id)
            .order_by(Level.position, Level.id)
        )
    )


def _wanted(preset: Preset, spec: LevelSpec, position: int) -> dict[str, object]:
    wanted = spec.model_dump(exclude={"key", "image"})
    return wanted | {"position": position, "image_svg": preset.images[spec.key]}


def _list_seated_groups(session: Session, institution_id: int, *, now: datetime) -> list[str]:
    return list(
        session.scalars(
            select(ReviewerAppointment.group_key)
            .where(
                ReviewerAppointment.institution_id == institution_id,
                or_(ReviewerAppointment.ends_at.is_(None), ReviewerAppointment.ends_at > now),
            )
            .distinct()
            .order_by(ReviewerAppointment.group_key)
        )
    )


def _keep_needed(
    wanted: ProgrammeRules, before: ProgrammeRules, *, routes: Sequence[str], groups: Sequence[str]
) -> ProgrammeRules:
    """Add to the preset's rules what open work needs of those that stand.

    `routes`: of the levels that stay; `groups`: in which somebody sits.
    """
    kept_routes = _missing(wanted.route, before.route, set(routes))
    steps = [step for route in kept_routes for step in route.step]
    needed_groups = {*groups, *(step.group for step in steps)}
    needed_audiences = {key for step in steps for key in step.audiences}
    is_scored = any(step.scores for step in steps)
    parts = {
        "route": [*wanted.route, *kept_routes],
        "group": [*wanted.group, *_missing(wanted.group, before.group, needed_groups)],
        "audience": [
            *wanted.audience,
            *_missing(wanted.audience, before.audience, needed_audiences),
        ],
        "question": wanted.question,
        "review_criterion": wanted.review_criterion
        or (before.review_criterion if is_scored else []),
        "retention": wanted.retention,
    }
    try:
        return ProgrammeRules.model_validate(parts)
    except ValidationError as error:
        raise InvalidError(
            "With what open work still needs, the programme would have too many routes, groups "
            "or audiences. Keep the earlier ones in the preset, and take them out one by one."
        ) from error


def _missing(wanted: Sequence[K], before: Sequence[K], keys: set[str]) -> list[K]:
    known = {item.key for item in wanted}
    return [item for item in before if item.key in keys and item.key not in known]


def _compare_rules(
    before: ProgrammeRules, wanted: ProgrammeRules, after: ProgrammeRules
) -> tuple[PartChange, ...]:
    changes = []
    for part in ProgrammeRules.model_fields:
        old = {item.key: item for item in getattr(before, part)}
        new = {item.key: item for item in getattr(after, part)}
        asked = {item.key for item in getattr(wanted, part)}
        changes.append(
            PartChange(
                part=part,
                added=tuple(key for key in new if key not in old),
                changed=tuple(key for key in new if key in old and new[key] != old[key]),
                dropped=tuple(key for key in old if key not in new),
                kept=tuple(key for key in new if key not in asked),
            )
        )
    return tuple(changes)


def _keep_rules(
    session: Session, institution_id: int, name: str, rules: ProgrammeRules, *, now: datetime
) -> bool:
    content = rules.model_dump(mode="json")
    kept = find_programme(session, institution_id)
    if kept is None:
        session.add(
            Programme(institution_id=institution_id, name=name, rules=content, loaded_at=now)
        )
        return True
    if (kept.name, kept.rules) == (name, content):
        return False
    kept.name, kept.rules, kept.loaded_at = name, content, now
    return True
