"""The token that every form carries, as Flask-WTF makes it, with its signer made once."""

from flask import Flask, current_app, g, session
from flask_wtf.csrf import generate_csrf
from itsdangerous import URLSafeTimedSerializer

from app.core.address_sessions import CSRF_KEY
from app.core.cookies import without_compression

SIGNER = "assay.form_tokens"
SALT = "wtf-csrf-token"  # Flask-WTF's


def install_form_tokens(app: Flask) -> None:
    """Make the signer."""
    signer = URLSafeTimedSerializer(str(app.secret_key), salt=SALT)
    app.extensions[SIGNER] = without_compression(signer)


def form_token() -> str:
    """Return the token of this session's forms; `generate_csrf` returns the same afterwards."""
    token: str
    if CSRF_KEY in g or CSRF_KEY not in session:
        token = generate_csrf()
    else:
        token = current_app.extensions[SIGNER].dumps(session[CSRF_KEY])
        setattr(g, CSRF_KEY, token)
    return token
