"""Requests to erase a person's name and e-mail, and the erasure."""

from datetime import datetime

from sqlalchemy import select, true, update
from sqlalchemy.orm import Session, joinedload

from app.core import audit
from app.courses.addresses import forget_addresses
from app.courses.models import ErasureRequest, LtiUser, Person


def request_erasure(
    session: Session, person: Person, *, platform_id: int, requested_by: int, now: datetime
) -> ErasureRequest:
    """Record that a person is to be forgotten; a second request is the first one again."""
    found = find_open_request(session, person.id)
    if found is not None:
        return found
    request = ErasureRequest(
        institution_id=person.institution_id,
        platform_id=platform_id,
        person_id=person.id,
        requested_by=requested_by,
        requested_at=now,
    )
    session.add(request)
    session.flush()
    audit.record(
        session,
        person.institution_id,
        actor=f"person:{requested_by}",
        action="erasure.requested",
        subject=f"person:{person.id}",
        now=now,
    )
    return request


def find_open_request(session: Session, person_id: int) -> ErasureRequest | None:
    """Return the request to forget a person that nobody has followed yet."""
    return session.scalar(
        select(ErasureRequest)
        .where(ErasureRequest.person_id == person_id, ErasureRequest.done_at.is_(None))
        .order_by(ErasureRequest.id)
        .limit(1)
    )


def list_open_requests(
    session: Session, *, institution_id: int, platform_id: int | None = None
) -> list[ErasureRequest]:
    """Return the requests that nobody has followed yet, oldest first: of one platform, or all."""
    is_asked = ErasureRequest.platform_id == platform_id if platform_id else true()
    return list(
        session.scalars(
            select(ErasureRequest)
            .options(joinedload(ErasureRequest.person))
            .where(
                ErasureRequest.institution_id == institution_id,
                ErasureRequest.done_at.is_(None),
                is_asked,
            )
            .order_by(ErasureRequest.id)
        )
    )


def find_sub(session: Session, *, platform_id: int, sub: str) -> int | None:
    """Return the id of the person whom a platform knows by `sub`, if Assay does."""
    return session.scalar(
        select(LtiUser.person_id).where(LtiUser.platform_id == platform_id, LtiUser.sub == sub)
    )


def forget_person(session: Session, person: Person, *, actor: str, now: datetime) -> None:
    """Erase a person's name and e-mail, and close the requests for it.

    What they handed in, how it was assessed and what they were awarded are the
    institution's records, as with a transcript: they stay, under a number. The
    LMS's user id stays too, or the next launch would make a second person.
    """
    person.name = person.email = None
    person.forgotten_at = now
    # Also from the rows of whoever turned out to be this person.
    session.execute(
        update(Person).where(Person.merged_into_id == person.id).values(name=None, email=None)
    )
    forget_addresses(session, person.id)
    for request in session.scalars(
        select(ErasureRequest).where(
            ErasureRequest.person_id == person.id, ErasureRequest.done_at.is_(None)
        )
    ):
        request.done_at = now
    session.flush()
    audit.record(
        session,
        person.institution_id,
        actor=actor,
        action="person.forgotten",
        subject=f"person:{person.id}",
        now=now,
    )
