"""An administrator, invitations, and an LMS on the wire that says whatever a test wants."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import responses
from sqlalchemy.orm import Session

from app.core.clock import utcnow
from app.platforms.invitations import invite
from app.platforms.models import Invitation, Platform
from app.platforms.tool_document import TOOL_CONFIGURATION
from tests import factories
from tests.campus import make_administrator
from tests.conftest import Browser

CONFIGURATION = "https://new-lms.test/.well-known/openid-configuration"
LTI = "https://purl.imsglobal.org/spec/lti-platform-configuration"


@pytest.fixture
def admin(world: factories.World, session: Session, browser: Callable[..., Browser]) -> Browser:
    """The browser of an administrator of the world's institution."""
    make_administrator(session, world.instructor)
    opened: Browser = browser(world.instructor)
    return opened


@pytest.fixture
def invited(world: factories.World, session: Session) -> Callable[..., str]:
    """Make an invitation for the world's institution; return its secret."""

    def make(*, hours: float = 1, name: str | None = None) -> str:
        _invitation, secret = invite(
            session,
            world.institution.id,
            name=name,
            lifetime=timedelta(hours=hours),
            actor="command:test",
            now=utcnow(),
        )
        session.commit()
        return secret

    return make


class NewLms:
    """An LMS that wants to be registered, as it looks on the wire."""

    def __init__(self, wire: responses.RequestsMock) -> None:
        self.wire = wire
        self.token = "registration-token"

    def configuration(self, **changes: Any) -> dict[str, Any]:
        """Return a full, valid configuration; a change to `None` leaves the member out."""
        document = {
            "issuer": "https://new-lms.test",
            "authorization_endpoint": "https://new-lms.test/auth?tenant=1",
            "token_endpoint": "https://new-lms.test/token",
            "jwks_uri": "https://new-lms.test/jwks",
            "registration_endpoint": "https://new-lms.test/register",
            "scopes_supported": [
                "openid",
                "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem",
                "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly",
                "https://purl.imsglobal.org/spec/lti-ags/scope/score",
                "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly",
                "https://purl.imsglobal.org/spec/lti-ts/scope/toolsetting",
            ],
            LTI: {
                "product_family_code": "moodle",
                "version": "4.5.6",
                "messages_supported": [
                    {"type": "LtiResourceLinkRequest"},
                    {"type": "LtiDeepLinkingRequest", "placements": ["ContentArea"]},
                ],
            },
        } | changes
        return {name: value for name, value in document.items() if value is not None}

    def offer(self, document: Any = None, address: str = CONFIGURATION, **answer: Any) -> None:
        """Let the configuration be fetched."""
        answer = answer or {"json": document or self.configuration()}
        self.wire.get(address, **answer)

    def answer(self, client_id: Any = "client-7", deployment_id: Any = "4", **changes: Any) -> None:
        """Let the registration be posted."""

        def echo(request: Any) -> tuple[int, dict[str, str], str]:
            sent = json.loads(request.body)
            tool = {**sent[TOOL_CONFIGURATION], "deployment_id": deployment_id}
            body = {**sent, "client_id": client_id, TOOL_CONFIGURATION: tool, **changes}
            body = {name: value for name, value in body.items() if value is not None}
            return 200, {"Content-Type": "application/json"}, json.dumps(body)

        self.wire.add_callback("POST", "https://new-lms.test/register", echo)

    @property
    def sent(self) -> dict[str, Any]:
        """The document that the tool posted."""
        body = next(call.request.body for call in self.wire.calls if call.request.method == "POST")
        found: dict[str, Any] = json.loads(body or b"")
        return found

    def fields(self, secret: str, address: str = CONFIGURATION) -> dict[str, str]:
        """Return what the LMS adds to the invitation link, and what the form carries."""
        return {
            "invite": secret,
            "openid_configuration": address,
            "registration_token": self.token,
        }


@pytest.fixture
def new_lms() -> Iterator[NewLms]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as wire:
        yield NewLms(wire)


@pytest.fixture
def platforms_of(session: Session) -> Callable[[], list[Platform]]:
    """Every registration but the world's, as committed."""

    def read() -> list[Platform]:
        session.rollback()
        session.expire_all()
        found = session.query(Platform).order_by(Platform.id).all()
        return [platform for platform in found if platform.issuer != "https://lms.test"]

    return read


@pytest.fixture
def invitation_of(session: Session) -> Callable[[], Invitation]:
    """The one invitation, as committed."""

    def read() -> Invitation:
        session.rollback()
        session.expire_all()
        return session.query(Invitation).one()

    return read


def path_of(address: str) -> str:
    """Return path and query of an address, for the tests' browser."""
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"
