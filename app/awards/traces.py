"""What pages say of a certificate: for which awards it was made, and which of them fell since."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from app.awards.models import Award
from app.awards.stack_models import AwardFlag, AwardPart
from app.catalog.models import AchievementVersion


@dataclass(frozen=True)
class TracedPart:
    """A part of a certificate as it was earned; how it stands at the time of asking.

    `revoked_at`, `ran_out_at`, `suspended_at`: since when it no longer counts, or
    does not for now; `None` while it does.
    """

    version: AchievementVersion
    awarded_at: datetime
    revoked_at: datetime | None
    ran_out_at: datetime | None
    suspended_at: datetime | None = None


@dataclass(frozen=True)
class Trace:
    """For what a certificate was awarded. `fallen`: its set is incomplete for want of these."""

    parts: tuple[TracedPart, ...]
    fallen: tuple[TracedPart, ...]


def read_trace(session: Session, award: Award, *, now: datetime) -> Trace:
    """Return for which awards a certificate was made; empty for what no rule awarded.

    Of a part that was earned again, the newest award is shown.
    """
    if award.awarded_by is not None:
        return Trace((), ())
    rows = session.scalars(
        select(AwardPart)
        .where(AwardPart.award_id == award.id)
        .options(joinedload(AwardPart.part_award).joinedload(Award.version))
        .order_by(AwardPart.stack_part_id, AwardPart.part_award_id)
    )
    newest = {row.stack_part_id: row.part_award for row in rows}
    flags = list_open_flags(session, [award.id]).get(award.id, ())
    return Trace(
        parts=tuple(_traced(part, now=now) for part in newest.values()),
        fallen=tuple(_traced(flag.part_award, now=now) for flag in flags),
    )


def list_open_flags(session: Session, award_ids: Collection[int]) -> dict[int, list[AwardFlag]]:
    """Return by certificate which of its parts fell and leave its set incomplete."""
    flags: dict[int, list[AwardFlag]] = {}
    if not award_ids:
        return flags
    rows = session.scalars(
        select(AwardFlag)
        .where(AwardFlag.award_id.in_(award_ids), AwardFlag.cleared_at.is_(None))
        .options(joinedload(AwardFlag.part_award).joinedload(Award.version))
        .order_by(AwardFlag.id)
    )
    for flag in rows:
        flags.setdefault(flag.award_id, []).append(flag)
    return flags


def _traced(part: Award, *, now: datetime) -> TracedPart:
    has_run_out = part.valid_until is not None and part.valid_until <= now
    return TracedPart(
        version=part.version,
        awarded_at=part.awarded_at,
        revoked_at=part.revoked_at,
        ran_out_at=part.valid_until if has_run_out else None,
        suspended_at=part.suspended_at,
    )
