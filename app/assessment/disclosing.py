"""That the public, or whoever has the link, saw assessed work; and opening such a link.

What is shown is looked up in `awards.shown_work`.
"""

import re
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app.awards.shown_work import (
    GoneError,
    Shared,
    SharedItem,
    find_public,
    load_consents,
    open_public,
    show_consent,
)
from app.core import audit
from app.core.crypto import hash_secret
from app.core.errors import NotFoundError
from app.courses.models import Person
from app.evidence.consent_models import Audience, Consent, Disclosure

__all__ = [
    "GoneError",
    "Shared",
    "SharedItem",
    "find_public",
    "list_disclosures",
    "open_by_link",
    "open_public",
    "owes_entry",
    "record_disclosure",
    "write_down_otherwise",
]

SECRET = re.compile(r"[A-Za-z0-9_-]{43}")
# One entry per piece and this time: a robot does not fill the log.
LOG_EVERY = timedelta(hours=1)
TO_WHOM = {Audience.LINK: "Whoever has the link", Audience.PUBLIC: "The public"}


def open_by_link(session: Session, secret: str, *, now: datetime) -> Shared:
    """Return what is shown to whoever has a link.

    Raises: `NotFoundError`, whether the link never was, has ended or was taken back.
    """
    missing = NotFoundError("There is nothing at this address, or not any more.")
    if not SECRET.fullmatch(secret):
        raise missing
    consent = session.scalar(
        load_consents().where(
            Consent.secret_hash == hash_secret(secret), Consent.audience == Audience.LINK
        )
    )
    shared = show_consent(session, consent, now=now) if consent else None
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


def _is_of(item: SharedItem | None) -> ColumnElement[bool]:
    if item is None:
        return Disclosure.consent_item_id.is_(None)
    return Disclosure.consent_item_id == item.id
