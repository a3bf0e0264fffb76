"""Awards: issue the moment one falls due, find."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from app.awards.issuing import find_standing_award, is_test_user, issue_award
from app.awards.models import Award
from app.catalog.models import Achievement, AchievementVersion, Criterion
from app.catalog.pass_rule import is_passed
from app.core.crypto import Vault
from app.core.errors import NotFoundError
from app.courses.models import Person


def issue_if_due(
    session: Session,
    *,
    person: Person,
    version: AchievementVersion,
    reached: Mapping[int, int],
    awarded_by: int,
    vault: Vault,
    base_url: str,
    now: datetime,
) -> Award | None:
    """Award the achievement if its pass rule is fulfilled; return the award that stands.

    Somebody who holds it already keeps that one, so a second due changes
    nothing. The LMS's student preview is never awarded anything.

    Units: `reached` maps criterion id to the position of the best rubric level reached.
    Raises: `InvalidError` if nothing is known by which a verifier could
        recognise the recipient; `ConflictError` if the achievement may not be
        used, or the same award is being made elsewhere.
    """
    if not is_passed(version.rule, version.criteria, reached) or is_test_user(session, person):
        return None
    standing = find_standing_award(
        session, person_id=person.id, achievement_id=version.achievement_id, now=now
    )
    if standing is not None:
        return standing
    return issue_award(
        session,
        person=person,
        version=version,
        awarded_by=awarded_by,
        actor=f"person:{awarded_by}",
        reached=reached,
        vault=vault,
        base_url=base_url,
        now=now,
    )


def find_newest_award(session: Session, *, person_id: int, achievement_id: int) -> Award | None:
    """Return the newest award of an achievement to a person, a revoked one too."""
    return session.scalar(
        select(Award)
        .where(Award.person_id == person_id, Award.achievement_id == achievement_id)
        .order_by(Award.id.desc())
        .limit(1)
    )


def get_award_by_public_id(session: Session, public_id: str) -> Award:
    """Return the award at a public address, with everything that its page shows.

    Raises: `NotFoundError`.
    """
    version = joinedload(Award.version)
    award = session.scalar(
        _loaded()
        .where(Award.public_id == public_id)
        .options(
            version.selectinload(AchievementVersion.criteria).selectinload(Criterion.rubric_levels),
            version.selectinload(AchievementVersion.alignments),
        )
    )
    if award is None:
        raise NotFoundError("There is no credential at this address. Check that it is complete.")
    return award


def list_awards(session: Session, person_id: int) -> list[Award]:
    """Return a person's awards, newest first, revoked ones too."""
    return list(
        session.scalars(
            _loaded()
            .where(Award.person_id == person_id)
            .order_by(Award.awarded_at.desc(), Award.id.desc())
        )
    )


def hide_recipient(session: Session, person_id: int) -> int:
    """Take a person's name off their awards' pages; return off how many.

    The signed documents stay as they are: they name the holder by a salted hash
    alone, so an award can still be checked and claimed.
    """
    found = session.scalars(
        select(Award).where(Award.person_id == person_id, Award.recipient_name.is_not(None))
    ).all()
    for award in found:
        award.recipient_name = None
    return len(found)


def find_renewal_start(
    session: Session, *, person_id: int, achievement_id: int, now: datetime
) -> datetime | None:
    """Return since when work counts towards a new award; `None` if all of it does.

    What led to an award that has expired does not lead to the next one as well.
    """
    newest = find_newest_award(session, person_id=person_id, achievement_id=achievement_id)
    if newest is None or newest.revoked_at is not None or not newest.has_expired(now):
        return None
    return newest.awarded_at


def _loaded() -> Select[Award]:
    achievement = joinedload(Award.version).joinedload(AchievementVersion.achievement)
    return select(Award).options(
        achievement.joinedload(Achievement.level),
        achievement.joinedload(Achievement.issuer),
    )
