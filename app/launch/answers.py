"""What login and launch answer with: the cookies of one login, and the way on."""

import secrets

from flask import after_this_request, make_response, redirect, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from app.core.access import SESSION_KEY
from app.core.address_sessions import CSRF_KEY, make_private
from app.core.cookies import set_framed_cookie
from app.core.forwarding import answer_with_page
from app.launch.landing import Landing
from app.launch.service import Accepted
from app.launch.storage import OUR_COOKIES, STORAGE_TARGET

LOGIN_SECONDS = 600
# Longer than a term; it says nothing about anybody.
WORKS_SECONDS = 180 * 24 * 3600
WORKS_COOKIE = f"{OUR_COOKIES}-works"


def login_cookie(state_hash: str) -> str:
    """Return the name of the cookie that binds one login to its browser."""
    return f"{OUR_COOKIES}-{state_hash[:16]}"


def show_with_cookie(
    accepted: Accepted, landing: Landing, *, used_cookie: str, parameters: dict[str, str]
) -> ResponseReturnValue:
    """Sign the person in by cookie and answer with their page itself.

    Why not by a redirect: docs/decisions/0015-first-page-in-the-launch.md.
    """
    _sign_in(accepted)

    @after_this_request
    def _settle(response: Response) -> Response:
        _settle_cookies(response, used_cookie, parameters)
        return response

    return answer_with_page(url_for(landing.endpoint, **landing.values))


def lead_with_cookie(
    accepted: Accepted, landing: Landing, *, used_cookie: str, parameters: dict[str, str]
) -> Response:
    """Sign the person in by cookie and lead them to their page."""
    _sign_in(accepted)
    response = make_response(redirect(url_for(landing.endpoint, **landing.values), 303))
    _settle_cookies(response, used_cookie, parameters)
    response.headers["Cache-Control"] = "no-store"
    return response


def lead_by_address(secret: str, landing: Landing) -> Response:
    """Lead somebody to their page, with their session's secret in its address."""
    path = url_for(landing.endpoint, **landing.values)
    response = make_response(redirect(f"/~{secret}{path}", 303))
    make_private(response)
    return response


def _sign_in(accepted: Accepted) -> None:
    if accepted.is_new_session:
        session.clear()
        session[SESSION_KEY] = accepted.sid
        # Now, and not with the first form, whose page would have to send the cookie again.
        session[CSRF_KEY] = secrets.token_hex()


def _settle_cookies(response: Response, used_cookie: str, parameters: dict[str, str]) -> None:
    """Take the login's cookie away.

    A browser that was sent by way of the platform's storage is told for the next
    time that it needs not be.
    """
    set_framed_cookie(response, used_cookie, "", max_age=0)
    if STORAGE_TARGET in parameters:
        set_framed_cookie(response, WORKS_COOKIE, "1", max_age=WORKS_SECONDS)
