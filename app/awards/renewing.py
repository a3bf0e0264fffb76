"""Renewing by hand what no new work renews: an award that has run out, or is about to."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from app.awards.bulk import get_current
from app.awards.held import find_trace
from app.awards.issuing import audit_award, issue_award
from app.awards.models import Award
from app.catalog.models import AchievementVersion
from app.catalog.stacks import BY_RULE
from app.core.crypto import Vault
from app.core.errors import ConflictError

# So long before an award runs out it may be renewed: nobody need be without it for a day.
AHEAD: Final = timedelta(days=90)
NEW_WORK: Final = (
    "This award was made for work that a grantor assessed. It is renewed by new work: what the "
    "learner hands in after it has run out leads to a new award."
)


def why_not_renewed(award: Award, now: datetime) -> str | None:
    """Return why an award is not renewed by hand now; `None` if it may be.

    Source: DOMAIN, rule 3: no Level I or II award without an assessed artifact,
        not by an administrator either.
    """
    if award.achievement.level.needs_artifact:
        return NEW_WORK
    if award.revoked_at is not None or award.suspended_at is not None:
        return "An award that was revoked, or is suspended, is not renewed."
    if award.valid_until is None:
        return "This award never runs out."
    if award.ended_at is not None or award.duplicate_of_id is not None:
        return "Another award has come in the place of this one."
    if award.valid_until > now + AHEAD:
        return f"An award is renewed {AHEAD.days} days before it runs out at the earliest."
    return None


def renew_award(
    session: Session,
    award: Award,
    *,
    awarded_by: int,
    actor: str,
    vault: Vault,
    base_url: str,
    now: datetime,
) -> Award:
    """Make a new award in the place of one that has run out or is about to; return the new one.

    It is of the version that is approved now. The old one stays what it is until
    its day. A certificate is renewed only by somebody who holds its whole set.

    Units: `awarded_by`: whoever renews.
    Raises: `ConflictError` if it may not be renewed, or its set is incomplete;
        as `issue_award`.
    """
    session.refresh(award, with_for_update={"of": Award})
    why_not = why_not_renewed(award, now)
    if why_not is not None:
        raise ConflictError(why_not)
    version = get_current(session, award.version, now=now)
    by_rule = version.achievement.level.award_by == BY_RULE
    trace = _require_set(session, award, version, now) if by_rule else {}
    award.ended_at = now
    session.flush()
    renewed = issue_award(
        session,
        person=award.person,
        version=version,
        awarded_by=None if by_rule else awarded_by,
        actor=actor,
        trace=trace,
        vault=vault,
        base_url=base_url,
        now=now,
    )
    renewed.renews_id = award.id
    session.flush()
    audit_award(session, award, actor, "award.renewed", {"by_award": renewed.id}, now=now)
    return renewed


def _require_set(
    session: Session, award: Award, version: AchievementVersion, now: datetime
) -> dict[int, int]:
    trace = find_trace(session, version, person_id=award.person_id, now=now)
    if trace is None:
        raise ConflictError("A part of its set is missing: the holder has to earn that again.")
    return trace
