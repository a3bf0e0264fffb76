"""When a part of a certificate falls: flags, what is revoked with it, and when it heals."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import Integer, bindparam, exists, func, select
from sqlalchemy.orm import Session, aliased, joinedload

from app.awards.held import (
    find_trace,
    is_counted,
    numbers_of,
    parts_of,
    read_held,
    read_held_for_good,
    traced,
)
from app.awards.models import Award
from app.awards.stack_models import AwardFlag, AwardPart
from app.catalog.models import Achievement, AchievementVersion
from app.catalog.parts import is_complete
from app.catalog.stack_models import StackGroup, StackPart
from app.catalog.stacks import read_rules
from app.core.prepared import Prepared, wire_of


def list_fallen(session: Session, award: Award, *, now: datetime) -> list[tuple[Award, str]]:
    """Flag the certificates that a revoked part leaves incomplete; return which fall with it.

    Called when the revocation is in the audit log, for the reason told at
    `complete_certificates`. With each one comes the reason, for its page.
    """
    why = f"A part of it was revoked: “{award.version.name}”."
    return [
        (certificate, why)
        for certificate in _list_using(session, award.person_id, award.achievement_id)
        if flag_if_incomplete(session, certificate, now=now)
    ]


def flag_if_incomplete(session: Session, certificate: Award, *, now: datetime) -> bool:
    """Flag a certificate whose set is incomplete now; return whether it falls with its parts.

    With a part that is only suspended nothing falls: it may count again.
    """
    groups = read_rules(session, [certificate.version_id])[certificate.version_id]
    parts = parts_of(groups)
    held = read_held(session, certificate.person_id, parts, now=now)
    numbers = numbers_of(held)
    if not groups or is_complete(groups, numbers):
        return False
    for_good = read_held_for_good(session, certificate.person_id, parts, now=now)
    is_lost = not is_complete(groups, numbers_of(for_good))
    falls = is_lost and certificate.version.achievement.level.revokes_with_part
    short = [group for group in groups if group.count_missing(numbers)]
    lost = {part.achievement_id for part in parts_of(short) if not part.is_held(numbers)}
    known = {flag.part_award_id: flag for flag in _list_flags(session, certificate)}
    for part_award_id in _list_lost(session, certificate, lost, now=now):
        flag = known.get(part_award_id)
        if flag is None:
            flag = AwardFlag(award_id=certificate.id, part_award_id=part_award_id)
            session.add(flag)
        flag.fell, flag.flagged_at, flag.cleared_at = falls, now, None
    session.flush()
    return falls


def flag_what_uses(session: Session, award: Award, *, now: datetime) -> None:
    """Flag the certificates that are incomplete while an award is suspended; none falls."""
    for certificate in _list_using(session, award.person_id, award.achievement_id):
        flag_if_incomplete(session, certificate, now=now)


def _list_using(session: Session, person_id: int, achievement_id: int) -> Sequence[Award]:
    """Return the standing certificates of a person that have this achievement as a part."""
    version = joinedload(Award.version)
    return session.scalars(
        select(Award)
        .join(StackGroup, StackGroup.version_id == Award.version_id)
        .join(StackPart, StackPart.group_id == StackGroup.id)
        .where(
            Award.person_id == person_id,
            Award.revoked_at.is_(None),
            StackPart.achievement_id == achievement_id,
        )
        .options(version.joinedload(AchievementVersion.achievement).joinedload(Achievement.level))
        .order_by(Award.id)
    ).all()


def clear_flags(session: Session, award: Award, *, now: datetime) -> None:
    """Clear the flags of certificates whose set is complete again with this award."""
    flagged = _flagged().all(wire_of(session), {"person_id": award.person_id})
    for certificate in [session.get_one(Award, award_id) for (award_id,) in flagged]:
        trace = find_trace(session, certificate.version, person_id=award.person_id, now=now)
        if trace is None:
            continue
        for flag in _list_flags(session, certificate):
            flag.cleared_at = flag.cleared_at or now
        known = set(
            session.scalars(
                select(AwardPart.part_award_id).where(AwardPart.award_id == certificate.id)
            )
        )
        session.add_all(row for row in traced(certificate, trace) if row.part_award_id not in known)
        session.flush()


@cache
def _flagged() -> Prepared:
    """Prepare the look for somebody's flagged certificates: it follows every award."""
    flag = aliased(AwardFlag)
    return Prepared(
        select(Award.id)
        .where(
            Award.person_id == bindparam("person_id", type_=Integer()),
            Award.revoked_at.is_(None),
            exists().where(flag.award_id == Award.id, flag.cleared_at.is_(None)),
        )
        .order_by(Award.id)
    )


def _list_flags(session: Session, certificate: Award) -> Sequence[AwardFlag]:
    return session.scalars(select(AwardFlag).where(AwardFlag.award_id == certificate.id)).all()


def _list_lost(
    session: Session, certificate: Award, achievement_ids: Iterable[int], *, now: datetime
) -> list[int]:
    """Return the newest award of each of these achievements that no longer counts."""
    newest = (
        select(func.max(Award.id))
        .where(
            Award.person_id == certificate.person_id, Award.achievement_id.in_(set(achievement_ids))
        )
        .group_by(Award.achievement_id)
    )
    return list(
        session.scalars(
            select(Award.id).where(Award.id.in_(newest), ~is_counted(Award, now)).order_by(Award.id)
        )
    )
