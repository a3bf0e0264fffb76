"""What the worker does for credentials that were made before now: it issues them again, in chunks.

Those without a place in a status list, those that a key signed which is trusted no more,
and those that do not follow a consent: it is older than they are, its end was somebody's
being forgotten, or no key was there to sign at the time.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.awards.editions import reissue
from app.awards.models import Award
from app.awards.status_lists import resign_lists
from app.awards.status_models import CredentialEdition, EditionReason, StatusList
from app.core.clock import utcnow
from app.core.crypto import Vault
from app.core.db import transaction
from app.core.errors import DomainError
from app.evidence.consent_models import Audience, Consent, ConsentItem
from app.outbox import service as outbox
from app.outbox.worker import Handler, Message
from app.platforms.models import Institution, KeyStatus
from app.programme.models import IssuerKey, IssuerProfile

log = structlog.get_logger()

REISSUE_KIND: Final = "credentials.reissue"
RULE: Final = "rule:outdated"
CHUNK: Final = 100


def owe_editions(session: Session, *, now: datetime) -> int:
    """Owe the worker the credentials that have to be issued again; return of how many issuers."""
    institutions = session.scalars(
        select(Institution.id)
        .where(
            select(Award.id)
            .where(Award.institution_id == Institution.id, _is_outdated(now))
            .exists()
        )
        .order_by(Institution.id)
    ).all()
    for institution_id in institutions:
        _owe(session, institution_id, 0, now=now)
    return len(institutions)


def resign_all_lists(session: Session, *, vault: Vault, base_url: str, now: datetime) -> int:
    """Sign the status lists anew that another key than their issuer's present one signed."""
    issuers = session.scalars(
        select(IssuerProfile)
        .where(IssuerProfile.id.in_(select(StatusList.issuer_id)))
        .order_by(IssuerProfile.id)
    ).all()
    signed = 0
    for issuer in issuers:
        try:
            signed += resign_lists(session, issuer, vault=vault, base_url=base_url, now=now)
        except DomainError as error:  # no key: its administrators are told where keys are shown
            log.warning("lists not signed", issuer=issuer.id, error=type(error).__name__)
    return signed


def delivery_handlers(
    vault: Vault, base_url: str, *, clock: Callable[[], datetime] = utcnow
) -> dict[str, Handler]:
    """Return who issues credentials again, for the outbox worker."""

    def again(message: Message) -> None:
        with transaction() as session:
            reissue_chunk(
                session,
                message.payload["institution_id"],
                after=message.payload["after"],
                vault=vault,
                base_url=base_url,
                now=clock(),
            )

    return {REISSUE_KIND: again}


def reissue_chunk(
    session: Session,
    institution_id: int,
    *,
    after: int = 0,
    vault: Vault,
    base_url: str,
    now: datetime,
) -> int:
    """Issue the next outdated credentials again, owe the rest; return how many were.

    One that cannot be signed is logged and stops no other.
    """
    chunk = _list_outdated(session, institution_id, after, now)
    made = 0
    for award in chunk:
        try:
            with session.begin_nested():
                reissue(
                    session,
                    award,
                    reason=_why(session, award),
                    actor=RULE,
                    vault=vault,
                    base_url=base_url,
                    now=now,
                )
            made += 1
        except DomainError as error:
            log.warning("credential not reissued", award=award.id, error=type(error).__name__)
    if len(chunk) == CHUNK:
        _owe(session, institution_id, chunk[-1].id, now=now)
    return made


def _list_outdated(
    session: Session, institution_id: int, after: int, now: datetime
) -> Sequence[Award]:
    return session.scalars(
        select(Award)
        .where(Award.institution_id == institution_id, Award.id > after, _is_outdated(now))
        .order_by(Award.id)
        .limit(CHUNK)
    ).all()


def _is_outdated(now: datetime) -> ColumnElement[bool]:
    untrusted = select(IssuerKey.id).where(IssuerKey.status == KeyStatus.REVOKED)
    return and_(
        Award.revoked_at.is_(None),
        or_(Award.valid_until.is_(None), Award.valid_until > now),
        or_(
            Award.status_list_id.is_(None),
            Award.issuer_key_id.in_(untrusted),
            _lags_behind_consent(),
        ),
    )


def _lags_behind_consent() -> ColumnElement[bool]:
    """Return the condition that what everybody may see was agreed to, or not, since the edition.

    Also by another author of the same work, without whom it is not shown.
    """
    newest = (
        select(func.max(CredentialEdition.replaced_at))
        .where(CredentialEdition.award_id == Award.id)
        .scalar_subquery()
    )
    since = func.coalesce(newest, Award.awarded_at)
    own, any_one = aliased(Consent), aliased(Consent)
    own_item, item = aliased(ConsentItem), aliased(ConsentItem)
    return (
        select(own.id)
        .join(own_item, own_item.consent_id == own.id)
        .join(item, item.artifact_id == own_item.artifact_id)
        .join(any_one, any_one.id == item.consent_id)
        .where(
            own.award_id == Award.id,
            own.audience == Audience.PUBLIC,
            or_(own.withdrawn_at.is_(None), own.withdrawn_at > since),
            or_(any_one.signed_at > since, any_one.withdrawn_at > since),
        )
        .exists()
    )


def _why(session: Session, award: Award) -> EditionReason:
    if award.status_list_id is None:
        return EditionReason.STATUS
    key = session.get_one(IssuerKey, award.issuer_key_id)
    return EditionReason.KEY if key.status is KeyStatus.REVOKED else EditionReason.EVIDENCE


def _owe(session: Session, institution_id: int, after: int, *, now: datetime) -> None:
    outbox.queue(
        session,
        institution_id,
        kind=REISSUE_KIND,
        subject=f"{REISSUE_KIND}:{institution_id}:{after}",
        payload={"institution_id": institution_id, "after": after},
        due_at=now,
        lane=f"{REISSUE_KIND}:{institution_id}",
        now=now,
    )
