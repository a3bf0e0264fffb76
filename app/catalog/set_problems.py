"""Why the set of a certificate's draft could never be approved: in words, and at which part."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy.orm import Session

from app.catalog.document import AchievementSpec
from app.catalog.models import AchievementVersion
from app.catalog.parts import PartGroupSpec
from app.catalog.set_editing import ADD_GROUP, groups_of, slugs_of
from app.catalog.stacks import check_proposed_parts
from app.core.errors import InvalidError

_GROUPS = TypeAdapter(list[PartGroupSpec])


def find_set_problems(
    session: Session, version: AchievementVersion, *, now: datetime
) -> list[tuple[str, str]]:
    """Return what is wrong with the parts, though each is well said: the control, and the words."""
    content = version.draft or {}
    twice = [slug for slug, count in Counter(slugs_of(content)).items() if count > 1]
    if twice:
        return [
            (_control(content, slug, last=True), f"“{slug}” stands in the set more than once.")
            for slug in twice
        ]
    try:
        groups = _GROUPS.validate_python(content.get("parts") or [])
    except ValidationError:
        return []  # what the document's own check says
    achievement = version.achievement
    said: dict[str, Any] = {"slug": achievement.slug, "parts": groups}
    spec = AchievementSpec.model_construct(**said)
    try:
        check_proposed_parts(session, version.institution_id, spec, achievement.level, now=now)
    except InvalidError as error:
        text = str(error).removeprefix(f"“{achievement.slug}”: ")
        named = (slug for slug in slugs_of(content) if f"“{slug}”" in text or f"→ {slug}" in text)
        control = _control(content, next(named, ""), last=False)
        return [(control, text[:1].upper() + text[1:])]
    return []


def _control(content: Mapping[str, Any], slug: str, *, last: bool) -> str:
    places = [
        f"parts-{number}-of-{place}-achievement"
        for number, group in enumerate(groups_of(content))
        for place, part in enumerate(group["of"])
        if part.get("achievement") == slug
    ]
    if not places:
        return ADD_GROUP
    return places[-1] if last else places[0]
