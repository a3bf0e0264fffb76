"""The skills of outside frameworks that drafts may choose from."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session, contains_eager

from app.catalog.skill_models import Skill, SkillFramework
from app.core.errors import NotFoundError

MAX_FOUND: Final = 25
MAX_WORDS: Final = 8


@dataclass(frozen=True)
class FoundSkills:
    """The first skills that fit, and how many fit in all."""

    items: tuple[Skill, ...]
    count: int


@dataclass(frozen=True)
class ListedFramework:
    """A framework and how many skills it has."""

    framework: SkillFramework
    count: int


def find_skills(
    session: Session, institution_id: int, *, words: str, framework_id: int | None
) -> FoundSkills:
    """Return the skills whose name, code or description has all of the words; best first.

    Units: nothing is found without words, unless a framework is chosen.
    """
    wanted = searched(words).split()[:MAX_WORDS]
    if not wanted and framework_id is None:
        return FoundSkills((), 0)
    conditions = [Skill.search_text.contains(word, autoescape=True) for word in wanted]
    if framework_id is not None:
        conditions.append(Skill.framework_id == framework_id)
    statement = (
        select(Skill)
        .join(Skill.framework)
        .where(SkillFramework.institution_id == institution_id, *conditions)
    )
    count = session.scalar(select(func.count()).select_from(statement.subquery())) or 0
    is_late = ~Skill.search_text.startswith(wanted[0], autoescape=True) if wanted else Skill.id < 0
    items = session.scalars(
        statement.options(contains_eager(Skill.framework))
        .order_by(is_late, func.length(Skill.name), Skill.name, Skill.id)
        .limit(MAX_FOUND)
    )
    return FoundSkills(tuple(items), count)


def list_frameworks(session: Session, institution_id: int) -> list[ListedFramework]:
    """Return the institution's frameworks by name, each with how many skills it has."""
    rows = session.execute(
        select(SkillFramework, func.count(Skill.id))
        .outerjoin(Skill, Skill.framework_id == SkillFramework.id)
        .where(SkillFramework.institution_id == institution_id)
        .group_by(SkillFramework.id)
        .order_by(SkillFramework.name, SkillFramework.id)
    )
    return [ListedFramework(framework, count) for framework, count in rows]


def get_skill(session: Session, skill_id: int, *, institution_id: int) -> Skill:
    """Return one skill of the institution's frameworks.

    Raises: `NotFoundError`.
    """
    skill = session.scalar(
        select(Skill)
        .join(Skill.framework)
        .where(Skill.id == skill_id, SkillFramework.institution_id == institution_id)
        .options(contains_eager(Skill.framework))
    )
    if skill is None:
        raise NotFoundError("That skill is no longer in the list. Search again.")
    return skill


def alignment_of(skill: Skill) -> dict[str, Any]:
    """Return a skill as a draft keeps it: the fields of an `AlignmentSpec` that are said."""
    said = {
        "target_name": skill.name,
        "target_url": skill.url,
        "target_framework": skill.framework.name,
        "target_code": skill.code,
        "target_type": skill.target_type,
        "target_description": skill.description,
    }
    return {name: value for name, value in said.items() if value}


def searched(text: str) -> str:
    """Return text as it is searched: without capitals."""
    return " ".join(text.casefold().split())
