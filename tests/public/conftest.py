"""One award, made through the service."""

import json

import pytest

from app.awards.service import issue_if_due
from app.awards.tokens import credential_jwt
from app.credentials.keys import verification_method
from app.credentials.signing import sign_credential
from app.programme.issuer_keys import ensure_token_key
from app.programme.service import get_signing_key
from tests.assessment.work import reached
from tests.factories import NOON


@pytest.fixture
def award(app, session, world):
    award = issue_if_due(
        session,
        person=world.learner,
        version=world.level_1,
        reached=reached(world.level_1),
        awarded_by=world.grantor.id,
        vault=app.extensions["assay.vault"],
        base_url="https://tool.test",
        now=NOON,
    )
    session.commit()
    return award


@pytest.fixture
def stranger(browser):
    """Anybody, without session or cookie."""
    return browser(None)


@pytest.fixture
def vault(app):
    return app.extensions["assay.vault"]


@pytest.fixture
def resign(session, world, award, vault):
    """Sign the award's credential anew with the issuer's own key, changed."""
    key, private = get_signing_key(session, world.issuer.id, vault)

    def resign(**members):
        whole = json.loads(award.credential)
        del whole["proof"]
        return sign_credential(
            whole | members,
            private_key=private,
            verification_method=verification_method("did:web:tool.test", key.multikey),
            created=NOON,
        )

    return resign


@pytest.fixture
def verify(stranger):
    """Send a file, or a text; return the answer."""

    def verify(sent, name="badge.json"):
        field = 'name="text"' if isinstance(sent, str) else f'name="file"; filename="{name}"'
        content = sent.encode() if isinstance(sent, str) else sent
        head = f"--edge\r\nContent-Disposition: form-data; {field}\r\n\r\n".encode()
        body = head + content + b"\r\n--edge--\r\n"
        return stranger.post(
            "/verify", data=body, content_type="multipart/form-data; boundary=edge"
        )

    return verify


@pytest.fixture
def token(session, world, award, vault):
    ensure_token_key(session, world.issuer, vault, NOON)
    session.commit()
    return credential_jwt(session, award, vault=vault, base_url="https://tool.test")
