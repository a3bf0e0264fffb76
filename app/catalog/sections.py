"""Saving one section of a draft, so that two editors do not overwrite each other unseen."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalog.authorship import record_edit
from app.catalog.drafts import save_draft
from app.catalog.editing import digest_section, put_section
from app.catalog.models import AchievementVersion
from app.core.errors import ConflictError


class ChangedMeanwhileError(ConflictError):
    """Somebody else saved the same section since it was loaded."""


def lock_version(session: Session, version: AchievementVersion) -> None:
    """Hold a version, read anew, until the unit of work ends."""
    session.scalar(
        select(AchievementVersion.id).where(AchievementVersion.id == version.id).with_for_update()
    )
    session.refresh(version)


def save_section(
    session: Session,
    version: AchievementVersion,
    section: str,
    values: Mapping[str, Any],
    *,
    seen: str,
    actor: str,
    now: datetime,
) -> None:
    """Keep what was typed in one section; the others stay as they are.

    Units: `seen` is the digest of the section as its editor loaded it.
    Raises: `ChangedMeanwhileError` if it says something else by now;
        `ConflictError` if the version is no draft any more.
    """
    lock_version(session, version)
    draft = version.draft or {}
    changed = put_section(draft, section, values)
    if digest_section(draft, section) not in {seen, digest_section(changed, section)}:
        raise ChangedMeanwhileError(
            "Somebody else saved this part while you were writing. What you typed is still here."
        )
    save_draft(session, version, changed)
    if digest_section(draft, section) != digest_section(changed, section):
        record_edit(session, version, section, actor=actor, now=now)
