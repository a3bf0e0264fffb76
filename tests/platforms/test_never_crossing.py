"""One issuer, several clients: nothing that is kept for one is ever used for the other."""

import responses

from app.core.clock import utcnow
from app.platforms.service import active_tool_key
from app.platforms.tokens import Registration, TokenSource

TOKEN_URL = "https://canvas.test/login/oauth2/token"
SCOPES = frozenset({"https://purl.imsglobal.org/spec/lti-ags/scope/score"})


def test_tokens_are_kept_by_registration_and_never_by_issuer(app, world, session):
    """Source: the fork of PyLTI1p3 keeps them by issuer and scopes, across all its customers."""
    key = active_tool_key(session, app.extensions["assay.vault"])
    source = TokenSource(app.extensions["assay.http"], signing_key=lambda: key, clock=utcnow)
    first, second = (
        Registration(
            platform_id=number,
            client_id=f"client-{number}",
            token_url=TOKEN_URL,
            audience=TOKEN_URL,
            deployment_id="1",
        )
        for number in (1, 2)
    )

    with responses.RequestsMock() as wire:
        for name in ("one", "two"):
            wire.post(TOKEN_URL, json={"access_token": f"token-{name}", "expires_in": 3600})
        got = [source.get(item, SCOPES) for item in (first, second, first, second)]

    assert got == ["token-one", "token-two", "token-one", "token-two"]


def test_a_token_for_some_scopes_is_not_used_for_others(app, world, session):
    key = active_tool_key(session, app.extensions["assay.vault"])
    source = TokenSource(app.extensions["assay.http"], signing_key=lambda: key, clock=utcnow)
    registration = Registration(1, "client", TOKEN_URL, TOKEN_URL, "1")

    with responses.RequestsMock() as wire:
        for name in ("one", "two"):
            wire.post(TOKEN_URL, json={"access_token": f"token-{name}", "expires_in": 3600})
        got = [source.get(registration, scopes) for scopes in (SCOPES, frozenset({"other"}))]

    assert got == ["token-one", "token-two"]
