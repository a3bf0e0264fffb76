"""“Verified” stands over what is signed only, at once gone when it no longer is so."""

import json
from datetime import timedelta
from types import SimpleNamespace

import pytest
from pyld import jsonld

from app.awards.models import Award
from app.awards.revoking import revoke_award
from app.awards.service import issue_if_due
from app.catalog.models import AchievementVersion
from app.platforms.models import KeyStatus
from app.programme.models import IssuerProfile
from tests import factories
from tests.assessment.work import reached
from tests.factories import NOON
from tests.signing import SIGNING

TYPES = ["VerifiableCredential", {}]


@pytest.fixture
def url(award):
    return f"/credentials/{award.public_id}"


@pytest.fixture
def another(app, session, world):
    """Somebody else's award, for the same."""
    award = issue_if_due(
        session,
        person=world.other_learner,
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
def change(session, award):
    """Change a row behind the program's back."""

    def change(model, row_id, **values):
        for name, value in values.items():
            setattr(session.get(model, row_id), name, value)
        session.commit()

    return change


@pytest.fixture
def expanded(monkeypatch):
    """How often JSON-LD was expanded."""
    counted = SimpleNamespace(times=0)
    expand = jsonld.expand

    def expanding(*args, **kwargs):
        counted.times += 1
        return expand(*args, **kwargs)

    monkeypatch.setattr(jsonld, "expand", expanding)
    return counted


def test_an_award_with_somebody_elses_credential_is_not_verified(
    stranger, change, award, another, url
):
    change(Award, award.id, credential=another.credential)

    page = stranger.get(url)

    assert ">Verified<" not in page.text
    assert "belongs to another award" in page.text


def test_an_award_of_another_achievement_is_not_verified(stranger, change, world, award, url):
    change(
        Award, award.id, version_id=world.level_2.id, achievement_id=world.level_2.achievement_id
    )

    page = stranger.get(url)

    assert ">Verified<" not in page.text
    assert "another micro-credential" in page.text


def test_an_award_of_another_day_is_not_verified(stranger, change, award, url):
    change(Award, award.id, awarded_at=NOON - timedelta(days=400))

    page = stranger.get(url)

    assert ">Verified<" not in page.text
    assert "at another time than recorded" in page.text


def test_an_award_under_another_issuer_is_not_verified(stranger, change, world, url):
    change(IssuerProfile, world.issuer.id, did_path="issuers:other")

    page = stranger.get(url)

    assert ">Verified<" not in page.text
    assert "Could not be verified" in page.text


def test_a_verified_page_shows_what_is_signed_whatever_the_rows_say(
    stranger, change, world, award, url
):
    change(
        AchievementVersion,
        world.level_1.id,
        name="Doctor of Medicine",
        description="Forged description",
        criteria_narrative="Forged narrative",
        image_alt="Forged picture",
    )
    change(IssuerProfile, world.issuer.id, name="University of Forgery")

    page = stranger.get(url)

    assert ">Verified<" in page.text
    assert "Research Literacy" in page.text
    assert "College of Examples" in page.text
    assert "Doctor of Medicine" not in page.text
    assert "Forge" not in page.text


def test_the_name_is_said_to_be_the_issuers_record_and_stands_apart(stranger, change, award, url):
    change(Award, award.id, recipient_name="Somebody Else")

    page = stranger.get(url)

    head, _, rest = page.text.partition('id="holder"')
    assert "Somebody Else" not in head, "neither in the title nor beside the verdict"
    assert "Somebody Else" in rest
    assert "it is not part of the signature" in rest


@pytest.mark.parametrize(
    "stored",
    ["", "no JSON", "null", "[]", '"text"', "7", "{}", '{"a":', "[" * 5000, '{"type": [{}]}'],
)
def test_a_credential_that_cannot_be_read_is_not_verified(stranger, change, award, url, stored):
    change(Award, award.id, credential=stored)

    page = stranger.get(url)

    assert page.status_code == 200
    assert "Could not be verified" in page.text


@pytest.mark.parametrize(
    "odd", [None, 7, [], {}, [{}], {"id": []}, "x", [[]], {"type": [{}]}, TYPES]
)
def test_a_credential_with_an_odd_member_is_not_verified(stranger, change, award, url, odd):
    whole = json.loads(award.credential)
    for name in whole:
        change(Award, award.id, credential=json.dumps({**whole, name: odd}))

        page = stranger.get(url)

        assert page.status_code == 200, name
        assert "Could not be verified" in page.text, name


@pytest.mark.parametrize("depth", [30, 300, 900])
def test_a_credential_of_great_depth_is_not_verified(stranger, change, award, url, depth):
    deep = '{"id":' * depth + "1" + "}" * depth
    change(Award, award.id, credential=award.credential.replace("{", '{"deep":' + deep + ",", 1))

    page = stranger.get(url)

    assert page.status_code == 200
    assert "Could not be verified" in page.text


def test_many_visits_expand_the_document_once(stranger, url, expanded):
    stranger.get(url)
    first = expanded.times

    pages = [stranger.get(url) for _ in range(5)]

    assert all(">Verified<" in page.text for page in pages)
    assert expanded.times == first


def test_a_revoked_award_is_seen_at_once(stranger, session, award, url):
    assert ">Verified<" in stranger.get(url).text

    revoke_award(
        session, session.get(Award, award.id), reason="Copied.", actor="x:y", **SIGNING, now=NOON
    )
    session.commit()

    assert "Revoked – no longer valid" in stranger.get(url).text


def test_a_revoked_key_is_seen_at_once(stranger, session, world, url):
    assert ">Verified<" in stranger.get(url).text

    session.add(
        factories.IssuerKey(
            issuer_id=world.issuer.id,
            multikey="z6MkOther",
            private_key_sealed="",
            status=KeyStatus.ACTIVE,
            created_at=NOON,
        )
    )
    world.issuer.keys[0].status = KeyStatus.REVOKED
    session.commit()

    page = stranger.get(url)
    assert ">Verified<" not in page.text
    assert "does not list the key" in page.text


def test_a_changed_credential_is_seen_at_once(stranger, change, award, url):
    assert ">Verified<" in stranger.get(url).text

    change(Award, award.id, credential=award.credential.replace("Research", "Rocket"))

    assert "changed after it was signed" in stranger.get(url).text
