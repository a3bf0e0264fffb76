"""The floor: the same three requests on a bare Flask app, with no LTI and nothing kept."""

import secrets
from urllib.parse import urlencode

from content import achievement
from flask import Flask, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

app = Flask(__name__, template_folder="pages")


@app.get("/lti/login")
def login() -> ResponseReturnValue:
    """Send the browser to the platform, with a state in a cookie."""
    state, nonce = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
    query = urlencode(
        {
            "client_id": request.args["client_id"],
            "login_hint": request.args["login_hint"],
            "state": state,
            "nonce": nonce,
        }
    )
    response = make_response(redirect(f"{request.args['iss']}/lti/authorize?{query}"))
    response.set_cookie("state", state, httponly=True)
    return response


@app.post("/lti/launch")
def launch() -> ResponseReturnValue:
    """Take the form, check nothing, lead to the page."""
    return redirect(f"/page?token={len(request.form['id_token'])}", 303)


@app.get("/page")
def page() -> ResponseReturnValue:
    """Render the page."""
    return render_template("page.html", achievement=achievement(), name="Student")
