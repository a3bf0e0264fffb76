"""`/lti/…`: login, launch and keys."""

from datetime import datetime
from typing import Any

import structlog
from flask import (
    Response,
    current_app,
    g,
    jsonify,
    make_response,
    render_template,
    request,
    session,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.core.access import SESSION_KEY, public
from app.core.clock import utcnow
from app.core.cookies import set_framed_cookie
from app.core.crypto import hash_secret
from app.core.db import db, transaction
from app.core.pages import frame_by, new_reference
from app.core.prepared import wire_of
from app.core.single_file import in_single_file
from app.launch import claims as rules
from app.launch.addresses import own_url
from app.launch.answering import sign_answer
from app.launch.answers import (
    LOGIN_SECONDS,
    lead_with_cookie,
    login_cookie,
    show_with_cookie,
)
from app.launch.blueprint import bp
from app.launch.entering import enter
from app.launch.ladder_pages import storing_page, waiting_page
from app.launch.landing import Landing
from app.launch.models import OidcLogin
from app.launch.observing import note_seen, observe
from app.launch.pylti import Launch, Login
from app.launch.refusal import CookieBlockedError, DeepLinkRefusedError, LaunchRefusedError, Mender
from app.launch.service import (
    Accepted,
    open_session,
    pending_deployment,
    posted_parameters,
    request_parameters,
    require_active_deployment,
    use_up_login,
)
from app.launch.storage import STORAGE_TARGET, find_offer
from app.launch.turns import in_turn
from app.launch.waiting import let_wait, no_proof
from app.platforms.models import Platform
from app.platforms.service import published_jwks

log = structlog.get_logger()

NOWHERE = Landing("launch.welcome", {})
MENDERS: dict[Mender, str | None] = {
    Mender.NOBODY: None,
    Mender.YOU: "You can, as said above.",
    Mender.INSTRUCTOR: "The instructor of this course.",
    Mender.LMS_ADMINISTRATOR: "The administrator of your LMS.",
    Mender.TOOL_ADMINISTRATOR: "The administrator of Assay at your institution.",
    Mender.PROGRAMME_ADMINISTRATOR: "The micro-credential programme's administrator.",
}


@bp.record_once
def _exempt_from_csrf(state: Any) -> None:
    """Platforms post here; state, nonce and signature stand in for the form token."""
    for name in ("login", "launch"):
        state.app.extensions["csrf"].exempt(f"{__name__}.{name}")


@bp.route("/lti/login", methods=["GET", "POST"])
@public
@in_single_file
def login() -> ResponseReturnValue:
    """Start a login: keep state and nonce, send the browser to the platform."""
    values = request_parameters()
    try:
        offer = find_offer(values, request.headers, request.cookies)
        started = Login(values, storage=offer)
        address = started.start(own_url("launch.launch"), now=utcnow())
    except LaunchRefusedError as refusal:
        return _refused(refusal, values)
    if offer is not None and started.secrets.storage is not None:
        response = storing_page(started, offer, address)
    else:
        response = Response(status=302, headers={"Location": address})
    name = login_cookie(hash_secret(started.secrets.state))
    set_framed_cookie(response, name, started.secrets.browser, max_age=LOGIN_SECONDS)
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.route("/lti/launch", methods=["POST"])
@public
@in_single_file
def launch() -> ResponseReturnValue:
    """Check a launch, sign its person in, show them the page they came for or lead them to it."""
    values = posted_parameters()
    try:
        if "error" in values:
            raise _platform_error(values)
        checked, accepted, landing = _accept(values)
    except LaunchRefusedError as refusal:
        return _refused(refusal, values)
    # A whole class opens an activity at once: nobody is sent on to where they could be already.
    answer = show_with_cookie if checked.message_type == rules.RESOURCE_LINK else lead_with_cookie
    return answer(
        accepted,
        landing,
        used_cookie=login_cookie(checked.login.state_hash),
        parameters=checked.login.parameters,
    )


@bp.route("/lti/jwks.json")
@public
def jwks() -> Response:
    """Publish the tool's public keys."""
    response = jsonify(published_jwks(db.session()))
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


def _accept(values: dict[str, str]) -> tuple[Launch, Accepted, Landing]:
    now = utcnow()
    checked = Launch(
        values,
        http=current_app.extensions["assay.http"],
        tool_origin=rules.origin_of(_settings().base_url),
        now=now,
    )
    try:
        return checked, *_check(checked, now=now)
    except LaunchRefusedError as refusal:
        refusal.return_url = checked.return_url
        raise


def _check(checked: Launch, *, now: datetime) -> tuple[Accepted, Landing]:
    checked.validate()
    secret = request.cookies.get(login_cookie(checked.login.state_hash))
    if secret is not None and hash_secret(secret) != checked.login.browser_hash:
        raise no_proof()
    outcome, landing = in_turn(
        lambda: _use(checked, secret, now=now), platform_id=checked.platform.id
    )
    if isinstance(outcome, LaunchRefusedError):
        raise outcome
    return outcome, landing


def _use(
    checked: Launch, secret: str | None, *, now: datetime
) -> tuple[Accepted | LaunchRefusedError, Landing]:
    """Use the launch up, and let its person in; a refusal is returned, so that it is committed."""
    with transaction() as write:
        wire = wire_of(write)
        use_up_login(wire, checked.login.id, now=now)
        deployment_pk = require_active_deployment(write, wire, checked, now=now)
        if deployment_pk is None:
            return pending_deployment(), NOWHERE
        told = observe(
            checked.body,
            has_cookie=secret is not None,
            has_storage=STORAGE_TARGET in checked.login.parameters,
        )
        note_seen(write, deployment_pk, told, now=now)
        if secret is None:
            return _wait(write, checked, now=now), NOWHERE
        entered = enter(write, wire, checked, deployment_pk, now=now)
        if isinstance(entered, LaunchRefusedError):
            return entered, NOWHERE
        who, landing = entered
        old_sid = session.get(SESSION_KEY)
        return open_session(write, checked, who, old_sid=old_sid, now=now), landing


def _wait(write: Session, checked: Launch, *, now: datetime) -> CookieBlockedError:
    vault = current_app.extensions["assay.vault"]
    return CookieBlockedError(
        ticket=let_wait(write, checked, vault=vault, now=now),
        state_hash=checked.login.state_hash,
        has_stored=checked.login.storage_hash is not None,
        parameters=checked.login.parameters,
        return_url=checked.return_url,
    )


def _platform_error(values: dict[str, str]) -> LaunchRefusedError:
    """Word an error that the platform sent instead of a launch. Source: OIDC Core §3.1.2.6."""
    if values["error"] in {"login_required", "interaction_required"}:
        return LaunchRefusedError(
            "The LMS no longer knows you in this browser. Sign in to it again, then open the "
            "activity once more.",
            cause="platform_login_required",
            mender=Mender.YOU,
        )
    return LaunchRefusedError("The LMS refused this launch.", cause="platform_error")


def _refused(refusal: LaunchRefusedError, values: dict[str, str]) -> ResponseReturnValue:
    read = db.session()
    read.rollback()
    return refuse(refusal, _guess_platform(read, values))


def refuse(refusal: LaunchRefusedError, platform: Platform | None) -> ResponseReturnValue:
    """Show why a launch goes no further, or by which other way it does; its LMS may frame that."""
    reference = new_reference()
    is_waiting = isinstance(refusal, CookieBlockedError)
    log.info(
        "launch waits for a proof" if is_waiting else "launch refused",
        cause=refusal.cause,
        reference=reference,
        platform_id=platform.id if platform else None,
    )
    if isinstance(refusal, CookieBlockedError) and platform is not None:
        return waiting_page(refusal, platform, reference=reference)
    if platform is not None:
        frame_by(*{rules.origin_of(platform.auth_url), rules.origin_of(platform.issuer)})
    answer = None
    if isinstance(refusal, DeepLinkRefusedError):
        answer = sign_answer(
            db.session(), refusal.deployment_pk, refusal.settings, [], error=str(refusal)
        )
        frame_by(*g.get("frame_origins", ()), rules.origin_of(answer.return_url))
    mender = MENDERS[refusal.mender]
    page = render_template(
        "errors/launch.html",
        title=_(refusal.title),
        message=str(refusal),
        who_can_mend=_(mender) if mender else None,
        reference=None if refusal.mender is Mender.NOBODY else reference,
        return_url=(
            rules.with_error(refusal.return_url, str(refusal)) if refusal.return_url else None
        ),
        answer=answer,
    )
    response = make_response(page, 403)
    response.headers["Cache-Control"] = "no-store"
    return response


def _guess_platform(read: Session, values: dict[str, str]) -> Platform | None:
    """Return the platform whose frame the refusal should be readable in, if one is known."""
    if values.get("state"):
        found = (
            read.query(OidcLogin).filter_by(state_hash=hash_secret(values["state"])).one_or_none()
        )
        return read.get(Platform, found.platform_id) if found else None
    if values.get("iss"):
        named = {name: values[name] for name in ("client_id",) if values.get(name)}
        return read.query(Platform).filter_by(issuer=values["iss"], **named).first()
    return None


def _settings() -> Any:
    return current_app.extensions["assay.settings"]
