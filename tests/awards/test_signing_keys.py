"""An issuer's keys change; its awards stay what they are."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.awards.editions import reissue
from app.awards.models import Award
from app.awards.revoking import revoke_award
from app.awards.service import issue_if_due
from app.awards.signing_keys import (
    count_signed_with,
    list_to_sign_again,
    retire_signing_key,
)
from app.awards.status_models import CredentialEdition, EditionReason
from app.awards.tokens import credential_jwt
from app.core.audit import AuditEntry, find_broken_entry
from app.core.errors import ConflictError, InvalidError, NotFoundError
from app.credentials.did import did_document
from app.credentials.jwt import verify_jwt
from app.credentials.verify import verify_credential
from app.platforms.models import KeyStatus
from app.programme.issuer_keys import (
    activate_key,
    ensure_token_key,
    get_issuer_key,
    list_issuer_keys,
    list_published_jwks,
    list_published_multikeys,
    prepare_key,
    revoke_key,
)
from app.programme.models import KeyKind
from app.programme.service import issuer_did
from tests.assessment.work import reached
from tests.factories import NOON
from tests.signing import SIGNING

BASE_URL = "https://tool.test"
LATER = NOON + timedelta(days=30)


@pytest.fixture
def vault(app):
    return app.extensions["assay.vault"]


@pytest.fixture
def issue(session, world, vault):
    """Award Level I to one of the learners."""

    def issue(person):
        award = issue_if_due(
            session,
            person=person,
            version=world.level_1,
            reached=reached(world.level_1),
            awarded_by=world.grantor.id,
            vault=vault,
            base_url=BASE_URL,
            now=NOON,
        )
        session.commit()
        return award

    return issue


@pytest.fixture
def award(issue, world):
    return issue(world.learner)


@pytest.fixture
def keys(session, world):
    """The DID document of the issuer, as it is now."""

    def keys():
        return did_document(
            issuer_did(BASE_URL, world.issuer),
            list_published_multikeys(session, world.issuer.id),
            "https://tool.test/issuers/x",
            list_published_jwks(session, world.issuer.id),
        )

    return keys


@pytest.fixture
def is_valid(keys):
    def is_valid(award):
        document = json.loads(award.credential)
        return verify_credential(document, did_document=keys(), now=LATER).is_valid

    return is_valid


def rotate(session, issuer, vault, kind=KeyKind.ED25519):
    prepare_key(session, issuer, kind, actor="x:y", vault=vault, now=NOON)
    return activate_key(session, issuer, kind, actor="x:y", now=NOON)


def test_an_award_of_before_a_rotation_stays_valid_beside_one_of_after(
    session, world, vault, award, issue, is_valid
):
    key = rotate(session, world.issuer, vault)
    newer = issue(world.other_learner)

    assert is_valid(award)
    assert is_valid(newer)
    assert newer.issuer_key_id == key.id != award.issuer_key_id
    assert find_broken_entry(session, world.issuer.institution_id) is None


def test_a_key_is_published_before_it_signs(session, world, vault, issue):
    following = prepare_key(session, world.issuer, actor="x:y", vault=vault, now=NOON)

    assert following.multikey in list_published_multikeys(session, world.issuer.id)
    assert issue(world.learner).issuer_key_id != following.id
    with pytest.raises(ConflictError, match="published already"):
        prepare_key(session, world.issuer, actor="x:y", vault=vault, now=NOON)


def test_without_a_prepared_key_none_takes_over(session, world):
    with pytest.raises(NotFoundError, match="prepare-key"):
        activate_key(session, world.issuer, actor="x:y", now=NOON)


def test_a_key_is_not_retired_while_an_award_of_its_holds(session, world, vault, award, is_valid):
    old = get_issuer_key(
        session, world.issuer.id, list_issuer_keys(session, world.issuer.id)[0].multikey
    )
    with pytest.raises(ConflictError, match="hold"):
        retire_signing_key(session, world.issuer, old, actor="x:y", now=NOON)
    rotate(session, world.issuer, vault)
    with pytest.raises(ConflictError, match="1 awards that hold"):
        retire_signing_key(session, world.issuer, old, actor="x:y", now=NOON)
    assert is_valid(award)

    revoke_award(session, award, reason="Copied.", actor="x:y", **SIGNING, now=NOON)
    retire_signing_key(session, world.issuer, old, actor="x:y", now=NOON)

    assert old.status is KeyStatus.RETIRED
    assert old.private_key_sealed == "", "nobody can sign with it again"
    assert old.multikey not in list_published_multikeys(session, world.issuer.id)


def test_the_key_that_signs_is_not_retired(session, world):
    (key,) = list_issuer_keys(session, world.issuer.id)

    with pytest.raises(ConflictError, match="signs"):
        retire_signing_key(session, world.issuer, key, actor="x:y", now=NOON)


def test_a_compromised_key_takes_its_awards_along_until_they_are_signed_again(
    session, world, vault, award, issue, is_valid, keys
):
    (stolen,) = list_issuer_keys(session, world.issuer.id)
    before = json.loads(award.credential)

    successor = revoke_key(session, world.issuer, stolen, actor="x:y", vault=vault, now=LATER)

    assert successor.status is KeyStatus.ACTIVE
    assert stolen.private_key_sealed == ""
    assert not is_valid(award), "whoever has the key could have signed it too"
    assert count_signed_with(session, stolen, now=LATER) == 1
    for waiting in list_to_sign_again(session, world.issuer, now=LATER):
        reissue(session, waiting, reason=EditionReason.KEY, actor="x:y", **SIGNING, now=LATER)
    session.commit()
    assert is_valid(award)
    after = json.loads(award.credential)
    assert after["id"] == before["id"]
    assert after["awardedDate"] == before["awardedDate"]
    assert after["validFrom"] > before["validFrom"]
    assert after["credentialSubject"] == before["credentialSubject"]
    assert list_to_sign_again(session, world.issuer, now=LATER) == []
    edition = session.scalars(select(CredentialEdition)).one()
    assert (edition.award_id, edition.number, edition.reason) == (award.id, 1, EditionReason.KEY)
    assert json.loads(edition.credential) == before
    assert (award.edition, edition.issuer_key_id) == (2, stolen.id)
    assert not verify_credential(before, did_document=keys(), now=LATER).is_valid
    told = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id.desc())).first()
    assert told == "award.reissued"


def test_an_award_that_holds_no_more_is_not_signed_again(session, world, vault, award, issue):
    other = issue(world.other_learner)
    revoke_award(session, award, reason="Copied.", actor="x:y", **SIGNING, now=NOON)
    session.get_one(Award, other.id).valid_until = NOON + timedelta(days=1)
    (stolen,) = list_issuer_keys(session, world.issuer.id)

    revoke_key(session, world.issuer, stolen, actor="x:y", vault=vault, now=LATER)

    assert list_to_sign_again(session, world.issuer, now=LATER) == []


def test_a_prepared_key_takes_over_from_a_compromised_one(session, world, vault):
    (stolen,) = list_issuer_keys(session, world.issuer.id)
    following = prepare_key(session, world.issuer, actor="x:y", vault=vault, now=NOON)

    assert (
        revoke_key(session, world.issuer, stolen, actor="x:y", vault=vault, now=NOON) == following
    )
    with pytest.raises(ConflictError, match="over already"):
        revoke_key(session, world.issuer, stolen, actor="x:y", vault=vault, now=NOON)


def test_a_compromised_key_that_never_signed_has_no_successor(session, world, vault):
    following = prepare_key(session, world.issuer, actor="x:y", vault=vault, now=NOON)

    assert revoke_key(session, world.issuer, following, actor="x:y", vault=vault, now=NOON) is None


def test_an_award_has_a_token_that_its_issuers_document_verifies(
    session, world, vault, award, keys
):
    ensure_token_key(session, world.issuer, vault, NOON)

    token = credential_jwt(session, award, vault=vault, base_url=BASE_URL)

    credential = json.loads(award.credential)
    del credential["proof"]
    assert verify_jwt(token, did_document=keys()) == credential
    assert credential_jwt(session, award, vault=vault, base_url=BASE_URL) == token


def test_the_key_of_tokens_is_made_once(session, world, vault):
    key = ensure_token_key(session, world.issuer, vault, NOON)

    assert ensure_token_key(session, world.issuer, vault, LATER) == key
    assert list_published_jwks(session, world.issuer.id) == [key.public_jwk]
    assert key.multikey not in list_published_multikeys(session, world.issuer.id)


def test_without_a_key_for_them_there_are_no_tokens(session, vault, award):
    with pytest.raises(NotFoundError, match="no tokens"):
        credential_jwt(session, award, vault=vault, base_url=BASE_URL)


def test_a_token_of_before_a_rotation_stays_valid_and_its_key_published(
    session, world, vault, award, keys
):
    old = ensure_token_key(session, world.issuer, vault, NOON)
    token = credential_jwt(session, award, vault=vault, base_url=BASE_URL)

    rotate(session, world.issuer, vault, KeyKind.RSA)

    newer = credential_jwt(session, award, vault=vault, base_url=BASE_URL)
    assert newer != token
    assert verify_jwt(token, did_document=keys()) == verify_jwt(newer, did_document=keys())
    with pytest.raises(ConflictError, match="hold"):
        retire_signing_key(session, world.issuer, old, actor="x:y", now=NOON)


def test_a_token_of_a_compromised_key_is_believed_no_more_and_another_is_made(
    session, world, vault, award, keys
):
    stolen = ensure_token_key(session, world.issuer, vault, NOON)
    token = credential_jwt(session, award, vault=vault, base_url=BASE_URL)

    revoke_key(session, world.issuer, stolen, actor="x:y", vault=vault, now=NOON)

    with pytest.raises(InvalidError):
        verify_jwt(token, did_document=keys())
    verify_jwt(credential_jwt(session, award, vault=vault, base_url=BASE_URL), did_document=keys())
