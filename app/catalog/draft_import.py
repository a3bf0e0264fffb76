"""Importing achievements as drafts: first what would happen, then all of it or nothing.

Nothing comes in approved: what is new or has changed becomes a draft, which goes
through review as any other does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError
from sqlalchemy.orm import Session

from app.catalog.achievement_files import WHOLE, ReadAchievement, ReadAchievements
from app.catalog.checking import known_issuers, known_levels
from app.catalog.content import content_of
from app.catalog.document import AchievementSpec
from app.catalog.drafts import create_achievement_draft, save_draft, start_next_version
from app.catalog.importing import CHANGED, NEW, REFUSED, UNCHANGED, ImportPlan, ImportRow
from app.catalog.models import Achievement, AchievementVersion, VersionStatus
from app.catalog.openbadges import Known
from app.catalog.reading import shown
from app.catalog.sections import lock_version
from app.catalog.service import list_achievements
from app.catalog.versions import current_version, list_slugs
from app.core import audit
from app.programme.wording import list_problems

FIXED: Final = ("slug", "issuer", "level")
_INCOMPLETE: Final = frozenset({"missing", "too_short"})
_EMPTY: Final = "must not be empty"


@dataclass(frozen=True)
class _Step:
    """What is done for one achievement of the file."""

    row: ImportRow
    content: Mapping[str, Any]
    achievement: Achievement | None = None
    draft: AchievementVersion | None = None


def what_is_known(
    session: Session, institution_id: int, *, level: str = "", issuer: str = ""
) -> Known:
    """Return the levels and issuers by which badges from elsewhere are placed."""
    levels = known_levels(session, institution_id)
    issuers = known_issuers(session, institution_id)
    return Known(
        levels={key: (item.name, item.achievement_type) for key, item in levels.items()},
        issuers={slug: (item.name, item.url) for slug, item in issuers.items()},
        level=level,
        issuer=issuer,
        slugs=list_slugs(session, institution_id),
    )


def plan_drafts(session: Session, institution_id: int, read: ReadAchievements) -> ImportPlan:
    """Return what importing these achievements as drafts would do."""
    steps = _steps(session, institution_id, read)
    return ImportPlan(tuple(step.row for step in steps), tuple(read.notes))


def import_drafts(
    session: Session,
    institution_id: int,
    read: ReadAchievements,
    *,
    proposed_by: int | None,
    actor: str,
    now: datetime,
) -> ImportPlan:
    """Import achievements as drafts, all of them or none.

    Raises: `InvalidError` naming what is refused; `ConflictError` if somebody
        else began the same one at this moment.
    """
    steps = _steps(session, institution_id, read)
    plan = ImportPlan(tuple(step.row for step in steps), tuple(read.notes))
    plan.require_importable()
    levels = known_levels(session, institution_id)
    issuers = known_issuers(session, institution_id)
    by: dict[str, Any] = {"proposed_by": proposed_by, "actor": actor, "now": now}
    for step in steps:
        if step.row.result == UNCHANGED:
            continue
        draft = {name: value for name, value in step.content.items() if name not in FIXED}
        if step.draft is not None:
            lock_version(session, step.draft)
            save_draft(session, step.draft, draft)
            _audit(session, step.draft, actor=actor, now=now)
        elif step.achievement is not None:
            save_draft(session, start_next_version(session, step.achievement, **by), draft)
        else:
            create_achievement_draft(
                session,
                institution_id,
                slug=step.content["slug"],
                level=levels[step.content["level"]],
                issuer=issuers[step.content["issuer"]],
                draft=draft,
                **by,
            )
    return plan


def _steps(session: Session, institution_id: int, read: ReadAchievements) -> list[_Step]:
    levels = known_levels(session, institution_id)
    issuers = known_issuers(session, institution_id)
    existing = {item.slug: item for item in list_achievements(session, institution_id)}
    seen: dict[str, str] = {}
    steps = []
    for item in read.items:
        slug = item.content.get("slug")
        found = existing.get(slug) if isinstance(slug, str) else None
        content = _completed(item, found)
        problems, missing = _check(content)
        problems = [*item.problems, *problems]
        if isinstance(slug, str) and slug in seen:
            problems.append(f"slug: “{slug[:80]}” stands at {seen[slug]} already.")
        elif isinstance(slug, str):
            seen[slug] = item.where
        if not problems:
            problems = _out_of_place(content, found, set(levels), set(issuers))
        steps.append(_step(item, content, found, problems, missing))
    return steps


def _step(
    item: ReadAchievement,
    content: Mapping[str, Any],
    found: Achievement | None,
    problems: list[str],
    missing: list[str],
) -> _Step:
    name = content.get("name")
    told = str(name if isinstance(name, str) and name else content.get("slug") or "")[:200]
    if problems:
        return _Step(ImportRow(item.where, told, REFUSED, tuple(problems)), content)
    notes = list(item.notes)
    if missing:
        notes.append(f"Still to be written: {', '.join(missing)}.")
    draft = _open_draft(found)
    before = _content(draft or current_version(found.versions)) if found else None
    if before is not None and shown(before) == shown(content):
        return _Step(ImportRow(item.where, told, UNCHANGED), content, found, draft)
    result = CHANGED if draft else NEW
    if draft:
        notes.insert(0, "The draft that stands there is replaced.")
    elif found:
        number = max(version.number for version in found.versions) + 1
        notes.insert(0, f"It becomes the draft of version {number}.")
    return _Step(ImportRow(item.where, told, result, tuple(notes)), content, found, draft)


def _completed(item: ReadAchievement, found: Achievement | None) -> dict[str, Any]:
    """Add what the file's format cannot say, as it stands here already."""
    if item.carried == WHOLE or found is None or not found.versions:
        return item.content
    before = _content(_open_draft(found) or current_version(found.versions))
    kept = {item.get("key"): item for item in before.get("criteria") or []}
    skills = {item.get("target_url"): item for item in before.get("alignments") or []}
    content = {**before, "level": found.level.key, "issuer": found.issuer.slug, **item.content}
    if "criteria" in item.content:
        content["criteria"] = [
            {**kept.get(part.get("key"), {}), **part} for part in item.content["criteria"]
        ]
    if "alignments" in item.content:
        content["alignments"] = [
            {**skills.get(_address(part), {}), **part} for part in item.content["alignments"]
        ]
    return content


def _address(part: Mapping[str, Any]) -> str | None:
    address = part.get("target_url")
    return address if isinstance(address, str) else None


def _check(content: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Return what is wrong with a content, and what is merely missing; each with its place."""
    try:
        AchievementSpec.model_validate(content)
    except ValidationError as error:
        wrong, missing = [], []
        kinds = [item["type"] for item in error.errors(include_url=False)]
        for (path, words), kind in zip(list_problems(error), kinds, strict=True):
            place = " ".join(str(step + 1) if isinstance(step, int) else step for step in path)
            is_fixed = path[:1] and path[0] in FIXED
            if (kind in _INCOMPLETE or words == _EMPTY) and not is_fixed:
                missing.append(place)
            else:
                wrong.append(f"{place}: {words}." if place else f"{words}.")
        return wrong, missing
    return [], []


def _out_of_place(
    content: Mapping[str, Any], found: Achievement | None, levels: set[str], issuers: set[str]
) -> list[str]:
    """Return why a content that is right cannot stand here."""
    problems = []
    if content["level"] not in levels:
        known = ", ".join(sorted(levels)) or "none"
        problems.append(f"level: there is none “{content['level'][:60]}” (known: {known}).")
    if content["issuer"] not in issuers:
        known = ", ".join(sorted(issuers)) or "none"
        problems.append(f"issuer: there is none “{content['issuer'][:60]}” (known: {known}).")
    if found is None or problems:
        return problems
    if found.retired_at is not None:
        return ["The achievement of this slug is retired."]
    if (found.level.key, found.issuer.slug) != (content["level"], content["issuer"]):
        kept = f"its level “{found.level.key}” and its issuer “{found.issuer.slug}”"
        return [f"The achievement of this slug keeps {kept}: awards rest on them."]
    if any(version.status is VersionStatus.IN_REVIEW for version in found.versions):
        return ["The achievement of this slug is in review: wait until that is decided."]
    return []


def _open_draft(found: Achievement | None) -> AchievementVersion | None:
    versions = found.versions if found else []
    return next((item for item in versions if item.status is VersionStatus.DRAFT), None)


def _content(version: AchievementVersion) -> dict[str, Any]:
    if version.draft is not None:
        return dict(version.draft)
    return content_of(version).model_dump(mode="json", exclude=set(FIXED))


def _audit(session: Session, version: AchievementVersion, *, actor: str, now: datetime) -> None:
    audit.record(
        session,
        version.institution_id,
        actor=actor,
        action="achievement.draft_imported",
        subject=f"achievement:{version.achievement_id}",
        facts={"slug": version.achievement.slug, "version": version.number},
        now=now,
    )
