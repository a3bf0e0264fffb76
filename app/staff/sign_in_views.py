"""`/staff`: the way in for administrators, reviewers and grantors outside the LMS."""

import secrets
from datetime import timedelta
from urllib.parse import urlencode

import structlog
from flask import (
    Response,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue

from app.core.access import SESSION_KEY, public, signed_in
from app.core.address_sessions import CSRF_KEY
from app.core.clock import utcnow
from app.core.crypto import Vault
from app.core.db import db, transaction
from app.core.errors import NotFoundError
from app.core.pages import POLICY
from app.core.principal import current_principal
from app.courses.service import get_person
from app.platforms.models import Institution
from app.platforms.service import find_default_institution, find_institution
from app.programme.service import get_rules
from app.settings import Settings
from app.staff.blueprint import bp
from app.staff.forms import ActForm, SignInForm
from app.staff.invitations import find_open_invitation
from app.staff.offices import find_offices
from app.staff.provider import Provider, ProviderDownError, SignInRefusedError
from app.staff.sessions import end_staff_session, is_staff_secret
from app.staff.sign_in import (
    LOGIN_SECONDS,
    Started,
    admit,
    begin_login,
    find_who_came,
    own_path,
    use_up_login,
)

COOKIE = "__Host-assay-campus"
MAX_ANSWER = 4000

log = structlog.get_logger()


@bp.app_context_processor
def _campus() -> dict[str, bool]:
    return {"has_campus_sign_in": "assay.campus" in current_app.extensions}


@bp.get("/staff")
@signed_in
def home() -> str:
    """Show what somebody may do here, and nothing that they may not."""
    principal, read, now = current_principal(), db.session(), utcnow()
    offices = find_offices(read, principal.person_id, now=now)
    names = {group.key: group.name for group in get_rules(read, principal.institution_id).group}
    return render_template(
        "staff/home.html",
        person=get_person(read, principal.person_id, institution_id=principal.institution_id),
        institution=read.get_one(Institution, principal.institution_id),
        offices=offices,
        groups=[names.get(key, key) for key in offices.groups],
        is_campus_session=principal.platform_id is None,
        form=ActForm(),
    )


@bp.route("/staff/sign-in", methods=["GET", "POST"])
@public
def sign_in() -> ResponseReturnValue:
    """Offer the campus sign-in; on POST begin one. Only a page of ours may send the form."""
    provider, form = _provider(), SignInForm(request.values)
    try:
        origin = provider.endpoints().origin
        if form.validate_on_submit():
            return _begin(provider, form)
    except ProviderDownError as error:
        return _down(error)
    secret = form.invitation.data
    page = render_template(
        "staff/sign_in.html",
        form=form,
        institution=_institution(),
        is_invited=bool(secret),
        is_open=not secret or find_open_invitation(db.session(), secret, now=utcnow()) is not None,
    )
    response = make_response(page, form.status)
    # A browser asks this policy about the redirect that follows the form, too.
    response.headers["Content-Security-Policy"] = (
        f"{POLICY}; form-action 'self' {origin}; frame-ancestors 'none'"
    )
    response.headers["Cache-Control"] = "no-store"
    if secret:
        response.headers["Referrer-Policy"] = "same-origin"
    return response


@bp.get("/staff/callback")
@public
def callback() -> ResponseReturnValue:
    """Take the campus's answer, once, in the browser that began; sign its person in.

    Source: OpenID Connect Core 1.0, §3.1.2.5 to §3.1.3.7; RFC 9207 (`iss`).
    """
    provider, now = _provider(), utcnow()
    state, browser = request.args.get("state", ""), request.cookies.get(COOKIE, "")
    started = Started(state[:MAX_ANSWER], browser[:MAX_ANSWER])
    try:
        # First, and without a look at the state: not every provider sends it with its no.
        code = _read_answer(provider)
        with transaction() as write:
            login = use_up_login(write, started, now=now)
            next_path, invitation_id = login.next_path, login.invitation_id
        who = find_who_came(provider, started, code, vault=_vault(), now=utcnow())
        with transaction() as write:
            sid = admit(
                write,
                who,
                institution_id=_institution().id,
                invitation_id=invitation_id,
                lasts=timedelta(hours=_settings().session_hours),
                now=utcnow(),
            )
    except ProviderDownError as error:
        return _without_cookie(make_response(*_down(error)))
    except SignInRefusedError as error:
        return _without_cookie(_refused(str(error)))
    session.clear()
    session[SESSION_KEY] = sid
    session[CSRF_KEY] = secrets.token_hex()
    return _without_cookie(make_response(redirect(next_path or url_for(".home"), 303)))


@bp.post("/staff/sign-out")
@signed_in
def sign_out() -> ResponseReturnValue:
    """End this browser's session."""
    sid = str(session.get(SESSION_KEY, ""))
    if not is_staff_secret(sid):
        raise NotFoundError("You came from your LMS: sign out there.")
    with transaction() as write:
        end_staff_session(write, sid)
    session.clear()
    return redirect(url_for(".signed_out"), 303)


@bp.get("/staff/signed-out")
@public
def signed_out() -> ResponseReturnValue:
    """Say that it is over, and offer to end the campus's own session, too.

    Source: OpenID Connect RP-Initiated Logout 1.0, §2.
    """
    provider = _provider()
    try:
        end_session = provider.endpoints().end_session
    except ProviderDownError:
        end_session = None
    if end_session:
        facts = {
            "client_id": provider.client_id,
            "post_logout_redirect_uri": f"{_settings().base_url}{url_for('.sign_in')}",
        }
        end_session += ("&" if "?" in end_session else "?") + urlencode(facts)
    return render_template("staff/signed_out.html", end_session=end_session)


def _begin(provider: Provider, form: SignInForm) -> Response:
    now, invitation_id = utcnow(), None
    if form.invitation.data:
        invitation = find_open_invitation(db.session(), form.invitation.data, now=now)
        if invitation is None or invitation.institution_id != _institution().id:
            return _refused("This invitation was used, was withdrawn or has run out.")
        invitation_id = invitation.id
    with transaction() as write:
        started = begin_login(
            write, next_path=own_path(form.next.data), invitation_id=invitation_id, now=now
        )
    address = provider.authorization_url(
        state=started.state,
        nonce=started.nonce(_vault()),
        verifier=started.verifier(_vault()),
    )
    response = make_response(redirect(address, 303))
    # Lax: it comes back with the campus's redirect, which is a whole page, and with nothing else.
    response.set_cookie(
        COOKIE,
        started.browser,
        max_age=LOGIN_SECONDS,
        secure=True,
        httponly=True,
        samesite="Lax",
        path="/",
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _read_answer(provider: Provider) -> str:
    """Return the code of the campus's answer.

    Raises: `SignInRefusedError` if it says no, or another provider speaks.
    """
    if request.args.get("iss", provider.issuer) != provider.issuer:
        raise SignInRefusedError("Another sign-in answered than was asked. Begin again.")
    if "error" in request.args:
        raise SignInRefusedError(
            "The campus sign-in was cancelled, or did not let you in. You can begin again."
        )
    code = request.args.get("code", "")
    if not 0 < len(code) <= MAX_ANSWER:
        raise SignInRefusedError("The campus sign-in sent no answer. Begin again.")
    return code


def _provider() -> Provider:
    found: Provider | None = current_app.extensions.get("assay.campus")
    if found is None:
        raise NotFoundError("Assay has no campus sign-in here. Open it from your LMS.")
    return found


def _institution() -> Institution:
    slug = _settings().oidc_institution
    read = db.session()
    found = find_institution(read, slug) if slug else find_default_institution(read)
    if found is None:
        raise NotFoundError("The campus sign-in belongs to no institution here yet.")
    return found


def _down(error: ProviderDownError) -> tuple[str, int]:
    log.warning("campus sign-in unreachable", reason=str(error))
    return render_template("staff/unreachable.html"), 503


def _refused(message: str) -> Response:
    response = make_response(render_template("staff/refused.html", message=message), 403)
    response.headers["Cache-Control"] = "no-store"
    return response


def _without_cookie(response: Response) -> Response:
    response.delete_cookie(COOKIE, secure=True, httponly=True, samesite="Lax", path="/")
    response.headers["Cache-Control"] = "no-store"
    return response


def _vault() -> Vault:
    vault: Vault = current_app.extensions["assay.vault"]
    return vault


def _settings() -> Settings:
    settings: Settings = current_app.extensions["assay.settings"]
    return settings
