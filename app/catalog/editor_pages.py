"""The pages of the editor: which of them a draft has, and in which order."""

from app.catalog.editing import (
    ABOUT,
    CRITERIA,
    PARTS,
    PASSING,
    SKILLS,
    VALIDITY,
    sections_of,
)
from app.catalog.models import AchievementVersion
from app.catalog.stacks import BY_RULE

_ENDPOINTS = {
    ABOUT: "catalog.edit_version",
    CRITERIA: "catalog.edit_criteria",
    PASSING: "catalog.edit_passing",
    PARTS: "catalog.edit_parts",
    SKILLS: "catalog.edit_skills",
    VALIDITY: "catalog.edit_validity",
}


def pages_of(version: AchievementVersion) -> dict[str, str]:
    """Return the pages of a draft in their order: section → endpoint."""
    is_set = version.achievement.level.award_by == BY_RULE
    return {name: _ENDPOINTS[name] for name in sections_of(version.draft or {}, is_set=is_set)}
