"""What the worker does for certificates: award those whose set was complete before, and sweep.

A set may be complete without anybody having earned a part just now: the
certificate is new, two people known apart were found to be one, or an award
could not be made at the time.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, aliased

from app.awards.certificates import Due, award_certificate, iterate_due
from app.awards.fallen import flag_if_incomplete
from app.awards.issuing import issue_award
from app.awards.models import Award
from app.awards.revoking import revoke_by_rule
from app.awards.stack_models import AwardFlag, AwardPart
from app.catalog.models import Achievement, AchievementVersion
from app.catalog.stack_models import StackGroup
from app.catalog.stacks import CERTIFICATE_KIND, owe_awards
from app.catalog.usability import is_decided, is_mappable_now
from app.core.clock import utcnow
from app.core.crypto import Vault
from app.core.db import transaction
from app.core.errors import NotFoundError
from app.courses.models import Person
from app.outbox.worker import Handler, Message

if TYPE_CHECKING:
    from app.core.http import OutgoingClient

# So many people in one transaction: others wait for it no longer than for a page.
CHUNK = 100
RAN_OUT = "A part of it has run out."


def delivery_handlers(
    vault: Vault,
    http: "OutgoingClient",  # noqa: ARG001 (every room's handlers are made with the same three)
    base_url: str,
    *,
    clock: Callable[[], datetime] = utcnow,
) -> dict[str, Handler]:
    """Return who does what, for the outbox worker."""

    def award(message: Message) -> None:
        with transaction() as session:
            version = session.get_one(AchievementVersion, message.payload["version_id"])
            award_chunk(
                session,
                version,
                after=message.payload["after"],
                vault=vault,
                base_url=base_url,
                now=clock(),
            )

    return {CERTIFICATE_KIND: award}


def award_chunk(
    session: Session,
    version: AchievementVersion,
    *,
    after: int = 0,
    vault: Vault,
    base_url: str,
    now: datetime,
) -> int:
    """Award a certificate to the next people who hold its set; owe the rest; return how many.

    Nobody, if it may not be used any more.
    """
    if not is_usable(session, version, now=now):
        return 0
    chunk = list(islice(iterate_due(session, version, after=after, now=now), CHUNK))
    made = 0
    for due in chunk:
        award = award_to(session, version, due, vault=vault, base_url=base_url, now=now)
        made += award is not None
    if len(chunk) == CHUNK:
        owe_awards(session, version, after=chunk[-1].person_id, now=now)
    return made


def award_to(
    session: Session,
    version: AchievementVersion,
    due: Due,
    *,
    vault: Vault,
    base_url: str,
    now: datetime,
) -> Award | None:
    """Award a certificate to one person who holds its set; `None` if it stands already."""
    person = session.get_one(Person, due.person_id)

    def issue(certificate: AchievementVersion, rule: str, trace: Mapping[int, int]) -> Award:
        return issue_award(
            session,
            person=person,
            version=certificate,
            awarded_by=None,
            actor=rule,
            trace=trace,
            vault=vault,
            base_url=base_url,
            now=now,
        )

    return award_certificate(session, version, due, issue=issue)


def is_usable(session: Session, version: AchievementVersion, *, now: datetime) -> bool:
    """Return whether a certificate's version may be awarded now."""
    usable = select(AchievementVersion.id).join(AchievementVersion.achievement)
    found = session.scalar(usable.where(AchievementVersion.id == version.id, is_mappable_now(now)))
    return found is not None


def count_due(session: Session, version: AchievementVersion, *, now: datetime) -> int:
    """Return how many people hold a certificate's set, and would be awarded it now."""
    return sum(1 for _ in iterate_due(session, version, now=now))


@dataclass(frozen=True)
class Holders:
    """How many hold a certificate, and how many of these are flagged: a part fell."""

    standing: int
    flagged: int


def count_holders(session: Session, version: AchievementVersion) -> Holders:
    """Count who holds a certificate, whatever its version."""
    standing = select(func.count(Award.id)).where(
        Award.achievement_id == version.achievement_id, Award.revoked_at.is_(None)
    )
    flagged = select(AwardFlag.award_id).where(AwardFlag.cleared_at.is_(None))
    return Holders(
        session.scalar(standing) or 0, session.scalar(standing.where(Award.id.in_(flagged))) or 0
    )


def list_certificates(
    session: Session, institution_id: int | None, *, now: datetime
) -> list[AchievementVersion]:
    """Return the certificates that are awarded now, with their parts; `None`: everybody's."""
    query = (
        select(AchievementVersion)
        .join(AchievementVersion.achievement)
        .where(
            is_mappable_now(now),
            AchievementVersion.id.in_(select(StackGroup.version_id)),
        )
        .order_by(Achievement.institution_id, Achievement.slug)
    )
    if institution_id is not None:
        query = query.where(Achievement.institution_id == institution_id)
    return list(session.scalars(query))


def list_administered(session: Session, institution_id: int) -> list[AchievementVersion]:
    """Return the certificates of an institution that are approved or in review."""
    return list(
        session.scalars(
            select(AchievementVersion)
            .join(AchievementVersion.achievement)
            .where(
                AchievementVersion.institution_id == institution_id,
                is_decided(or_in_review=True),
                AchievementVersion.id.in_(select(StackGroup.version_id)),
            )
            .order_by(AchievementVersion.name, AchievementVersion.id)
        )
    )


def get_certificate(
    session: Session, version_id: int, *, institution_id: int
) -> AchievementVersion:
    """Return one of `list_administered`.

    Raises: `NotFoundError`.
    """
    for version in list_administered(session, institution_id):
        if version.id == version_id:
            return version
    raise NotFoundError("There is no such certificate, approved or in review.")


def list_overlooked(session: Session, *, now: datetime) -> list[int]:
    """Return the ids of the certificates that somebody is due and has not."""
    return [
        version.id
        for version in list_certificates(session, None, now=now)
        if next(iterate_due(session, version, now=now), None) is not None
    ]


def look_at_expired(session: Session, *, vault: Vault, base_url: str, now: datetime) -> int:
    """Flag, or revoke by their level's rule, certificates of which a part has run out."""
    part = aliased(Award)
    # One that was flagged while a part was suspended is looked at again when that runs out.
    known = exists().where(
        AwardFlag.award_id == AwardPart.award_id,
        AwardFlag.part_award_id == AwardPart.part_award_id,
        AwardFlag.cleared_at.is_(None),
        AwardFlag.flagged_at >= part.valid_until,
    )
    certificates = session.scalars(
        select(Award)
        .join(AwardPart, AwardPart.award_id == Award.id)
        .join(part, part.id == AwardPart.part_award_id)
        .where(Award.revoked_at.is_(None), part.valid_until <= now, ~known)
        .distinct()
        .order_by(Award.id)
    ).all()
    for certificate in certificates:
        # One may have fallen with another meanwhile.
        if certificate.revoked_at is None and flag_if_incomplete(session, certificate, now=now):
            revoke_by_rule(
                session,
                certificate,
                reason=RAN_OUT,
                actor="rule:expired",
                vault=vault,
                base_url=base_url,
                now=now,
            )
    return len(certificates)
