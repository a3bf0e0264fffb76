"""What the public, or whoever has the link, may see of assessed work; and that they saw it.

Everything is looked up at each request: a consent that was taken back a moment
ago shows nothing any more.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session, joinedload, selectinload
from sqlalchemy.orm.interfaces import ORMOption

from app.assessment.shareable import name_of
from app.awards.models import Award, Visibility
from app.catalog.models import Achievement, AchievementVersion
from app.core import audit
from app.core.crypto import hash_secret
from app.core.errors import NotFoundError
from app.courses.models import Person
from app.evidence.consent_models import (
    Audience,
    Consent,
    ConsentItem,
    Disclosure,
    RedactedCopy,
    ShownAs,
)
from app.evidence.groups import list_group
from app.evidence.models import Artifact, Attempt, ScanState, Submission

SECRET = re.compile(r"[A-Za-z0-9_-]{43}")
# One entry per piece and this time: a robot does not fill the log.
LOG_EVERY = timedelta(hours=1)
TO_WHOM = {Audience.LINK: "Whoever has the link", Audience.PUBLIC: "The public"}


class GoneError(NotFoundError):
    """It was shown here, and is not any more."""


@dataclass(frozen=True)
class SharedItem:
    """One piece of work as it is shown.

    `artifact`: set for `full` only; `copy`: for `redacted` only: what is not to be
    seen is not even at hand.
    """

    id: int
    name: str
    shown_as: ShownAs
    description: str
    sha256: str
    artifact: Artifact | None
    copy: RedactedCopy | None


@dataclass(frozen=True)
class Shared:
    """What a consent shows now. `missing`: so many pieces are not shown at the moment."""

    award: Award
    consent: Consent
    items: tuple[SharedItem, ...]
    missing: int

    def get_item(self, item_id: int) -> SharedItem:
        """Return one piece of it.

        Raises: `NotFoundError`.
        """
        for item in self.items:
            if item.id == item_id:
                return item
        raise NotFoundError("This piece of work is not shown here, or not any more.")


def open_public(session: Session, public_id: str, *, now: datetime) -> Shared:
    """Return what is shown to everybody with an award.

    Raises: `NotFoundError` if nothing ever was; `GoneError` if it was taken back.
    """
    consents = session.scalars(
        _loaded()
        .join(Award, Award.id == Consent.award_id)
        .where(Award.public_id == public_id, Consent.audience == Audience.PUBLIC)
        .order_by(Consent.id.desc())
    ).all()
    if not consents:
        raise NotFoundError("No work is shown with this credential.")
    shared = _show(session, consents[0], now=now)
    if shared is None:
        raise GoneError("Work was shown here. Whoever holds the credential has taken that back.")
    return shared


def find_public(session: Session, award: Award, *, now: datetime) -> Shared | None:
    """Return what is shown to everybody with an award, if anything is."""
    try:
        return open_public(session, award.public_id, now=now)
    except NotFoundError:
        return None


def open_by_link(session: Session, secret: str, *, now: datetime) -> Shared:
    """Return what is shown to whoever has a link.

    Raises: `NotFoundError`, whether the link never was, has ended or was taken back.
    """
    missing = NotFoundError("There is nothing at this address, or not any more.")
    if not SECRET.fullmatch(secret):
        raise missing
    consent = session.scalar(
        _loaded().where(
            Consent.secret_hash == hash_secret(secret), Consent.audience == Audience.LINK
        )
    )
    shared = _show(session, consent, now=now) if consent else None
    if shared is None:
        raise missing
    return shared


def owes_entry(
    session: Session, shared: Shared, item: SharedItem | None, *, what: str, now: datetime
) -> bool:
    """Return whether a showing is to be written down: nothing like it was within the hour."""
    last = session.scalar(
        select(Disclosure.id)
        .where(
            Disclosure.consent_id == shared.consent.id,
            _is_of(item),
            Disclosure.what == what,
            Disclosure.at > now - LOG_EVERY,
        )
        .limit(1)
    )
    return last is None


def record_disclosure(
    session: Session, shared: Shared, item: SharedItem | None, *, what: str, now: datetime
) -> None:
    """Write down that something was shown, unless somebody else has meanwhile.

    The pages of one file are asked for side by side: only under the consent's lock
    is it sure that no other of them has written the hour's entry.
    Source: 34 CFR 99.32 (record of disclosures).
    """
    session.execute(select(Consent.id).where(Consent.id == shared.consent.id).with_for_update())
    if not owes_entry(session, shared, item, what=what, now=now):
        return
    session.add(
        Disclosure(
            institution_id=shared.consent.institution_id,
            person_id=shared.consent.person_id,
            consent_id=shared.consent.id,
            consent_item_id=item.id if item else None,
            to_whom=TO_WHOM[shared.consent.audience],
            what=what,
            at=now,
        )
    )
    session.flush()


def write_down_otherwise(
    session: Session,
    person: Person,
    *,
    to_whom: str,
    what: str,
    recorded_by: int,
    now: datetime,
) -> None:
    """Write down what was disclosed about somebody by another right than their consent."""
    disclosure = Disclosure(
        institution_id=person.institution_id,
        person_id=person.id,
        to_whom=to_whom,
        what=what,
        recorded_by=recorded_by,
        at=now,
    )
    session.add(disclosure)
    session.flush()
    audit.record(
        session,
        person.institution_id,
        actor=f"person:{recorded_by}",
        action="disclosure.written_down",
        subject=f"person:{person.id}",
        facts={"disclosure": disclosure.id},
        now=now,
    )


def list_disclosures(
    session: Session, person_id: int, *, award_id: int | None = None, limit: int = 200
) -> list[Disclosure]:
    """Return what was disclosed about somebody, newest first; with one award, or at all."""
    statement = select(Disclosure).where(Disclosure.person_id == person_id)
    if award_id is not None:
        statement = statement.where(
            Disclosure.consent_id.in_(select(Consent.id).where(Consent.award_id == award_id))
        )
    newest = statement.order_by(Disclosure.at.desc(), Disclosure.id.desc())
    return list(session.scalars(newest.limit(limit)))


def _show(session: Session, consent: Consent, *, now: datetime) -> Shared | None:
    """Return what a consent shows; `None` if it does not stand, or the award does not."""
    if consent.award_id is None:
        return None
    award = session.get(Award, consent.award_id, options=_award_options())
    if (
        award is None
        or consent.withdrawn_at is not None
        or (consent.link_ends_at is not None and consent.link_ends_at <= now)
        or award.revoked_at is not None
        or award.visibility is Visibility.PRIVATE
        or award.has_expired(now)
        or award.person_id != consent.person_id
        or award.person.forgotten_at is not None
        or not award.achievement.level.shares_evidence
    ):
        return None
    refused = _list_refused(session, award, [item.artifact for item in consent.items], now=now)
    items = tuple(
        _describe(item)
        for item in consent.items
        if item.artifact_id not in refused and _can_be_shown(item)
    )
    return Shared(award, consent, items, len(consent.items) - len(items))


def _can_be_shown(item: ConsentItem) -> bool:
    """Whether the content is there, clean, and the one that was signed for."""
    if item.artifact.sha256 != item.sha256 or item.artifact.scan_state is ScanState.INFECTED:
        return False
    if item.shown_as is ShownAs.FULL:
        is_waiting = item.artifact.scan_state is ScanState.WAITING
        return item.artifact.deleted_at is None and not is_waiting
    if item.shown_as is ShownAs.REDACTED:
        copy = item.redacted
        return copy is not None and copy.scan_state in {ScanState.CLEAN, ScanState.NOT_SCANNED}
    return True


def _describe(item: ConsentItem) -> SharedItem:
    return SharedItem(
        id=item.id,
        name=name_of(item.artifact) if item.shown_as is ShownAs.FULL else _plain_name(item),
        shown_as=item.shown_as,
        description=item.description,
        sha256=item.sha256,
        artifact=item.artifact if item.shown_as is ShownAs.FULL else None,
        copy=item.redacted if item.shown_as is ShownAs.REDACTED else None,
    )


def _plain_name(item: ConsentItem) -> str:
    """Return a name that tells nothing of what was redacted."""
    if item.shown_as is ShownAs.REDACTED and item.redacted is not None:
        return item.redacted.file_name
    return "Described work"


def _list_refused(
    session: Session, award: Award, artifacts: Sequence[Artifact], *, now: datetime
) -> set[int]:
    """Return the artifacts of groups of which another author has not agreed to show them.

    Everybody who holds the award for the same work has to agree; whoever was
    awarded nothing has nothing to show with.
    """
    refused: set[int] = set()
    for artifact in artifacts:
        holder = session.get_one(Attempt, artifact.attempt_id).submission
        others = [
            each for each in list_group(session, holder) if each.learner_id != award.person_id
        ]
        if any(not _agrees(session, each, artifact, now=now) for each in others):
            refused.add(artifact.id)
    return refused


def _agrees(session: Session, other: Submission, artifact: Artifact, *, now: datetime) -> bool:
    held = session.scalar(
        select(Award.id).where(
            Award.person_id == other.learner_id,
            Award.achievement_id == other.achievement_id,
            Award.revoked_at.is_(None),
        )
    )
    if held is None:
        return True
    return (
        session.scalar(
            select(ConsentItem.id)
            .join(Consent, Consent.id == ConsentItem.consent_id)
            .where(
                Consent.person_id == other.learner_id,
                Consent.withdrawn_at.is_(None),
                ConsentItem.artifact_id == artifact.id,
                (Consent.link_ends_at.is_(None)) | (Consent.link_ends_at > now),
            )
            .limit(1)
        )
        is not None
    )


def _is_of(item: SharedItem | None) -> ColumnElement[bool]:
    if item is None:
        return Disclosure.consent_item_id.is_(None)
    return Disclosure.consent_item_id == item.id


def _loaded() -> Select[Consent]:
    items = selectinload(Consent.items)
    return select(Consent).options(
        items.joinedload(ConsentItem.artifact), items.joinedload(ConsentItem.redacted)
    )


def _award_options() -> tuple[ORMOption, ...]:
    achievement = joinedload(Award.version).joinedload(AchievementVersion.achievement)
    return (
        joinedload(Award.person),
        achievement.joinedload(Achievement.level),
        achievement.joinedload(Achievement.issuer),
    )
