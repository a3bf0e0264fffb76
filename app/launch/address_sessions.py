"""Sessions whose secret is in the address: short, and ended when nobody uses them."""

import secrets
from datetime import datetime, timedelta

from flask import session as session_of_request
from sqlalchemy.orm import Session

from app.core.address_sessions import address_secret
from app.core.crypto import hash_secret
from app.core.db import reading, short_transaction
from app.core.pages import frame_by, wants_fragment
from app.core.prepared import Wire
from app.courses.arrivals import Arrival, Visitor
from app.launch import claims as rules
from app.launch.lookups import (
    SignedIn,
    find_frame,
    find_signed_in,
    find_signed_in_by_address,
    stay_signed_in,
)
from app.launch.models import LaunchSession
from app.launch.pylti import Launch

LIFETIME = timedelta(hours=2)
IDLE_LIMIT = timedelta(minutes=30)
# So that not every picture of a page writes.
PUT_OFF_AFTER = timedelta(minutes=2)


def open_address_session(
    session: Session, launch: Launch, who: Arrival | Visitor, *, longest: timedelta, now: datetime
) -> str:
    """Sign the person in without a cookie; return the secret for the address."""
    presentation = rules.part(launch.body, f"{rules.CLAIM}launch_presentation")
    return_url = rules.web_address(presentation.get("return_url"))
    secret = secrets.token_urlsafe(32)
    session.add(
        LaunchSession(
            sid_hash=hash_secret(secret),
            institution_id=launch.platform.institution_id,
            platform_id=launch.platform.id,
            person_id=who.person_id,
            frame_origin=rules.origin_of(return_url),
            return_url=return_url,
            created_at=now,
            expires_at=now + min(longest, LIFETIME),
            idle_until=now + IDLE_LIMIT,
        )
    )
    return secret


def find_signed_in_here(
    sid: str, *, course_id: int | None, since: datetime, now: datetime
) -> SignedIn | None:
    """Return who is behind the secret that came in this request's cookie or address.

    Where nobody is any more, the LMS may still frame the page that says so.
    """
    sid_hash = hash_secret(sid)
    if address_secret() is not None:
        return _find_by_address(sid_hash, course_id=course_id, since=since, now=now)
    with reading() as wire:
        found = find_signed_in(wire, sid_hash, course_id=course_id, since=since, now=now)
        if found is None:
            _let_its_lms_frame(wire, sid_hash)
    return found


def _find_by_address(
    sid_hash: str, *, course_id: int | None, since: datetime, now: datetime
) -> SignedIn | None:
    """Find a session by its address; none if a cookie says that somebody else sits here."""
    with reading() as wire:
        running = find_signed_in_by_address(
            wire, sid_hash, course_id=course_id, since=since, now=now
        )
        if running is None or _is_somebody_else(wire, running[0], since=since, now=now):
            _let_its_lms_frame(wire, sid_hash)
            return None
    found, idle_until = running
    # What a page asks for by itself is no sign of its person.
    if not wants_fragment() and idle_until < now + IDLE_LIMIT - PUT_OFF_AFTER:
        with short_transaction() as wire:
            stay_signed_in(wire, sid_hash, until=now + IDLE_LIMIT, now=now)
    return found


def _is_somebody_else(wire: Wire, found: SignedIn, *, since: datetime, now: datetime) -> bool:
    sid = getattr(session_of_request, "cookie_sid", None)
    if sid is None:
        return False
    other = find_signed_in(wire, hash_secret(sid), course_id=None, since=since, now=now)
    return other is not None and other.person_id != found.person_id


def _let_its_lms_frame(wire: Wire, sid_hash: str) -> None:
    framed = find_frame(wire, sid_hash)
    if framed is not None:
        frame_by(*{rules.origin_of(address) for address in framed})
