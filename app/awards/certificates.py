"""Certificates by rule: whose set is complete, what it was awarded for, and when a part falls.

Source: DOMAIN, rule 8.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

import structlog
from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from app.awards.models import Award
from app.awards.stack_models import AwardFlag, AwardPart
from app.catalog.models import Achievement, AchievementVersion
from app.catalog.parts import GroupRule, PartRule, is_complete
from app.catalog.stack_models import StackGroup, StackPart
from app.catalog.stacks import read_rules
from app.catalog.usability import is_mappable_now
from app.core.errors import DomainError
from app.courses.models import Enrolment

log = structlog.get_logger()

# Makes one award of this version, by this actor.
Issue = Callable[[AchievementVersion, str], Award]


@dataclass(frozen=True)
class HeldAward:
    """An award that counts now, and the number of the version that it was made under."""

    award_id: int
    number: int


@dataclass(frozen=True)
class Due:
    """Somebody who holds a whole set; `trace`: by part, the award that satisfies it."""

    person_id: int
    trace: Mapping[int, int]


def complete_certificates(
    session: Session, award: Award, *, issue: Issue, now: datetime
) -> list[Award]:
    """Award every certificate that this award completes; it may be a part of several.

    Called when the award is in the audit log: its chain puts the writers of an
    institution in a row, so of the last two parts, awarded at once, the later
    one sees the other. What is overlooked all the same, the nightly sweep finds.
    """
    _clear_flags(session, award, now=now)
    made = []
    for version in _list_candidates(session, award, now=now):
        trace = find_trace(session, version, person_id=award.person_id, now=now)
        if trace is not None:
            certificate = award_certificate(
                session, version, Due(award.person_id, trace), issue=issue
            )
            made += [certificate] if certificate else []
    return made


def award_certificate(
    session: Session, version: AchievementVersion, due: Due, *, issue: Issue
) -> Award | None:
    """Award a certificate to somebody who holds its set; `None` if it stands already.

    One that cannot be made, for want of a key of its issuer, must not stop the
    award of its last part: it is logged, and tried again by the nightly sweep.
    """
    standing = exists().where(
        Award.person_id == due.person_id,
        Award.achievement_id == version.achievement_id,
        Award.revoked_at.is_(None),
    )
    if session.scalar(select(standing)):
        return None
    try:
        with session.begin_nested():
            certificate = issue(version, f"rule:{version.id}")
            session.add_all(_traced(certificate, due.trace))
    except DomainError as error:
        log.warning(
            "certificate not awarded",
            version=version.id,
            person=due.person_id,
            error=type(error).__name__,
        )
        return None
    return certificate


def find_trace(
    session: Session, version: AchievementVersion, *, person_id: int, now: datetime
) -> dict[int, int] | None:
    """Return by part which award of a person satisfies it, if the whole set is complete."""
    groups = read_rules(session, [version.id])[version.id]
    return _trace(groups, read_held(session, person_id, _parts_of(groups), now=now))


def read_held(
    session: Session, person_id: int, parts: Iterable[PartRule], *, now: datetime
) -> dict[int, HeldAward]:
    """Return by achievement what a person holds of these parts."""
    rows = session.execute(
        select(Award.achievement_id, Award.id, AchievementVersion.number)
        .join(AchievementVersion, AchievementVersion.id == Award.version_id)
        .where(
            Award.person_id == person_id,
            Award.achievement_id.in_({part.achievement_id for part in parts}),
            is_standing(Award, now),
        )
    )
    return {row.achievement_id: HeldAward(row.id, row.number) for row in rows}


def iterate_due(
    session: Session, version: AchievementVersion, *, after: int = 0, now: datetime
) -> Iterator[Due]:
    """Go through everybody who holds a certificate's whole set and not the certificate."""
    groups = read_rules(session, [version.id])[version.id]
    achievements = {part.achievement_id for part in _parts_of(groups)}
    if not achievements:
        return
    query = (
        select(Award.person_id, Award.achievement_id, Award.id, AchievementVersion.number)
        .join(AchievementVersion, AchievementVersion.id == Award.version_id)
        .where(
            Award.institution_id == version.institution_id,
            Award.achievement_id.in_(achievements),
            Award.person_id > after,
            is_standing(Award, now),
            _may_receive(Award.person_id, version.achievement_id),
        )
        .order_by(Award.person_id)
        .execution_options(yield_per=1000)
    )
    with session.execute(query) as rows:
        for person_id, found in groupby(rows, key=lambda row: row.person_id):
            held = {row.achievement_id: HeldAward(row.id, row.number) for row in found}
            trace = _trace(groups, held)
            if trace is not None:
                yield Due(person_id, trace)


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
    """Flag a certificate whose set is incomplete now; return whether it falls with its parts."""
    groups = read_rules(session, [certificate.version_id])[certificate.version_id]
    held = read_held(session, certificate.person_id, _parts_of(groups), now=now)
    numbers = _numbers(held)
    if not groups or is_complete(groups, numbers):
        return False
    falls = certificate.version.achievement.level.revokes_with_part
    short = [group for group in groups if group.count_missing(numbers)]
    lost = {part.achievement_id for part in _parts_of(short) if not part.is_held(numbers)}
    known = {flag.part_award_id: flag for flag in _list_flags(session, certificate)}
    for part_award_id in _list_lost(session, certificate, lost, now=now):
        flag = known.get(part_award_id)
        if flag is None:
            flag = AwardFlag(award_id=certificate.id, part_award_id=part_award_id, flagged_at=now)
            session.add(flag)
        flag.fell, flag.cleared_at = falls, None
    session.flush()
    return falls


def is_standing(award: type[Award], now: datetime) -> ColumnElement[bool]:
    """Return the condition that an award counts: neither revoked nor run out."""
    return and_(
        award.revoked_at.is_(None), or_(award.valid_until.is_(None), award.valid_until > now)
    )


def _list_candidates(
    session: Session, award: Award, *, now: datetime
) -> Sequence[AchievementVersion]:
    """Return the certificates with this part for which no group is short, by a first count.

    The database leaves out all but a few without reading their parts into the
    program. It does not look at which versions count; `find_trace` does.
    """
    mine, group, part = aliased(StackPart), aliased(StackGroup), aliased(StackPart)
    own_group = aliased(StackGroup)
    held = aliased(Award)
    count_held = (
        select(func.count())
        .select_from(part)
        .join(
            held,
            and_(
                held.achievement_id == part.achievement_id,
                held.person_id == award.person_id,
                is_standing(held, now),
            ),
        )
        .where(part.group_id == group.id)
        .correlate(group)
        .scalar_subquery()
    )
    is_short = exists().where(group.version_id == AchievementVersion.id, group.needed > count_held)
    return session.scalars(
        select(AchievementVersion)
        .join(own_group, own_group.version_id == AchievementVersion.id)
        .join(mine, mine.group_id == own_group.id)
        .join(Achievement, Achievement.id == AchievementVersion.achievement_id)
        .where(
            mine.achievement_id == award.achievement_id,
            AchievementVersion.institution_id == award.institution_id,
            is_mappable_now(now),
            ~is_short,
            _may_receive(award.person_id, AchievementVersion.achievement_id),
        )
        .order_by(AchievementVersion.id)
    ).all()


def _may_receive(person_id: object, achievement_id: object) -> ColumnElement[bool]:
    """Return the condition that a rule may award somebody a certificate.

    Not to the student preview of an LMS; not to whom it stands; and not to
    whom somebody took it away by hand: only somebody gives it back.
    """
    old, newer = aliased(Award), aliased(Award)
    has_newer = exists().where(
        newer.person_id == old.person_id,
        newer.achievement_id == old.achievement_id,
        newer.id > old.id,
    )
    fell = exists().where(AwardFlag.award_id == old.id, AwardFlag.fell.is_(True))
    taken_or_standing = exists().where(
        old.person_id == person_id,
        old.achievement_id == achievement_id,
        or_(old.revoked_at.is_(None), and_(~fell, ~has_newer)),
    )
    preview = exists().where(Enrolment.person_id == person_id, Enrolment.is_test_user.is_(True))
    return and_(~taken_or_standing, ~preview)


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


def _clear_flags(session: Session, award: Award, *, now: datetime) -> None:
    """Clear the flags of certificates whose set is complete again with this award."""
    flagged = session.scalars(
        select(Award)
        .join(AwardFlag, AwardFlag.award_id == Award.id)
        .where(
            Award.person_id == award.person_id,
            Award.revoked_at.is_(None),
            AwardFlag.cleared_at.is_(None),
        )
        .distinct()
    ).all()
    for certificate in flagged:
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
        session.add_all(
            row for row in _traced(certificate, trace) if row.part_award_id not in known
        )
        session.flush()


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
            select(Award.id)
            .where(Award.id.in_(newest), ~is_standing(Award, now))
            .order_by(Award.id)
        )
    )


def _trace(groups: Sequence[GroupRule], held: Mapping[int, HeldAward]) -> dict[int, int] | None:
    numbers = _numbers(held)
    if not is_complete(groups, numbers):
        return None
    return {
        part.part_id: held[part.achievement_id].award_id
        for part in _parts_of(groups)
        if part.is_held(numbers)
    }


def _traced(certificate: Award, trace: Mapping[int, int]) -> list[AwardPart]:
    return [
        AwardPart(award_id=certificate.id, stack_part_id=part_id, part_award_id=award_id)
        for part_id, award_id in trace.items()
    ]


def _numbers(held: Mapping[int, HeldAward]) -> dict[int, tuple[int]]:
    return {achievement_id: (award.number,) for achievement_id, award in held.items()}


def _parts_of(groups: Iterable[GroupRule]) -> list[PartRule]:
    return [part for group in groups for part in group.parts]
