"""OpenID Connect, the LMS's side: who signed in goes to the tool as a signed launch.

Source: LTI Security Framework 1.0 §5.1.1; OpenID Connect Core 1.0 §3.1.2.6.
"""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from app.sandbox.identities import subject_of
from app.sandbox.lms import HINT_SECONDS, SignedValueError, current_lms, current_profile
from app.sandbox.messages import MESSAGE_HINT, MessageRefusedError, build_message
from app.sandbox.signing_in import current_person

bp = Blueprint("authorize", __name__, url_prefix="/lti")


class AuthorizationRefusedError(Exception):
    """A request that is answered with an OpenID Connect error."""

    def __init__(self, code: str, description: str) -> None:
        """Keep the code for the tool and the words for whoever reads them."""
        super().__init__(description)
        self.code = code


@bp.route("/authorize", methods=["GET", "POST"])
def authorize() -> ResponseReturnValue:
    """Answer the tool's authentication request with a form that posts the launch to it."""
    config, profile = current_lms().config, current_profile()
    asked = request.values
    if asked.get("client_id") != profile.client_id:
        return _bad_request("The tool gave a client_id that this LMS does not know.")
    if asked.get("redirect_uri") != config.redirect_uri:
        return _bad_request(
            f"The tool gave another redirect_uri than the registered one, {config.redirect_uri}."
        )
    if profile.wants_state and not asked.get("state"):
        return _bad_request("The tool has lost the state of this launch.", 404)
    try:
        answer = {"id_token": _sign_launch(asked)}
    except AuthorizationRefusedError as refusal:
        answer = {"error": refusal.code, "error_description": str(refusal)}
    if asked.get("state"):
        answer["state"] = asked["state"]
    return render_template(
        "sandbox/send.html", action=config.redirect_uri, fields=answer, heading="Opening Assay"
    )


@bp.get("/jwks.json")
def jwks() -> ResponseReturnValue:
    """Show the public key that launches are signed with."""
    answer = jsonify(current_lms().signing_key.published())
    answer.headers["Cache-Control"] = "max-age=3600"
    return answer


def _bad_request(reason: str, status: int = 400) -> ResponseReturnValue:
    return render_template(
        "sandbox/refused.html", heading="Not opened", reason=reason, is_framed=True
    ), status


def _sign_launch(asked: Mapping[str, str]) -> str:
    _check_protocol(asked)
    hint = _read_hint(asked)
    try:
        claims: dict[str, Any] = build_message(
            current_lms(), current_person(), hint, nonce=asked["nonce"]
        )
    except MessageRefusedError as error:
        raise AuthorizationRefusedError("access_denied", str(error)) from error
    return current_lms().signing_key.sign(claims)


def _check_protocol(asked: Mapping[str, str]) -> None:
    if asked.get("response_type") != "id_token":
        raise AuthorizationRefusedError(
            "unsupported_response_type", "response_type must be id_token."
        )
    if "openid" not in asked.get("scope", "").split():
        raise AuthorizationRefusedError("invalid_scope", "scope must be openid.")
    if asked.get("response_mode") != "form_post":
        raise AuthorizationRefusedError("invalid_request", "response_mode must be form_post.")
    if asked.get("prompt") != "none":
        raise AuthorizationRefusedError("invalid_request", "prompt must be none.")
    if not asked.get("nonce"):
        raise AuthorizationRefusedError("invalid_request", "nonce is missing.")


def _read_hint(asked: Mapping[str, str]) -> dict[str, str]:
    if asked.get("login_hint") != subject_of(current_profile(), current_person()):
        raise AuthorizationRefusedError(
            "login_required", "Somebody else is signed in here, or nobody."
        )
    sealed = asked.get("lti_message_hint", "")
    try:
        hint = current_lms().unseal(MESSAGE_HINT, sealed, max_age_seconds=HINT_SECONDS)
    except SignedValueError as error:
        raise AuthorizationRefusedError(
            "invalid_request", "lti_message_hint is missing, forged, or too old."
        ) from error
    if hint["person"] != current_person().id:
        raise AuthorizationRefusedError("login_required", "This launch was somebody else's.")
    return hint
