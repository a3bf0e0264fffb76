"""Sessions, and what a checked launch writes."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from babel import Locale
from flask import current_app, request
from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.core.clock import utcnow
from app.core.crypto import hash_secret
from app.core.db import db
from app.core.prepared import Wire, wire_of
from app.core.principal import Principal
from app.courses.arrivals import Arrival, LaunchFacts, Visitor, record_launch, record_visitor
from app.courses.roles import course_role, is_test_user
from app.launch import claims as rules
from app.launch.address_sessions import find_signed_in_here
from app.launch.lookups import (
    add_session,
    find_deployment,
    mark_login_used,
)
from app.launch.models import LaunchSession, OidcLogin, PendingLaunch, PrivacyVisit
from app.launch.notices import purge_receipts
from app.launch.pylti import Launch, replay
from app.launch.refusal import LaunchRefusedError, Mender
from app.mapping.models import DeepLinkRequest
from app.platforms.models import DeploymentStatus
from app.platforms.service import get_platform, note_unknown_deployment
from app.programme.reviewers import list_seats_of
from app.programme.service import list_granted_achievement_ids

ENGLISH = Locale("en")
KEEP_LOGINS = timedelta(hours=1)


@dataclass(frozen=True)
class Accepted:
    """A launch that was let in: the rows it touched, and the secret of its session."""

    arrival: Arrival | Visitor
    sid: str
    is_new_session: bool


def load_principal(
    sid: str, *, course_id: int | None, wants_grants: bool, wants_seats: bool
) -> Principal | None:
    """Return the person behind a session secret, with the role in the course asked for.

    A role counts only if the person launched from that course within the
    session's length: somebody who taught it last year has to come through it again.
    """
    now = utcnow()
    since = now - session_length()
    found = find_signed_in_here(sid, course_id=course_id, since=since, now=now)
    if found is None:
        return None
    origins = (
        found.frame_origin,
        rules.origin_of(found.auth_url),
        rules.origin_of(found.issuer),
    )
    return Principal(
        institution_id=found.institution_id,
        person_id=found.person_id,
        platform_id=found.platform_id,
        frame_origins=tuple(dict.fromkeys(origin for origin in origins if origin)),
        course_id=course_id,
        role=found.role,
        grants=(
            list_granted_achievement_ids(db.session(), found.person_id, now=now)
            if wants_grants
            else frozenset()
        ),
        groups=(
            frozenset(
                seat.group_key for seat in list_seats_of(db.session(), found.person_id, now=now)
            )
            if wants_seats
            else frozenset()
        ),
        return_url=found.return_url,
        is_administrator=bool(found.is_administrator),
    )


def select_locale() -> Locale:
    """Return the language of the page; English is the only complete one."""
    return ENGLISH


def session_length() -> timedelta:
    """Return how long a launch keeps its person signed in."""
    return timedelta(hours=current_app.extensions["assay.settings"].session_hours)


def request_parameters() -> dict[str, str]:
    """Return the request's parameters, posted ones first, as single values."""
    posted = posted_parameters() if request.method == "POST" else {}
    return {**_clean(request.args), **posted}


def posted_parameters() -> dict[str, str]:
    """Return the posted parameters alone, as single values."""
    return _clean(request.form)


def _clean(values: MultiDict[str, str]) -> dict[str, str]:
    # One with a NUL in it is none: no platform sends it, and no database takes it.
    return {name: value for name, value in values.to_dict().items() if "\0" not in value}


def use_up_login(wire: Wire, login_id: int, *, now: datetime) -> None:
    """Mark a login as used, once: the one atomic update that settles replays and races.

    Raises: `LaunchRefusedError` if it was used before.
    """
    if not mark_login_used(wire, login_id, now=now):
        raise replay()


def require_active_deployment(
    session: Session, wire: Wire, launch: Launch, *, now: datetime
) -> int | None:
    """Return the deployment's key if it is active; keep one seen for the first time.

    `None` is returned where that waits for approval.
    It does not raise then, so that the row of the new deployment can be
    committed before the launch is refused.
    Raises: `LaunchRefusedError` if it is blocked.
    """
    platform, deployment_id = launch.platform, launch.body[f"{rules.CLAIM}deployment_id"]
    found = find_deployment(wire, platform_id=platform.id, deployment_id=deployment_id)
    if found is None:
        known = get_platform(session, platform.id)
        noted = note_unknown_deployment(session, known, deployment_id, now=now)
        return noted.id if noted and noted.status is DeploymentStatus.ACTIVE else None
    deployment_pk, status = found
    if status is DeploymentStatus.BLOCKED:
        raise LaunchRefusedError(
            "This installation of Assay was blocked by its administrator.",
            cause="deployment_blocked",
            mender=Mender.TOOL_ADMINISTRATOR,
        )
    return deployment_pk if status is DeploymentStatus.ACTIVE else None


def pending_deployment() -> LaunchRefusedError:
    """Return the refusal of an installation that nobody approved yet."""
    return LaunchRefusedError(
        "This installation of Assay is waiting for its administrator's approval.",
        cause="deployment_pending",
        mender=Mender.TOOL_ADMINISTRATOR,
    )


def arrive(
    session: Session, wire: Wire, launch: Launch, deployment_pk: int, *, now: datetime
) -> Arrival:
    """Keep what the launch tells about person, course and link."""
    family = rules.value(
        rules.part(launch.body, f"{rules.CLAIM}tool_platform").get("product_family_code"),
        max_length=100,
    )
    if family and launch.platform.product_family != family:
        get_platform(session, launch.platform.id).product_family = family
    return record_launch(session, wire, read_facts(launch, deployment_pk), now=now)


def visit(
    session: Session, wire: Wire, launch: Launch, deployment_pk: int, *, now: datetime
) -> Visitor:
    """Keep what a launch that belongs to no course tells about its person."""
    facts = read_facts(launch, deployment_pk)
    return Visitor(record_visitor(session, wire, facts, now=now))


def read_facts(launch: Launch, deployment_pk: int) -> LaunchFacts:
    """Return what the claims say, cleaned; only checked claims may come here."""
    body = launch.body
    # From the course's menu, the link that the LMS names is no activity.
    link = {} if rules.opens_course(body) else rules.part(body, f"{rules.CLAIM}resource_link")
    context = rules.part(body, f"{rules.CLAIM}context")
    ags = rules.part(body, rules.AGS)
    link_id = rules.identifier(link.get("id"))
    context_id = rules.identifier(context.get("id"))
    roles = body[f"{rules.CLAIM}roles"]
    scopes = ags.get("scope")
    return LaunchFacts(
        institution_id=launch.platform.institution_id,
        platform_id=launch.platform.id,
        deployment_pk=deployment_pk,
        sub=body["sub"],
        name=_name(body),
        email=rules.value(body.get("email"), max_length=320),
        role=course_role(roles),
        is_test_user=is_test_user(roles),
        context_id=context_id or f"resource-link:{link_id or 'none'}",
        context_title=rules.value(context.get("title")),
        context_label=rules.value(context.get("label"), max_length=255),
        resource_link_id=link_id,
        resource_link_title=rules.value(link.get("title")),
        lineitem_url=rules.web_address(ags.get("lineitem")),
        lineitems_url=rules.web_address(ags.get("lineitems")),
        ags_scopes=[scope for scope in scopes if isinstance(scope, str)]
        if isinstance(scopes, list)
        else [],
        memberships_url=rules.web_address(
            rules.part(body, rules.NRPS).get("context_memberships_url")
        ),
    )


def open_session(
    session: Session,
    launch: Launch,
    arrival: Arrival | Visitor,
    *,
    old_sid: str | None,
    now: datetime,
) -> Accepted:
    """Sign the person in: go on with this browser's session if it is theirs, else begin one.

    A session that belongs to somebody else is ended, so that two people who
    share a browser never share pages.
    """
    return_url = launch.return_url
    old = (
        session.scalar(select(LaunchSession).where(LaunchSession.sid_hash == hash_secret(old_sid)))
        if old_sid
        else None
    )
    lasts = {
        "expires_at": now + session_length(),
        "frame_origin": rules.origin_of(return_url),
        "return_url": return_url,
    }
    if old is not None and old_sid is not None:
        whose = (old.person_id, old.platform_id)
        if old.expires_at > now and whose == (arrival.person_id, launch.platform.id):
            for name, value in lasts.items():
                setattr(old, name, value)
            return Accepted(arrival=arrival, sid=old_sid, is_new_session=False)
        session.delete(old)
    sid = secrets.token_urlsafe(32)
    add_session(
        wire_of(session),
        sid_hash=hash_secret(sid),
        institution_id=launch.platform.institution_id,
        platform_id=launch.platform.id,
        person_id=arrival.person_id,
        created_at=now,
        **lasts,
    )
    return Accepted(arrival=arrival, sid=sid, is_new_session=True)


def end_sessions(session: Session, platform_id: int) -> None:
    """Sign out everybody who came from this platform."""
    session.execute(delete(LaunchSession).where(LaunchSession.platform_id == platform_id))


def end_sessions_of(session: Session, person_id: int) -> None:
    """Sign one person out everywhere."""
    session.execute(delete(LaunchSession).where(LaunchSession.person_id == person_id))


def purge_expired(session: Session, *, now: datetime) -> int:
    """Delete logins, launches, sessions, selections and visits that ran out; count them."""
    gone = 0
    for statement in (
        delete(PendingLaunch).where(PendingLaunch.expires_at < now),
        delete(OidcLogin).where(OidcLogin.expires_at < now - KEEP_LOGINS),
        delete(DeepLinkRequest).where(DeepLinkRequest.expires_at < now),
        delete(LaunchSession).where(LaunchSession.expires_at < now),
        delete(PrivacyVisit).where(PrivacyVisit.expires_at < now),
    ):
        result: Any = session.execute(statement)
        gone += result.rowcount
    return gone + purge_receipts(session, now=now)


def _name(body: rules.Claims) -> str | None:
    whole = rules.value(body.get("name"), max_length=255)
    if whole:
        return whole
    parts = (rules.value(body.get(key), max_length=120) for key in ("given_name", "family_name"))
    return " ".join(part for part in parts if part) or None
