"""`/lti/launch/continue`: a launch without our cookie goes on by another proof."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from flask import current_app, request, session
from flask.typing import ResponseReturnValue

from app.core.access import SESSION_KEY, public
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.prepared import wire_of
from app.launch.address_sessions import open_address_session
from app.launch.answers import lead_by_address, lead_with_cookie, login_cookie
from app.launch.blueprint import bp
from app.launch.entering import enter
from app.launch.landing import Landing
from app.launch.login_views import refuse
from app.launch.refusal import LaunchRefusedError
from app.launch.service import (
    Accepted,
    open_session,
    pending_deployment,
    posted_parameters,
    require_active_deployment,
    session_length,
)
from app.launch.turns import in_turn
from app.launch.waiting import Proof, WaitingLaunch, find_proof, no_proof, take_up
from app.platforms.models import Platform

log = structlog.get_logger()

SAME_ORIGIN = "same-origin"


@bp.record_once
def _exempt_from_csrf(state: Any) -> None:
    """Nobody is signed in yet: the ticket, the proof and where it comes from stand for a token."""
    state.app.extensions["csrf"].exempt(f"{__name__}.continue_launch")


@bp.route("/lti/launch/continue", methods=["POST"])
@public
def continue_launch() -> ResponseReturnValue:
    """Take up a launch that waited, for the browser that shows that it began the login."""
    if request.headers.get("Sec-Fetch-Site", SAME_ORIGIN) != SAME_ORIGIN:
        return refuse(no_proof(), None)
    ticket, now = posted_parameters().get("ticket", ""), utcnow()
    try:
        waiting, outcome = in_turn(lambda: _take_up(ticket, now=now))
    except LaunchRefusedError as refusal:
        return refuse(refusal, None)
    if isinstance(outcome, LaunchRefusedError):
        return refuse(outcome, db.session().get(Platform, waiting.platform.id))
    log.info("launch went on", proof=outcome.proof, platform_id=waiting.platform.id)
    if outcome.accepted is None:
        return lead_by_address(outcome.secret, outcome.landing)
    return lead_with_cookie(
        outcome.accepted,
        outcome.landing,
        used_cookie=login_cookie(waiting.login.state_hash),
        parameters={},
    )


@dataclass(frozen=True)
class _Entry:
    """Somebody who was let in: by cookie (`accepted`), or with a secret in the address."""

    proof: Proof
    landing: Landing
    accepted: Accepted | None = None
    secret: str = ""


def _take_up(ticket: str, *, now: datetime) -> tuple[WaitingLaunch, _Entry | LaunchRefusedError]:
    """Use the ticket up, and let its person in; a refusal is returned, so that it is committed."""
    with transaction() as write:
        wire = wire_of(write)
        vault = current_app.extensions["assay.vault"]
        waiting = take_up(write, wire, ticket, vault=vault, now=now)
        proof = find_proof(
            waiting.login,
            cookie_secret=request.cookies.get(login_cookie(waiting.login.state_hash)),
            storage_secret=posted_parameters().get("secret"),
        )
        if proof is None:
            return waiting, no_proof()
        deployment_pk = require_active_deployment(write, wire, waiting, now=now)
        if deployment_pk is None:
            return waiting, pending_deployment()
        entered = enter(write, wire, waiting, deployment_pk, now=now)
        if isinstance(entered, LaunchRefusedError):
            entered.return_url = waiting.return_url
            return waiting, entered
        who, landing = entered
        if proof is Proof.COOKIE:
            old_sid = session.get(SESSION_KEY)
            accepted = open_session(write, waiting, who, old_sid=old_sid, now=now)
            return waiting, _Entry(proof, landing, accepted=accepted)
        secret = open_address_session(write, waiting, who, longest=session_length(), now=now)
        return waiting, _Entry(proof, landing, secret=secret)
