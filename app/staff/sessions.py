"""Sessions of people who came in by the campus sign-in: beside those of launches, not among them.

They have no platform and no course, so no role in one; and they end with the
last office of their person.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.core.clock import utcnow
from app.core.crypto import hash_secret
from app.core.db import db
from app.core.principal import Principal
from app.programme.reviewers import list_seats_of
from app.programme.service import list_granted_achievement_ids
from app.staff.models import SamePersonCode, SamePersonTry, StaffIdentity, StaffLogin, StaffSession
from app.staff.offices import find_offices

# Of the secret in the cookie: a launch's has none, and is looked up among launches alone.
MARK: Final = "campus."
KEEP_LOGINS = timedelta(hours=1)
KEEP_TRIES = timedelta(days=1)
KEEP_CODES = timedelta(days=1)


def is_staff_secret(sid: str) -> bool:
    """Return whether a session's secret is one of these."""
    return sid.startswith(MARK)


def open_staff_session(
    session: Session, identity: StaffIdentity, *, lasts: timedelta, now: datetime
) -> str:
    """Sign a person in; return the secret for the cookie."""
    sid = MARK + secrets.token_urlsafe(32)
    session.add(
        StaffSession(
            sid_hash=hash_secret(sid),
            institution_id=identity.institution_id,
            person_id=identity.person_id,
            identity_id=identity.id,
            created_at=now,
            expires_at=now + lasts,
        )
    )
    session.flush()
    return sid


def load_staff_principal(
    sid: str, *, course_id: int | None, wants_grants: bool, wants_seats: bool
) -> Principal | None:
    """Return the person behind a campus session, as long as they hold an office.

    No page shows them inside a frame, and no course knows them.
    """
    read, now = db.session(), utcnow()
    found = read.scalar(
        select(StaffSession).where(
            StaffSession.sid_hash == hash_secret(sid), StaffSession.expires_at > now
        )
    )
    if found is None:
        return None
    offices = find_offices(read, found.person_id, now=now)
    if not offices:
        return None
    return Principal(
        institution_id=found.institution_id,
        person_id=found.person_id,
        platform_id=None,
        course_id=course_id,
        grants=list_granted_achievement_ids(read, found.person_id, now=now)
        if wants_grants
        else frozenset(),
        groups=(
            frozenset(seat.group_key for seat in list_seats_of(read, found.person_id, now=now))
            if wants_seats
            else frozenset()
        ),
        is_administrator=offices.is_administrator,
    )


def end_staff_session(session: Session, sid: str) -> None:
    """Sign one browser out."""
    session.execute(delete(StaffSession).where(StaffSession.sid_hash == hash_secret(sid)))


def forget_staff(session: Session, person_id: int) -> None:
    """Sign one person out everywhere, and erase the e-mail that the campus told.

    The account stays tied, as an LMS's user id does; signing in again tells it again.
    """
    session.execute(delete(StaffSession).where(StaffSession.person_id == person_id))
    session.execute(
        update(StaffIdentity).where(StaffIdentity.person_id == person_id).values(email=None)
    )


def purge_staff(session: Session, *, now: datetime) -> int:
    """Delete sessions, sign-ins and codes that ran out; count them."""
    gone = 0
    for statement in (
        delete(StaffSession).where(StaffSession.expires_at < now),
        delete(StaffLogin).where(StaffLogin.expires_at < now - KEEP_LOGINS),
        delete(SamePersonCode).where(SamePersonCode.expires_at < now - KEEP_CODES),
        delete(SamePersonTry).where(SamePersonTry.tried_at < now - KEEP_TRIES),
    ):
        result: Any = session.execute(statement)
        gone += result.rowcount
    return gone
