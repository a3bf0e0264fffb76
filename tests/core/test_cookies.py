"""Cookies and form tokens that are made quicker than the libraries make them, and are the same."""

from flask import Response, session
from flask_wtf.csrf import generate_csrf, validate_csrf

from app.core.address_sessions import CSRF_KEY
from app.core.cookies import set_framed_cookie
from app.core.form_tokens import form_token


def test_a_cookie_is_the_one_that_werkzeug_would_set():
    ours, theirs = Response(), Response()
    set_framed_cookie(ours, "name", "value", max_age=600)
    theirs.set_cookie(
        *("name", "value", 600),
        path="/",
        secure=True,
        httponly=True,
        samesite="None",
        partitioned=True,
    )

    ours_says, theirs_says = (
        set(answer.headers["Set-Cookie"].split("; ")) for answer in (ours, theirs)
    )

    assert {part for part in theirs_says if not part.startswith("Expires=")} == ours_says


def test_the_session_cookie_has_what_the_settings_say(app):
    with app.test_request_context("/"):
        session["sid"] = "x"
        answer = app.process_response(Response())

    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-assay=")
    assert cookie.endswith("; Secure; HttpOnly; Path=/; SameSite=None; Partitioned")
    with app.test_request_context("/", headers={"Cookie": cookie.partition(";")[0]}):
        assert session["sid"] == "x"


def test_a_form_token_is_one_that_flask_wtf_takes(app):
    with app.test_request_context("/"):
        session[CSRF_KEY] = "secret of this session"
        token = form_token()

        assert token == generate_csrf()
        validate_csrf(token)


def test_a_session_without_a_secret_gets_one_with_its_first_token(app):
    with app.test_request_context("/"):
        validate_csrf(form_token())
        assert session[CSRF_KEY]
