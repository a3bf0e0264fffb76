"""Souvenirs claimed at an event: made by those who may give them, claimed by those who came."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Select, or_, select, true, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from app.awards.bulk import get_current, require_souvenir
from app.awards.claim_codes import draw_code, read_code
from app.awards.issuing import find_standing_award, is_test_user, issue_award
from app.awards.models import Award
from app.awards.souvenir_models import Claim, ClaimUse
from app.awards.souvenirs import Giver, may_give, may_still_give
from app.catalog.models import Achievement, AchievementVersion
from app.catalog.usability import require_mappable
from app.core import audit
from app.core.crypto import Vault, hash_secret
from app.core.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from app.courses.models import Course, Person
from app.courses.people import is_learner
from app.programme.service import list_granted_in

MAX_COUNT: Final = 100_000
LONGEST: Final = timedelta(days=366)
MISTYPED: Final = (
    "This code cannot be right: a letter is wrong or missing. Compare it with the one that is "
    "shown at the event."
)
UNKNOWN: Final = "There is no such code. Compare it with the one that is shown at the event."


class UnknownCodeError(InvalidError):
    """Nobody made this code; it counts as a miss."""


def make_claim(
    session: Session,
    version: AchievementVersion,
    *,
    title: str,
    starts_at: datetime,
    ends_at: datetime,
    max_count: int,
    course: Course | None,
    created_by: int,
    vault: Vault,
    now: datetime,
) -> Claim:
    """Let people claim a Souvenir by a code, from–until, at most so many of them.

    Raises: `InvalidError` if the times or the number make no sense;
        `ForbiddenError`, `ConflictError` if the Souvenir may not be given.
    """
    require_souvenir(version.achievement.level)
    require_mappable(version, now=now)
    if not starts_at < ends_at or ends_at <= now:
        raise InvalidError("The end must be after the beginning, and still to come.")
    if ends_at - starts_at > LONGEST:
        raise InvalidError("A code is for an event: let it end within a year.")
    if not 1 <= max_count <= MAX_COUNT:
        raise InvalidError(f"Say how many may claim it: 1 to {MAX_COUNT}.")
    code = draw_code()
    claim = Claim(
        institution_id=version.institution_id,
        achievement_id=version.achievement_id,
        version_id=version.id,
        course_id=course.id if course else None,
        title=title,
        code_hash=hash_secret(code),
        code_sealed=vault.seal(code.encode()),
        starts_at=starts_at,
        ends_at=ends_at,
        max_count=max_count,
        taken=0,
        created_by=created_by,
        created_at=now,
    )
    session.add(claim)
    session.flush()
    facts = {"version": version.id, "course": claim.course_id, "max_count": max_count}
    _audit(session, claim, "claim.made", f"person:{created_by}", facts, now=now)
    return claim


def open_code(claim: Claim, vault: Vault) -> str:
    """Return the code of a claim, for those who may show it."""
    return vault.open(claim.code_sealed).decode()


def get_claim(session: Session, claim_id: int, giver: Giver, *, now: datetime) -> Claim:
    """Return one claim of the institution, for those who may give its Souvenir now.

    Raises: `NotFoundError`.
    """
    claim = session.scalar(_claims().where(Claim.id == claim_id))
    if (
        claim is None
        or claim.institution_id != giver.institution_id
        or not may_give(session, claim.achievement_id, giver.in_course(claim.course_id), now=now)
    ):
        raise NotFoundError("There is no such code.")
    return claim


def list_claims(
    session: Session, giver: Giver, *, course_id: int | None = None, now: datetime
) -> list[Claim]:
    """Return the newest claims that somebody may see, of one course or all."""
    granted = list_granted_in(session, giver.person_id, course_id=giver.course_id, now=now)
    mine = or_(Claim.created_by == giver.person_id, Claim.achievement_id.in_(granted))
    found = session.scalars(
        _claims()
        .where(
            Claim.institution_id == giver.institution_id,
            true() if giver.is_administrator else mine,
            Claim.course_id == course_id if course_id else true(),
        )
        .order_by(Claim.id.desc())
        .limit(50)
    )
    return [
        claim
        for claim in found
        if claim.achievement_id in granted
        or may_give(session, claim.achievement_id, giver.in_course(claim.course_id), now=now)
    ]


def list_uses(session: Session, claim: Claim) -> list[ClaimUse]:
    """Return who claimed, newest first."""
    return list(
        session.scalars(
            select(ClaimUse)
            .where(ClaimUse.claim_id == claim.id)
            .options(joinedload(ClaimUse.person), joinedload(ClaimUse.award))
            .order_by(ClaimUse.id.desc())
        )
    )


def pause_claim(session: Session, claim: Claim, *, actor: str, now: datetime) -> None:
    """Take a code out of use for a while; a paused one is let go on.

    Raises: `ConflictError` if it was stopped.
    """
    _require_running(session, claim)
    claim.paused_at = now if claim.paused_at is None else None
    action = "claim.paused" if claim.paused_at else "claim.resumed"
    _audit(session, claim, action, actor, {}, now=now)


def stop_claim(session: Session, claim: Claim, *, actor: str, now: datetime) -> None:
    """Stop a code at once and for good; what was claimed stands.

    Raises: `ConflictError` if it was stopped already.
    """
    _require_running(session, claim)
    claim.stopped_at = now
    _audit(session, claim, "claim.stopped", actor, {}, now=now)


def describe_state(claim: Claim, *, now: datetime) -> str:
    """Return where a claim stands: open, early, over, full, paused or stopped."""
    if claim.stopped_at is not None:
        return "stopped"
    if claim.ends_at <= now:
        return "over"
    if claim.taken >= claim.max_count:
        return "full"
    if claim.paused_at is not None:
        return "paused"
    return "early" if claim.starts_at > now else "open"


def claim_souvenir(
    session: Session, typed: str, person: Person, *, vault: Vault, base_url: str, now: datetime
) -> Award:
    """Award a person the Souvenir of the code that they typed.

    Each person claims once; the number is exact however many come at once,
    since one atomic update counts and checks it.

    Raises: `InvalidError` if the code was mistyped, `UnknownCodeError` if
        nobody made it; `ForbiddenError` if it is not for this person;
        `ConflictError` if it is not (or no longer) in use, or they hold the Souvenir.
    """
    code = read_code(typed)
    if code is None:
        raise InvalidError(MISTYPED)
    claim = session.scalar(
        _claims().where(
            Claim.code_hash == hash_secret(code), Claim.institution_id == person.institution_id
        )
    )
    if claim is None:
        raise UnknownCodeError(UNKNOWN)
    _require_claimable(session, claim, person, now=now)
    version = get_current(session, claim.version, now=now)
    _take_place(session, claim, now=now)
    award = issue_award(
        session,
        person=person,
        version=version,
        awarded_by=None,
        actor=f"person:{person.id}",
        vault=vault,
        base_url=base_url,
        now=now,
    )
    use = ClaimUse(claim_id=claim.id, person_id=person.id, award_id=award.id, claimed_at=now)
    session.add(use)
    try:
        session.flush()
    except IntegrityError as error:  # the unique key settles a race between two clicks
        raise ConflictError("You have just claimed this Souvenir.") from error
    _audit(session, claim, "claim.used", f"person:{person.id}", {"award": award.id}, now=now)
    return award


def _require_claimable(session: Session, claim: Claim, person: Person, *, now: datetime) -> None:
    ids = {"person_id": person.id, "achievement_id": claim.achievement_id}
    if find_standing_award(session, **ids, now=now) is not None:
        raise ConflictError(f"You hold “{claim.version.name}” already. It is kept as it is.")
    require_souvenir(claim.version.achievement.level)
    words = {
        "stopped": "This code is no longer in use.",
        "over": "The time to use this code is over.",
        "full": "Everybody who could use this code has done so: its number is used up.",
        "paused": "This code is paused right now. Ask at the event, and try again.",
        "early": "This code is not in use yet. Try again when the event has begun.",
    }
    why = words.get(describe_state(claim, now=now))
    if why is None and not may_still_give(
        session,
        claim.achievement_id,
        claim.created_by,
        course_id=claim.course_id,
        now=now,
    ):
        why = "This code is no longer in use: whoever made it may no longer give this Souvenir."
    if why is not None:
        raise ConflictError(why)
    if claim.created_by == person.id:
        raise ForbiddenError(
            "You made this code yourself; somebody else can give you the Souvenir."
        )
    if is_test_user(session, person):
        raise ForbiddenError("The student preview of an LMS is awarded nothing.")
    if claim.course_id is not None and not is_learner(session, claim.course_id, person.id, now=now):
        raise ForbiddenError(
            "This code is for the students of one course, and you are not listed there. Open "
            "Assay from that course once, and try again."
        )


def _take_place(session: Session, claim: Claim, *, now: datetime) -> None:
    """Take one place by one atomic update: whoever finds none left takes none."""
    taken = session.execute(
        update(Claim)
        .where(
            Claim.id == claim.id,
            Claim.taken < Claim.max_count,
            Claim.stopped_at.is_(None),
            Claim.paused_at.is_(None),
            Claim.starts_at <= now,
            Claim.ends_at > now,
        )
        .values(taken=Claim.taken + 1)
        .execution_options(synchronize_session=False)
    )
    if not (isinstance(taken, CursorResult) and taken.rowcount):
        raise ConflictError("Somebody else has just used the last place of this code.")


def _require_running(session: Session, claim: Claim) -> None:
    session.refresh(claim, with_for_update={"of": Claim})
    if claim.stopped_at is not None:
        raise ConflictError("This code has been stopped already.")


def _claims() -> Select[Claim]:
    version = joinedload(Claim.version).joinedload(AchievementVersion.achievement)
    return select(Claim).options(
        version.joinedload(Achievement.level),
        version.joinedload(Achievement.issuer),
        joinedload(Claim.course),
    )


def _audit(
    session: Session,
    claim: Claim,
    action: str,
    actor: str,
    facts: Mapping[str, object],
    *,
    now: datetime,
) -> None:
    session.flush()
    audit.record(
        session,
        claim.institution_id,
        actor=actor,
        action=action,
        subject=f"souvenir_claim:{claim.id}",
        facts=dict(facts),
        now=now,
    )
