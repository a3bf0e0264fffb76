"""The pages by which a browser without our cookie comes in all the same."""

from urllib.parse import urlencode

from flask import Response, current_app, make_response, render_template

from app.core.address_sessions import make_private
from app.core.crypto import hash_secret
from app.core.pages import frame_by
from app.launch import claims as rules
from app.launch.answers import login_cookie
from app.launch.forms import ContinueForm
from app.launch.pylti import Login
from app.launch.refusal import CookieBlockedError
from app.launch.storage import STORAGE_TARGET, StorageOffer, storage_key
from app.platforms.models import Platform


def storing_page(started: Login, offer: StorageOffer, address: str) -> Response:
    """Return the page that puts the login's secret into the platform's storage, and goes on.

    Whoever sent the browser here may frame it: it says nothing, its only button is
    the way to the platform, and the secret is handed to the platform's origin alone.
    """
    platform, secrets = started.platform, started.secrets
    origin = rules.origin_of(platform.auth_url)
    frame_by(*{origin, rules.origin_of(platform.issuer), offer.sender})
    page = render_template(
        "launch/storing.html",
        origin=origin,
        frame=offer.frame,
        key=storage_key(hash_secret(secrets.state)),
        value=secrets.storage,
        address=address,
    )
    response = make_response(page)
    make_private(response)
    return response


def waiting_page(refusal: CookieBlockedError, platform: Platform, *, reference: str) -> Response:
    """Return the page on which a launch without cookie looks for another way."""
    origin = rules.origin_of(platform.auth_url)
    frame_by(*{origin, rules.origin_of(platform.issuer), rules.origin_of(refusal.return_url)})
    page = render_template(
        "launch/waiting.html",
        message=str(refusal),
        form=ContinueForm(data={"ticket": refusal.ticket}),
        cookie=login_cookie(refusal.state_hash),
        origin=origin,
        frame=refusal.parameters.get(STORAGE_TARGET),
        key=storage_key(refusal.state_hash) if refusal.has_stored else None,
        again_url=login_address(refusal.parameters),
        reference=reference,
    )
    response = make_response(page)
    make_private(response)
    return response


def login_address(parameters: dict[str, str]) -> str:
    """Return the address that starts the same login afresh, without the platform's storage.

    In a window of its own there is no platform to ask.
    """
    settings = current_app.extensions["assay.settings"]
    again = {name: value for name, value in parameters.items() if name != STORAGE_TARGET}
    return f"{settings.base_url}/lti/login?{urlencode(again)}"
