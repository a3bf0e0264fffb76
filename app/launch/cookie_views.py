"""`/lti/cookies`: what this browser allows here, for people who ask for help.

Nothing about anybody is kept or shown, so any page may frame it.
"""

from typing import Any

from flask import Response, jsonify, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.core.access import public
from app.core.clock import utcnow
from app.core.cookies import set_framed_cookie
from app.core.pages import POLICY
from app.launch.blueprint import bp
from app.launch.storage import FRAMES, OUR_COOKIES

TRIED = "tried"
TRY_SECONDS = 120
PARTITIONED, PLAIN = f"{OUR_COOKIES}-try-partitioned", f"{OUR_COOKIES}-try-plain"
MAX_AGENT = 300


@bp.record_once
def _exempt_from_csrf(state: Any) -> None:
    """Ask for no token where nothing changes but the two cookies on trial."""
    state.app.extensions["csrf"].exempt(f"{__name__}.cookies_try")


@bp.route("/lti/cookies")
@public
def cookies() -> ResponseReturnValue:
    """Try cookies by one redirect, then say what came of it; scripts find out the rest."""
    if TRIED not in request.args:
        return _unkept(_with_trial_cookies(make_response(redirect(url_for(".cookies", tried=1)))))
    page = render_template(
        "launch/cookies.html",
        is_framed=request.headers.get("Sec-Fetch-Dest") in FRAMES,
        partitioned=PARTITIONED in request.cookies,
        plain=PLAIN in request.cookies,
        agent=request.user_agent.string[:MAX_AGENT],
        host=request.host,
        now=utcnow(),
    )
    response = _unkept(make_response(page))
    response.headers["Content-Security-Policy"] = f"{POLICY}; form-action 'self'; frame-ancestors *"
    return response


@bp.route("/lti/cookies/try", methods=["POST"])
@public
def cookies_try() -> Response:
    """Set the cookies that `cookies_seen` looks for."""
    return _unkept(_with_trial_cookies(jsonify(tried=True)))


@bp.route("/lti/cookies/seen")
@public
def cookies_seen() -> Response:
    """Tell the page's script which cookies came: the one that it names, and those on trial."""
    name = request.args.get("name", "")
    partitioned, plain = (trial in request.cookies for trial in (PARTITIONED, PLAIN))
    return _unkept(
        jsonify(
            here=name.startswith(OUR_COOKIES) and name in request.cookies,
            any=partitioned or plain,
            partitioned=partitioned,
            plain=plain,
        )
    )


def _with_trial_cookies(response: Response) -> Response:
    set_framed_cookie(response, PARTITIONED, "1", max_age=TRY_SECONDS)
    response.set_cookie(
        PLAIN,
        "1",
        max_age=TRY_SECONDS,
        secure=True,
        httponly=True,
        samesite="None",
        path="/",
    )
    return response


def _unkept(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
