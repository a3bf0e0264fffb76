"""What the committee approved is endorsed, and every award says so."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.awards.endorsement_jobs import endorse_approved
from app.awards.endorsement_models import VersionEndorsement
from app.awards.endorsing import appoint_endorser, list_to_endorse
from app.awards.service import issue_if_due
from app.credentials.did import did_document
from app.credentials.verify import verify_credential
from app.platforms.models import KeyStatus
from app.programme.issuer_keys import list_issuer_keys, revoke_key
from app.programme.models import IssuerProfile
from app.programme.service import add_issuer, issuer_did, list_published_multikeys
from tests.assessment.work import reached
from tests.factories import NOON

BASE_URL = "https://tool.test"


@pytest.fixture
def vault(app):
    return app.extensions["assay.vault"]


@pytest.fixture
def committee(session, world, vault):
    """An issuer profile that speaks for the committee."""
    profile = add_issuer(
        session,
        world.issuer.institution_id,
        slug="committee",
        name="The committee",
        url="https://x.edu/committee",
        email=None,
        description=None,
        vault=vault,
        actor="x:y",
        now=NOON,
    )
    appoint_endorser(session, profile, actor="x:y", now=NOON)
    session.commit()
    return profile


@pytest.fixture
def work(app, session):
    """Let the worker endorse what there is."""

    def work(now=NOON):
        session.commit()
        with app.app_context():
            endorse_approved(now)
        session.expire_all()

    return work


@pytest.fixture
def issue(session, world, app):
    def issue(person):
        award = issue_if_due(
            session,
            person=person,
            version=world.level_1,
            reached=reached(world.level_1),
            awarded_by=world.grantor.id,
            vault=app.extensions["assay.vault"],
            base_url=app.extensions["assay.settings"].base_url,
            now=NOON,
        )
        session.commit()
        return json.loads(award.credential)

    return issue


def endorsements(credential):
    return credential["credentialSubject"]["achievement"].get("endorsement", [])


def test_without_an_endorser_nothing_is_endorsed(session, world, work, issue):
    work()

    assert session.scalars(select(VersionEndorsement)).all() == []
    assert endorsements(issue(world.learner)) == []


def test_an_award_carries_the_endorsement_of_its_achievement(
    app, session, world, committee, work, issue
):
    work()

    credential = issue(world.learner)

    base_url = app.extensions["assay.settings"].base_url
    (endorsement,) = endorsements(credential)
    assert endorsement["issuer"]["name"] == "The committee"
    assert endorsement["issuer"]["id"] == issuer_did(base_url, committee)
    assert (
        endorsement["credentialSubject"]["id"]
        == credential["credentialSubject"]["achievement"]["id"]
    )
    keys = did_document(
        issuer_did(base_url, world.issuer),
        list_published_multikeys(session, world.issuer.id),
        "https://x.edu",
    )
    assert verify_credential(credential, did_document=keys, now=NOON).is_valid


def test_each_version_is_endorsed_once(session, world, committee, work):
    work()
    before = [(each.id, each.credential) for each in session.scalars(select(VersionEndorsement))]

    work(NOON + timedelta(days=1))

    after = [(each.id, each.credential) for each in session.scalars(select(VersionEndorsement))]
    assert len(before) > 0
    assert after == before
    assert list_to_endorse(session) == []


def test_nobody_endorses_their_own(session, world, committee, vault):
    appoint_endorser(session, world.issuer, actor="x:y", now=NOON)

    assert [
        version.id
        for version, _ in list_to_endorse(session)
        if version.achievement.issuer_id == world.issuer.id
    ] == []
    session.refresh(committee)
    assert committee.endorses is False, "one speaks for the committee"


def test_an_endorsement_whose_key_was_stolen_is_carried_no_more_and_signed_anew(
    session, world, committee, work, issue, vault
):
    work()
    before = issue(world.learner)
    committee = session.get_one(IssuerProfile, committee.id)
    stolen = list_issuer_keys(session, committee.id)[0]
    revoke_key(session, committee, stolen, actor="x:y", vault=vault, now=NOON)
    assert stolen.status is KeyStatus.REVOKED

    meanwhile = issue(world.other_learner)
    work()

    assert endorsements(before) != []
    assert endorsements(meanwhile) == []
    signed = session.scalars(
        select(VersionEndorsement).where(VersionEndorsement.version_id == world.level_1.id)
    ).one()
    assert signed.issuer_key_id != stolen.id


def test_the_command_says_who_endorses(app, session, committee, world):
    other = world.issuer.slug

    result = app.test_cli_runner().invoke(args=["issuers", "endorser", other])

    assert result.exit_code == 0
    session.expire_all()
    assert session.get_one(IssuerProfile, world.issuer.id).endorses is True
    assert session.get_one(IssuerProfile, committee.id).endorses is False
