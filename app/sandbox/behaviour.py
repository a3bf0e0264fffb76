"""“This LMS behaves as …”: the page on which one of the profiles is chosen."""

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.sandbox.identities import PRIVACY_LEVELS
from app.sandbox.lms import (
    ALLOWED_ATTEMPTS,
    PRIVACY_LEVEL,
    PROFILE,
    current_lms,
    current_profile,
)
from app.sandbox.profiles import PROFILES

bp = Blueprint("behaviour", __name__, url_prefix="/behaviour")

LEVELS = {
    "public": "Names and e-mail addresses",
    "name_only": "Names only",
    "email_only": "E-mail addresses only",
    "anonymous": "Nothing of either",
}


@bp.get("")
def overview() -> ResponseReturnValue:
    """Show the profiles with their habits, and what the tool must know of the chosen one."""
    lms, profile = current_lms(), current_profile()
    issuer = lms.config.issuer
    values = {
        "Issuer": issuer,
        "Client ID": profile.client_id,
        "Deployment ID": profile.deployment_id,
        "Authentication address": f"{issuer}/lti/authorize",
        "Token address": lms.config.token_url,
        "Token audience": profile.audience(issuer),
        "Public keys": f"{issuer}/lti/jwks.json",
    }
    return render_template(
        "sandbox/behaviour.html",
        profiles=PROFILES.values(),
        values=values,
        levels=LEVELS,
        level=lms.privacy_level(profile),
        attempts=lms.database.find_setting(ALLOWED_ATTEMPTS),
    )


@bp.post("")
def choose() -> ResponseReturnValue:
    """Behave as another LMS from now on."""
    name = request.form.get("profile", "")
    if name not in PROFILES:
        abort(400, "This practice LMS cannot behave as that.")
    current_lms().database.choose(PROFILE, name)
    return redirect(url_for(".overview"), 303)


@bp.post("/details")
def change_details() -> ResponseReturnValue:
    """Choose what launches tell of people, and how many attempts there are."""
    level = request.form.get("privacy_level", PRIVACY_LEVELS[0])
    attempts = request.form.get("allowed_attempts", "").strip()
    if level not in PRIVACY_LEVELS:
        abort(400, "There is no such privacy level.")
    if attempts and not (attempts.isascii() and attempts.isdigit() and int(attempts) > 0):
        abort(400, "Attempts are a whole number above 0, or empty for as many as one likes.")
    database = current_lms().database
    database.choose(PRIVACY_LEVEL, level)
    database.choose(ALLOWED_ATTEMPTS, attempts)
    return redirect(url_for(".overview"), 303)
