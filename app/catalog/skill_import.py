"""Bringing in the skills of a framework: first what would happen, then all of it or nothing."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from app.catalog.importing import CHANGED, NEW, REFUSED, UNCHANGED, ImportPlan, ImportRow
from app.catalog.skill_files import FrameworkSpec, ReadSkill, ReadSkills, SkillSpec
from app.catalog.skill_models import Skill, SkillFramework
from app.catalog.skills import searched
from app.core import audit
from app.core.orm import table_of

Key = tuple[str, str]
_COLUMNS = ("name", "url", "code", "description", "target_type", "search_text")


@dataclass(frozen=True)
class _Work:
    """What is to be written: skills to add and to change, by framework."""

    plan: ImportPlan
    frameworks: dict[str, FrameworkSpec]
    added: list[tuple[str, dict[str, Any]]]
    changed: list[dict[str, Any]]


def plan_skills(session: Session, institution_id: int, read: ReadSkills) -> ImportPlan:
    """Return what importing these skills would do, row by row."""
    return _work(session, institution_id, read).plan


def import_skills(
    session: Session, institution_id: int, read: ReadSkills, *, actor: str, now: datetime
) -> ImportPlan:
    """Import skills, all of them or none; what is there already is changed, nothing is removed.

    Raises: `InvalidError` naming the rows that are refused.
    """
    work = _work(session, institution_id, read)
    work.plan.require_importable()
    if work.plan.changes_nothing:
        return work.plan
    ids = _keep_frameworks(session, institution_id, work.frameworks.values(), now=now)
    if work.added:
        rows = [{**values, "framework_id": ids[owner]} for owner, values in work.added]
        session.execute(insert(Skill), rows)
    if work.changed:
        skill = table_of(Skill)
        session.connection().execute(
            update(skill)
            .where(skill.c.id == bindparam("skill_id"))
            .values({name: bindparam(name) for name in _COLUMNS}),
            work.changed,
        )
    session.expire_all()
    audit.record(
        session,
        institution_id,
        actor=actor,
        action="skills.imported",
        subject=f"institution:{institution_id}",
        facts={
            "frameworks": sorted(spec.name for spec in work.frameworks.values()),
            "added": len(work.added),
            "changed": len(work.changed),
        },
        now=now,
    )
    return work.plan


def _work(session: Session, institution_id: int, read: ReadSkills) -> _Work:
    known = _known_skills(session, institution_id)
    frameworks: dict[str, FrameworkSpec] = {}
    seen: dict[Key, tuple[ReadSkill, SkillSpec]] = {}
    added: list[tuple[str, dict[str, Any]]] = []
    changed: list[dict[str, Any]] = []
    rows = []
    for item in read.rows:
        if item.framework is None or item.spec is None:
            rows.append(ImportRow(item.where, item.name, REFUSED, item.problems))
            continue
        key = (item.framework.identifier, item.spec.identifier)
        if key in seen:
            rows.append(_repeated(item, *seen[key]))
            continue
        seen[key] = (item, item.spec)
        named = frameworks.setdefault(item.framework.identifier, item.framework)
        if named != item.framework:
            words = f"the framework “{named.identifier}” is called otherwise in a row before."
            rows.append(ImportRow(item.where, item.name, REFUSED, (words,)))
            continue
        values = _values(item.spec, item.framework)
        found = known.get(key)
        if found is None:
            added.append((key[0], {**values, "identifier": key[1]}))
            rows.append(ImportRow(item.where, item.spec.name, NEW))
        elif found[1:] == tuple(values[name] for name in _COLUMNS):
            rows.append(ImportRow(item.where, item.spec.name, UNCHANGED))
        else:
            changed.append({**values, "skill_id": found[0]})
            rows.append(ImportRow(item.where, item.spec.name, CHANGED))
    return _Work(ImportPlan(tuple(rows), tuple(read.notes)), frameworks, added, changed)


def _repeated(item: ReadSkill, first: ReadSkill, spec: SkillSpec) -> ImportRow:
    if item.spec == spec:
        return ImportRow(item.where, item.name, UNCHANGED, (f"the same as {first.where}.",))
    words = f"{first.where} says something else of the same skill."
    return ImportRow(item.where, item.name, REFUSED, (words,))


def _values(spec: SkillSpec, framework: FrameworkSpec) -> dict[str, Any]:
    said = (spec.name, spec.code, spec.description, framework.name)
    return {
        "name": spec.name,
        "url": spec.url,
        "code": spec.code,
        "description": spec.description,
        "target_type": spec.type,
        "search_text": searched(" ".join(text for text in said if text)),
    }


def _known_skills(session: Session, institution_id: int) -> dict[Key, tuple[Any, ...]]:
    columns = [getattr(Skill, name) for name in _COLUMNS]
    rows = session.execute(
        select(SkillFramework.identifier, Skill.identifier, Skill.id, *columns)
        .join(Skill.framework)
        .where(SkillFramework.institution_id == institution_id)
    )
    return {(owner, identifier): tuple(rest) for owner, identifier, *rest in rows}


def _keep_frameworks(
    session: Session, institution_id: int, specs: Iterable[FrameworkSpec], *, now: datetime
) -> dict[str, int]:
    """Add or rename the frameworks; return the id of each by its identifier."""
    ids = {}
    for spec in specs:
        framework = session.scalar(
            select(SkillFramework).where(
                SkillFramework.institution_id == institution_id,
                SkillFramework.identifier == spec.identifier,
            )
        )
        if framework is None:
            framework = SkillFramework(
                institution_id=institution_id, identifier=spec.identifier, imported_at=now
            )
            session.add(framework)
        framework.name, framework.url, framework.imported_at = spec.name, spec.url, now
        session.flush()
        ids[spec.identifier] = framework.id
    return ids
