"""Certificates by rule: whose set is complete, what it was awarded for, and when a part falls.

Source: DOMAIN, rule 8.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import groupby

import structlog
from sqlalchemy import ColumnElement, Integer, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.awards.fallen import clear_flags
from app.awards.held import HeldAward, find_trace, is_counted, parts_of, trace_of
from app.awards.models import Award
from app.awards.stack_models import AwardFlag
from app.catalog.models import Achievement, AchievementVersion
from app.catalog.stack_models import StackGroup, StackPart
from app.catalog.stacks import read_rules
from app.catalog.usability import is_decided, is_mappable_now
from app.core.errors import DomainError
from app.core.orm import UtcDateTime
from app.core.prepared import Prepared, wire_of
from app.courses.models import Enrolment

log = structlog.get_logger()

# Makes one award of this version, by this actor, for these awards by part.
Issue = Callable[[AchievementVersion, str, Mapping[int, int]], Award]


@dataclass(frozen=True)
class Due:
    """Somebody who holds a whole set; `trace`: by part, the award that satisfies it."""

    person_id: int
    trace: Mapping[int, int]


def complete_certificates(
    session: Session, award: Award, *, issue: Issue, now: datetime
) -> list[Award]:
    """Award every certificate whose set is complete with this award; it may complete several.

    Called when the award is in the audit log: its chain puts the writers of an
    institution in a row, so of the last two parts, awarded at once, the later
    one sees the other. What is overlooked all the same, the nightly sweep finds.
    """
    clear_flags(session, award, now=now)
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
            certificate = issue(version, f"rule:{version.id}", due.trace)
    except DomainError as error:
        log.warning(
            "certificate not awarded",
            version=version.id,
            person=due.person_id,
            error=type(error).__name__,
        )
        return None
    return certificate


def iterate_due(
    session: Session, version: AchievementVersion, *, after: int = 0, now: datetime
) -> Iterator[Due]:
    """Go through everybody who holds a certificate's whole set and not the certificate."""
    groups = read_rules(session, [version.id])[version.id]
    achievements = {part.achievement_id for part in parts_of(groups)}
    if not achievements:
        return
    query = (
        select(Award.person_id, Award.achievement_id, Award.id, AchievementVersion.number)
        .join(AchievementVersion, AchievementVersion.id == Award.version_id)
        .where(
            Award.institution_id == version.institution_id,
            Award.achievement_id.in_(achievements),
            Award.person_id > after,
            is_counted(Award, now),
            may_receive(Award.person_id, version.achievement_id),
        )
        .order_by(Award.person_id)
        .execution_options(yield_per=1000)
    )
    with session.execute(query) as rows:
        for person_id, found in groupby(rows, key=lambda row: row.person_id):
            held = {row.achievement_id: HeldAward(row.id, row.number) for row in found}
            trace = trace_of(groups, held)
            if trace is not None:
                yield Due(person_id, trace)


def _list_candidates(
    session: Session, award: Award, *, now: datetime
) -> Sequence[AchievementVersion]:
    """Return the certificates that somebody has not and of which no group is short.

    By a first count, which does not look at which versions count; `find_trace`
    does. It counts from what the person holds, which is little, to the sets that
    it is in, and not from the certificates that there are. So it also finds one
    that was overlooked before.
    """
    facts = {"person_id": award.person_id, "now": now}
    found = [row[0] for row in _complete_by_count().all(wire_of(session), facts)]
    if not found:
        return []
    return session.scalars(
        select(AchievementVersion)
        .join(Achievement, Achievement.id == AchievementVersion.achievement_id)
        .where(
            AchievementVersion.id.in_(found),
            AchievementVersion.institution_id == award.institution_id,
            is_mappable_now(now),
            may_receive(award.person_id, AchievementVersion.achievement_id),
        )
        .order_by(AchievementVersion.id)
    ).all()


@cache
def _complete_by_count() -> Prepared:
    """Prepare the first count: it follows every award, and SQLAlchemy is slow to word it."""
    now, person_id = bindparam("now", type_=UtcDateTime()), bindparam("person_id", type_=Integer())
    own = aliased(Award)
    groups = (
        select(StackGroup.version_id, StackGroup.group_count)
        .select_from(Award)
        .join(StackPart, StackPart.achievement_id == Award.achievement_id)
        .join(StackGroup, StackGroup.id == StackPart.group_id)
        .where(Award.person_id == person_id, is_counted(Award, now))
        .group_by(StackGroup.id, StackGroup.version_id, StackGroup.needed, StackGroup.group_count)
        .having(func.count() >= StackGroup.needed)
        .subquery()
    )
    versions = (
        select(groups.c.version_id)
        .group_by(groups.c.version_id)
        .having(func.count() == func.max(groups.c.group_count))
        .cte("complete_by_count")
        # PostgreSQL would otherwise begin with every certificate.
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    is_held = exists().where(
        own.person_id == person_id,
        own.achievement_id == AchievementVersion.achievement_id,
        own.revoked_at.is_(None),
    )
    return Prepared(
        select(versions.c.version_id)
        .join(AchievementVersion, AchievementVersion.id == versions.c.version_id)
        .where(
            is_decided(),
            ~is_held,
        )
        .order_by(versions.c.version_id)
    )


def may_receive(person_id: object, achievement_id: object) -> ColumnElement[bool]:
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
