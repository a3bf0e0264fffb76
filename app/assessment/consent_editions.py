"""Credentials follow the consents: work enters them when it is shown to all, and leaves them."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.awards.editions import reissue
from app.awards.models import Award
from app.awards.status_models import EditionReason
from app.core.crypto import Vault
from app.core.errors import DomainError
from app.evidence.consent_models import Audience, Consent, ConsentItem

log = structlog.get_logger()


def show_in_credentials(
    session: Session,
    changed: Sequence[Consent],
    *,
    actor: str,
    vault: Vault,
    base_url: str,
    now: datetime,
) -> None:
    """Issue the credentials anew that consents which were just signed or ended tell of.

    Work of a group is shown only while each author agrees, so the others' credentials
    change with it. One that cannot be signed now, for want of a key of its issuer,
    must stop nobody from taking a consent back: it is logged, and what stood at the
    address of the work is gone all the same.
    """
    for award in _list_concerned(session, changed, now):
        try:
            with session.begin_nested():
                reissue(
                    session,
                    award,
                    reason=EditionReason.EVIDENCE,
                    actor=actor,
                    vault=vault,
                    base_url=base_url,
                    now=now,
                )
        except DomainError as error:
            log.warning("credential not reissued", award=award.id, error=type(error).__name__)


def _list_concerned(session: Session, changed: Iterable[Consent], now: datetime) -> Sequence[Award]:
    """Return the awards with which everybody is, or was until now, shown any of this work."""
    own = {each.award_id for each in changed if each.audience is Audience.PUBLIC}
    artifact_ids = {item.artifact_id for each in changed for item in each.items}
    others = set(
        session.scalars(
            select(Consent.award_id)
            .join(ConsentItem, ConsentItem.consent_id == Consent.id)
            .where(
                ConsentItem.artifact_id.in_(artifact_ids),
                Consent.audience == Audience.PUBLIC,
                Consent.withdrawn_at.is_(None),
            )
        )
    )
    awards = session.scalars(
        select(Award)
        .where(Award.id.in_([each for each in own | others if each]), Award.revoked_at.is_(None))
        .order_by(Award.id)
    )
    return [award for award in awards if not award.has_expired(now)]
