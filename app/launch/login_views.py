"""`/lti/…`: login, launch and keys."""

import secrets
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import structlog
from flask import (
    Response,
    current_app,
    g,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core.access import SESSION_KEY, public
from app.core.clock import utcnow
from app.core.crypto import hash_secret
from app.core.db import db, transaction
from app.core.pages import frame_by, new_reference
from app.core.prepared import Wire, wire_of
from app.launch import claims as rules
from app.launch.answering import sign_answer
from app.launch.blueprint import bp
from app.launch.landing import Landing, land
from app.launch.models import OidcLogin
from app.launch.notices import subscribe
from app.launch.pylti import Launch, Login
from app.launch.refusal import CookieBlockedError, DeepLinkRefusedError, LaunchRefusedError, Mender
from app.launch.service import (
    Accepted,
    arrive,
    open_session,
    pending_deployment,
    posted_parameters,
    request_parameters,
    require_active_deployment,
    use_up_login,
)
from app.platforms.models import Platform
from app.platforms.service import published_jwks

log = structlog.get_logger()

COOKIE_SECONDS = 600
# What two launches may both make: person, course, enrolment, link, the link's copied mapping,
# the course's origins, the deployment's notices.
ROWS_TO_MEET = 7
CSRF_KEY = "csrf_token"  # where Flask-WTF looks for it
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
def login() -> ResponseReturnValue:
    """Start a login: keep state and nonce, send the browser to the platform."""
    values = request_parameters()
    launch_url = _settings().base_url + url_for(".launch")
    try:
        started = Login(values)
        address = started.start(launch_url, now=utcnow())
    except LaunchRefusedError as refusal:
        return _refused(refusal, values)
    response = make_response(redirect(address, 302))
    response.set_cookie(
        _cookie_name(started.secrets.state),
        started.secrets.browser,
        max_age=COOKIE_SECONDS,
        secure=True,
        httponly=True,
        samesite="None",
        partitioned=True,
        path="/",
    )
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.route("/lti/launch", methods=["POST"])
@public
def launch() -> ResponseReturnValue:
    """Check a launch, sign its person in, lead them to the page they came for."""
    values = posted_parameters()
    try:
        if "error" in values:
            raise _platform_error(values)
        accepted, landing = _accept(values)
    except LaunchRefusedError as refusal:
        return _refused(refusal, values)
    if accepted.is_new_session:
        session.clear()
        session[SESSION_KEY] = accepted.sid
        # Now, and not with the first form, whose page would have to send the cookie again.
        session[CSRF_KEY] = secrets.token_hex()
    response = make_response(redirect(url_for(landing.endpoint, **landing.values), 303))
    response.delete_cookie(
        _cookie_name(values.get("state", "")),
        secure=True,
        httponly=True,
        samesite="None",
        partitioned=True,
        path="/",
    )
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.route("/lti/jwks.json")
@public
def jwks() -> Response:
    """Publish the tool's public keys."""
    response = jsonify(published_jwks(db.session()))
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


def _accept(values: dict[str, str]) -> tuple[Accepted, Landing]:
    now = utcnow()
    checked = Launch(
        values,
        http=current_app.extensions["assay.http"],
        tool_origin=rules.origin_of(_settings().base_url),
        now=now,
    )
    checked.validate()
    secret = request.cookies.get(_cookie_name(values.get("state", "")))
    if secret is not None and hash_secret(secret) != checked.login.browser_hash:
        raise LaunchRefusedError(
            "This launch was started in another browser.", cause="other_browser", mender=Mender.YOU
        )
    outcome, landing = _use_in_turn(checked, secret, now=now)
    if isinstance(outcome, LaunchRefusedError):
        raise outcome
    return outcome, landing


def _use_in_turn(
    checked: Launch, secret: str | None, *, now: datetime
) -> tuple[Accepted | LaunchRefusedError, Landing]:
    """Use the launch up, again after each row that somebody else made at the same moment."""
    for _met in range(ROWS_TO_MEET):
        try:
            return _use(checked, secret, now=now)
        except IntegrityError:
            log.info("launches met", platform_id=checked.platform.id)
    return _use(checked, secret, now=now)


def _use(
    checked: Launch, secret: str | None, *, now: datetime
) -> tuple[Accepted | LaunchRefusedError, Landing]:
    """Use the launch up, and let its person in; a refusal is returned, so that it is committed."""
    nowhere = Landing("launch.welcome", {})
    with transaction() as write:
        wire = wire_of(write)
        use_up_login(wire, checked.login.id, now=now)
        deployment_pk = require_active_deployment(write, wire, checked, now=now)
        if deployment_pk is None:
            return pending_deployment(), nowhere
        if secret is None:
            return CookieBlockedError(checked.login.parameters), nowhere
        return _enter(write, wire, checked, deployment_pk, now=now)


def _enter(
    write: Session, wire: Wire, checked: Launch, deployment_pk: int, *, now: datetime
) -> tuple[Accepted | LaunchRefusedError, Landing]:
    arrival = arrive(write, wire, checked, deployment_pk, now=now)
    handler = _settings().base_url + url_for(".notices")
    subscribe(write, checked, arrival, handler=handler, now=now)
    try:
        landing = land(write, checked, arrival, now=now)
    except LaunchRefusedError as refusal:
        return refusal, Landing("launch.welcome", {"course_id": arrival.course_id})
    old_sid = session.get(SESSION_KEY)
    return open_session(write, checked, arrival, old_sid=old_sid, now=now), landing


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
    platform = _guess_platform(read, values)
    reference = new_reference()
    log.info(
        "launch refused",
        cause=refusal.cause,
        reference=reference,
        platform_id=platform.id if platform else None,
    )
    if platform is not None:
        frame_by(*{rules.origin_of(platform.auth_url), rules.origin_of(platform.issuer)})
    new_tab_url = None
    if isinstance(refusal, CookieBlockedError):
        new_tab_url = _settings().base_url + "/lti/login?" + urlencode(refusal.parameters)
    answer = None
    if isinstance(refusal, DeepLinkRefusedError):
        answer = sign_answer(read, refusal.deployment_pk, refusal.settings, [], error=str(refusal))
        frame_by(*g.get("frame_origins", ()), rules.origin_of(answer.return_url))
    mender = MENDERS[refusal.mender]
    page = render_template(
        "errors/launch.html",
        title=_("Open Assay in a new tab") if new_tab_url else _(refusal.title),
        message=str(refusal),
        who_can_mend=_(mender) if mender and not new_tab_url else None,
        reference=None if refusal.mender is Mender.NOBODY else reference,
        new_tab_url=new_tab_url,
        return_url=None,
        answer=answer,
    )
    response = make_response(page, 200 if new_tab_url else 403)
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
        return read.query(Platform).filter_by(issuer=values["iss"]).first()
    return None


def _cookie_name(state: str) -> str:
    return f"__Host-assay-{hash_secret(state)[:16]}"


def _settings() -> Any:
    return current_app.extensions["assay.settings"]
