"""One award, made through the service."""

import json

import pytest

from app.awards.service import issue_if_due
from app.credentials.keys import verification_method
from app.credentials.signing import sign_credential
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
