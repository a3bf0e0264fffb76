"""`/lti/register`: where an LMS opens the tool to register itself.

No session and no cookie: the invitation's secret, which the form carries, stands
in for both, and the page may stand in any frame, because an LMS's
administration is often on another host than the one that signs.
"""

from typing import Any

import structlog
from flask import (
    current_app,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.access import public
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import DomainError, ForbiddenError, InvalidError
from app.platforms.blueprint import bp
from app.platforms.configuration import check_configuration_address, host_of
from app.platforms.forms import RegisterForm
from app.platforms.framing import framed_anywhere
from app.platforms.invitations import find_open_invitation
from app.platforms.models import Invitation
from app.platforms.registering import keep_registration, register_with
from app.platforms.service import get_institution
from app.platforms.tool_document import SCOPE_WORDS, SCOPES, ToolAddresses
from app.platforms.under_way import UnderWay

log = structlog.get_logger()


@bp.record_once
def _exempt_from_csrf(state: Any) -> None:
    """Let the secret in the form stand for the form's token: nobody else can know it."""
    state.app.extensions["csrf"].exempt(f"{__name__}.register")


@bp.record_once
def _count_what_is_under_way(state: Any) -> None:
    state.app.extensions["assay.registrations"] = UnderWay()


@bp.route("/lti/register", methods=["GET", "POST"])
@public
def register() -> ResponseReturnValue:
    """Say what will be registered with which LMS; on POST, do it.

    Source: LTI Dynamic Registration 1.0 §3.3 (the initiation is a GET).
    """
    form = RegisterForm(request.values if request.method == "GET" else request.form)
    try:
        invitation = _open_invitation(form.invite.data)
        address = _checked_address(form.openid_configuration.data)
    except DomainError as refusal:
        return _refused(refusal, can_try_again=False)
    if request.method == "GET":
        page = render_template(
            "platforms/register.html",
            form=form,
            host=host_of(address),
            institution=get_institution(db.session(), invitation.institution_id),
            scopes=[SCOPE_WORDS[scope] for scope in SCOPES],
            addresses=ToolAddresses(_settings().base_url),
        )
        return framed_anywhere(page)
    try:
        with current_app.extensions["assay.registrations"].one(form.invite.data):
            _register(form)
    except DomainError as refusal:
        return _refused(refusal, can_try_again=True)
    return redirect(url_for(".registered"), 303)


@bp.get("/lti/registered")
@public
def registered() -> ResponseReturnValue:
    """Say that the registration waits; the page's script lets the LMS close the window."""
    return framed_anywhere(render_template("platforms/registered.html"))


def _register(form: RegisterForm) -> None:
    """Call the LMS, then keep what was agreed in one transaction."""
    settings = _settings()
    agreement = register_with(
        current_app.extensions["assay.http"],
        base_url=settings.base_url,
        configuration_url=form.openid_configuration.data,
        registration_token=form.registration_token.data,
        allow_http=settings.may_call_loopback,
    )
    with transaction() as write:
        now = utcnow()
        invitation = find_open_invitation(write, form.invite.data, now=now)
        if invitation is None:
            raise _no_invitation()
        platform = keep_registration(
            write, invitation, agreement, current_app.extensions["assay.vault"], now=now
        )
        log.info("platform registered itself", platform_id=platform.id)


def _open_invitation(secret: str | None) -> Invitation:
    read = db.session()
    found = find_open_invitation(read, secret or "", now=utcnow()) if secret else None
    read.rollback()
    if found is None:
        raise _no_invitation()
    return found


def _no_invitation() -> ForbiddenError:
    return ForbiddenError(
        "This link is no invitation that can be used now: it was used, withdrawn, has run out, "
        "or was not copied whole. Ask the administrator of Assay for a new one."
    )


def _checked_address(address: str | None) -> str:
    if not address:
        raise InvalidError(
            "This link works only when your LMS opens it. Paste it there, where it asks for the "
            "registration address of a tool."
        )
    return check_configuration_address(address, allow_http=_settings().may_call_loopback)


def _refused(refusal: DomainError, *, can_try_again: bool) -> ResponseReturnValue:
    log.info("registration refused", kind=type(refusal).__name__)
    code = 403 if isinstance(refusal, ForbiddenError) else 422
    page = render_template(
        "platforms/register_refused.html",
        title=_("Assay was not registered"),
        message=str(refusal),
        can_try_again=can_try_again,
    )
    return framed_anywhere(page, code)


def _settings() -> Any:
    return current_app.extensions["assay.settings"]
