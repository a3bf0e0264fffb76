"""The catalogue as files: our document, a table, Open Badges 3.0 and 2.0; piece by piece."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalog.achievement_tables import COLUMNS, write_achievement_rows
from app.catalog.content import content_of
from app.catalog.models import Achievement, AchievementVersion
from app.catalog.openbadges import Badge, to_badge_class, to_ob3
from app.catalog.reading import read_content
from app.catalog.tables import write_table
from app.catalog.versions import current_version, get_achievement_by_id
from app.programme.models import Level
from app.programme.service import issuer_did

JSON: Final = "application/json"
# Format → ending and media type of its files.
FORMATS: Final = {
    "document": ("json", JSON),
    "csv": ("csv", "text/csv; charset=utf-8"),
    "ob3": ("json", JSON),
    "ob2": ("json", JSON),
}


def list_achievement_ids(session: Session, institution_id: int) -> list[int]:
    """Return the ids of all achievements, by level and slug."""
    return list(
        session.scalars(
            select(Achievement.id)
            .join(Achievement.level)
            .where(Achievement.institution_id == institution_id)
            .order_by(Level.position, Achievement.slug)
        )
    )


def export_all(
    session: Session, institution_id: int, ids: Sequence[int], file_format: str, *, base_url: str
) -> Iterator[str]:
    """Write achievements as one file, one after the other: the version of each that counts."""
    versions = (
        current_version(
            get_achievement_by_id(session, each, institution_id=institution_id).versions
        )
        for each in ids
    )
    if file_format == "csv":
        yield from write_table(COLUMNS, write_achievement_rows(map(document_of, versions)))
    elif file_format == "document":
        yield '{"achievements": '
        yield from _json_list(map(document_of, versions))
        yield "}\n"
    else:
        write = to_ob3 if file_format == "ob3" else to_badge_class
        yield from _json_list(write(badge_of(version, base_url)) for version in versions)
        yield "\n"


def export_version(version: AchievementVersion, file_format: str, *, base_url: str) -> str:
    """Write one version as one file."""
    if file_format == "csv":
        return "".join(write_table(COLUMNS, write_achievement_rows([document_of(version)])))
    if file_format == "document":
        return _as_json({"achievements": [document_of(version)]})
    write = to_ob3 if file_format == "ob3" else to_badge_class
    return _as_json(write(badge_of(version, base_url)))


def document_of(version: AchievementVersion) -> dict[str, Any]:
    """Return a version as the achievements document says it; of a draft, what it says so far."""
    if version.draft is None:
        return content_of(version).model_dump(mode="json", exclude_none=True)
    achievement = version.achievement
    return {
        "slug": achievement.slug,
        "issuer": achievement.issuer.slug,
        "level": achievement.level.key,
        **version.draft,
    }


def badge_of(version: AchievementVersion, base_url: str) -> Badge:
    """Return a version with what stands around it in Open Badges."""
    achievement = version.achievement
    return Badge(
        content=read_content(version),
        slug=achievement.slug,
        number=version.number,
        address=f"{base_url}/achievements/{version.public_id}",
        level_name=achievement.level.name,
        achievement_type=achievement.level.achievement_type,
        did=issuer_did(base_url, achievement.issuer),
        issuer_name=achievement.issuer.name,
        issuer_url=achievement.issuer.url,
    )


def _json_list(items: Iterable[dict[str, Any]]) -> Iterator[str]:
    opening = "["
    for item in items:
        yield f"{opening}\n{json.dumps(item, ensure_ascii=False, indent=2)}"
        opening = ","
    yield "\n]" if opening == "," else "[]"


def _as_json(item: dict[str, Any]) -> str:
    return json.dumps(item, ensure_ascii=False, indent=2) + "\n"
