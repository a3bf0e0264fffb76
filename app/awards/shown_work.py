"""What of the work for which an award was made everybody, or whoever has a link, may see now.

Everything is looked up at each request: a consent that was taken back a moment
ago shows nothing any more.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload, selectinload
from sqlalchemy.orm.interfaces import ORMOption

from app.awards.agreeing import find_common_form
from app.awards.models import Award, Visibility
from app.catalog.models import Achievement, AchievementVersion
from app.core.errors import NotFoundError
from app.evidence.consent_models import Audience, Consent, ConsentItem, RedactedCopy, ShownAs
from app.evidence.models import Artifact, ArtifactKind, ScanState
from app.evidence.texts import host_of


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
        load_consents()
        .join(Award, Award.id == Consent.award_id)
        .where(Award.public_id == public_id, Consent.audience == Audience.PUBLIC)
        .order_by(Consent.id.desc())
    ).all()
    if not consents:
        raise NotFoundError("No work is shown with this credential.")
    shared = show_consent(session, consents[0], now=now)
    if shared is None:
        raise GoneError("Work was shown here. Whoever holds the credential has taken that back.")
    return shared


def find_public(session: Session, award: Award, *, now: datetime) -> Shared | None:
    """Return what is shown to everybody with an award, if anything is."""
    try:
        return open_public(session, award.public_id, now=now)
    except NotFoundError:
        return None


def show_consent(session: Session, consent: Consent, *, now: datetime) -> Shared | None:
    """Return what a consent shows; `None` if it does not stand, or the award does not."""
    if consent.award_id is None:
        return None
    award = session.get(Award, consent.award_id, options=_award_options())
    if (
        award is None
        or consent.has_ended(now)
        or award.revoked_at is not None
        or award.visibility is Visibility.PRIVATE
        or award.has_expired(now)
        or award.person_id != consent.person_id
        or award.person.forgotten_at is not None
        or not award.achievement.level.shares_evidence
    ):
        return None
    items = tuple(
        _describe(item, form)
        for item in consent.items
        if (form := find_common_form(session, consent, item, now=now)) and _can_be_shown(item, form)
    )
    return Shared(award, consent, items, len(consent.items) - len(items))


def name_of(artifact: Artifact) -> str:
    """Return how an artifact is called for people."""
    if artifact.kind is ArtifactKind.FILE:
        return artifact.file_name or "File"
    if artifact.kind is ArtifactKind.LINK:
        return artifact.title or f"Link to {host_of(artifact.url or '')}"
    return "Text"


def _can_be_shown(item: ConsentItem, form: ShownAs) -> bool:
    """Whether the content is there, clean, and the one that was signed for."""
    if item.artifact.sha256 != item.sha256 or item.artifact.scan_state is ScanState.INFECTED:
        return False
    if form is ShownAs.FULL:
        is_waiting = item.artifact.scan_state is ScanState.WAITING
        return item.artifact.deleted_at is None and not is_waiting
    if form is ShownAs.REDACTED:
        return item.redacted is not None and item.redacted.can_be_served
    return True


def _describe(item: ConsentItem, form: ShownAs) -> SharedItem:
    return SharedItem(
        id=item.id,
        name=name_of(item.artifact) if form is ShownAs.FULL else _plain_name(item, form),
        shown_as=form,
        description=item.description,
        sha256=item.sha256,
        artifact=item.artifact if form is ShownAs.FULL else None,
        copy=item.redacted if form is ShownAs.REDACTED else None,
    )


def _plain_name(item: ConsentItem, form: ShownAs) -> str:
    """Return a name that tells nothing of what was redacted."""
    if form is ShownAs.REDACTED and item.redacted is not None:
        return item.redacted.file_name
    return "Described work"


def load_consents() -> Select[Consent]:
    """Return the statement that reads consents with what they show."""
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
