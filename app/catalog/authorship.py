"""Who wrote in a draft: each change that somebody saved, read from the audit log."""

from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.catalog.models import AchievementVersion
from app.core import audit
from app.courses.models import Person

_PERSON: Final = "person:"
_WRITES: Final = (
    "achievement.draft_edited",
    "achievement.draft_imported",
    "achievement.picture_drawn",
    "achievement.picture_uploaded",
)


def record_edit(
    session: Session, version: AchievementVersion, section: str, *, actor: str, now: datetime
) -> None:
    """Write down that somebody changed one section of a draft."""
    audit.record(
        session,
        version.institution_id,
        actor=actor,
        action="achievement.draft_edited",
        subject=f"achievement:{version.achievement_id}",
        facts={"slug": version.achievement.slug, "version": version.number, "section": section},
        now=now,
    )


def list_writers(session: Session, version: AchievementVersion) -> set[int]:
    """Return the ids of everybody who changed this version's content, in any of its rounds."""
    entries = session.execute(
        select(audit.AuditEntry.actor, audit.AuditEntry.facts).where(
            audit.AuditEntry.institution_id == version.institution_id,
            audit.AuditEntry.subject == f"achievement:{version.achievement_id}",
            audit.AuditEntry.action.in_(_WRITES),
        )
    )
    wrote = {
        int(actor.removeprefix(_PERSON))
        for actor, facts in entries
        if actor.startswith(_PERSON) and facts.get("version") == version.number
    }
    if not wrote:
        return wrote
    # The log is never rewritten, so it still names those who became somebody else since.
    now_known_as = func.coalesce(Person.merged_into_id, Person.id)
    return set(session.scalars(select(now_known_as).where(Person.id.in_(wrote))))
