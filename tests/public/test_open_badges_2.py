"""Open Badges 2.0: every document at its own address, and what 1EdTech's validator says of it."""

import base64
import json
from datetime import timedelta

import pytest

from app.awards.models import Award, Visibility
from app.awards.revoking import revoke_award
from app.credentials.baking import unbake
from tests.factories import NOON
from tests.public.hosted import BASE_URL, change, host, read
from tests.signing import SIGNING
from tests.verifiers.run import ask_openbadges

outside = pytest.mark.outside


@pytest.fixture
def address(award):
    return f"{BASE_URL}/ob2/assertions/{award.public_id}"


@pytest.fixture
def path(award):
    return f"/ob2/assertions/{award.public_id}"


def test_the_assertion_names_its_recipient_as_the_signed_credential_does(
    stranger, award, path, address
):
    answer = stranger.get(path)

    identity = json.loads(award.credential)["credentialSubject"]["identifier"][0]
    assert answer.status_code == 200
    assert answer.json["id"] == address
    assert answer.json["recipient"] == {
        "type": "email",
        "hashed": True,
        "salt": identity["salt"],
        "identity": identity["identityHash"],
    }
    assert answer.json["verification"] == {"type": "HostedBadge"}
    assert answer.json["issuedOn"] == "2026-11-02T12:00:00Z"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Set-Cookie" not in answer.headers
    etag = answer.headers["ETag"]
    assert stranger.get(path, headers={"If-None-Match": etag}).status_code == 304


def test_a_level_one_assertion_names_no_evidence(stranger, path):
    assert "evidence" not in stranger.get(path).json


def test_public_evidence_of_the_signed_credential_is_named(stranger, session, award, path):
    credential = json.loads(award.credential)
    link = f"{BASE_URL}/credentials/{award.public_id}/evidence/1"
    credential["evidence"] = [
        {"id": link, "type": ["Evidence"], "name": "Essay"},
        {"type": ["Evidence"], "name": "Talk", "narrative": "Given in class."},
    ]
    session.get(Award, award.id).credential = json.dumps(credential)
    session.commit()

    assert stranger.get(path).json["evidence"] == [
        {"type": "Evidence", "id": link, "name": "Essay"},
        {"type": "Evidence", "name": "Talk", "narrative": "Given in class."},
    ]


def test_an_end_is_told(stranger, session, award, path):
    session.get(Award, award.id).valid_until = NOON + timedelta(days=365)
    session.commit()

    assert stranger.get(path).json["expires"] == "2027-11-02T12:00:00Z"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"revoked_at": NOON, "revocation_reason": "Copied."}, "Copied."),
        ({"suspended_at": NOON, "suspension_reason": "In dispute."}, "Suspended: In dispute."),
    ],
)
def test_what_does_not_hold_is_gone_but_for_the_bare_form(
    stranger, session, award, path, address, changes, reason
):
    for name, value in changes.items():
        setattr(session.get(Award, award.id), name, value)
    session.commit()

    answer = stranger.get(path)

    assert answer.status_code == 410
    assert answer.json == {
        "@context": "https://w3id.org/openbadges/v2",
        "type": "Assertion",
        "id": address,
        "revoked": True,
        "revocationReason": reason,
    }


def test_a_holder_known_by_user_id_has_no_assertion_and_is_told_why(stranger, session, award, path):
    text = award.credential.replace('"emailAddress"', '"ltiUserId"')
    session.get(Award, award.id).credential = text
    session.commit()

    answer = stranger.get(path)

    assert answer.status_code == 404
    assert "user id of a learning platform" in answer.json["error"]
    baked = unbake(stranger.get(f"/credentials/{award.public_id}.png").data)
    assert (baked.ob3, baked.ob2) == (text, None)


@pytest.mark.parametrize("form", ["png", "svg"])
def test_the_picture_carries_both_generations(stranger, award, path, form):
    answer = stranger.get(f"/credentials/{award.public_id}.{form}?download=1")

    assert answer.mimetype == {"png": "image/png", "svg": "image/svg+xml"}[form]
    baked = unbake(answer.data)
    assert baked.ob3 == award.credential, "byte for byte"
    assert json.loads(baked.ob2) == stranger.get(path).json
    assert "Set-Cookie" not in answer.headers
    named = answer.headers["Content-Disposition"]
    assert named == f"attachment; filename=research-literacy.{form}"
    etag = answer.headers["ETag"]
    again = stranger.get(f"/credentials/{award.public_id}.{form}", headers={"If-None-Match": etag})
    assert again.status_code == 304


@pytest.mark.parametrize("form", ["png", "svg"])
def test_a_revoked_award_has_no_picture(stranger, session, award, form):
    revoke_award(session, award, reason="Copied.", actor="command:x", **SIGNING, now=NOON)
    session.commit()

    answer = stranger.get(f"/credentials/{award.public_id}.{form}")

    assert answer.status_code == 410
    assert answer.json["revoked"] is True


FORMS = (
    *("/credentials/{}", "/credentials/{}.json", "/credentials/{}.png", "/credentials/{}.svg"),
    *("/credentials/{}/qr.svg", "/credentials/{}/evidence", "/credentials/{}/evidence/1"),
    *("/credentials/{}/evidence/1/pages/1.png", "/ob2/assertions/{}"),
)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_a_private_award_is_answered_as_if_there_were_none(stranger, session, award, form, accept):
    session.get(Award, award.id).visibility = Visibility.PRIVATE
    session.commit()

    private = stranger.get(form.format(award.public_id), headers={"Accept": accept})
    unknown = stranger.get(form.format("nothing"), headers={"Accept": accept})

    assert private.status_code == unknown.status_code == 404
    assert private.data == unknown.data
    assert private.headers == unknown.headers


@pytest.mark.parametrize("address", ["/ob2/assertions/x", "/ob2/badges/x", "/ob2/issuers/x"])
def test_an_unknown_address_is_answered_in_json(stranger, address):
    answer = stranger.get(address)

    assert answer.status_code == 404
    assert answer.json["error"]


@outside
def test_1edtechs_validator_accepts_it_by_address_by_json_and_in_pictures(stranger, award, address):
    documents = host(stranger, award.public_id)
    said = {
        "address": ask_openbadges(documents, given=address),
        "json": ask_openbadges(documents, given=json.dumps(read(documents, address))),
    }
    for form in ("png", "svg"):
        picture = stranger.get(f"/credentials/{award.public_id}.{form}").data
        said[form] = ask_openbadges(documents, picture=picture, suffix=f".{form}")

    assert [each for each in said.values() if each != {"verified": True, "errors": []}] == []


@outside
def test_1edtechs_validator_refuses_the_revoked(stranger, session, award, address):
    revoke_award(session, award, reason="Copied.", actor="command:x", **SIGNING, now=NOON)
    session.commit()

    said = ask_openbadges(host(stranger, award.public_id), given=address)

    assert said["verified"] is False
    assert said["errors"]


ELSEWHERE = "https://elsewhere.test/ob2/badges/1"
TAMPERS = {
    "another id": ("assertion", {"id": "https://elsewhere.test/1"}),
    "no recipient": ("assertion", {"recipient": None}),
    "a recipient who says hashed but is not": (
        "assertion",
        {"recipient": {"type": "email", "hashed": True, "identity": "ada@example.edu"}},
    ),
    "another badge, that is not there": ("assertion", {"badge": ELSEWHERE}),
    "no verification": ("assertion", {"verification": None}),
    "a day that is none": ("assertion", {"issuedOn": "some day"}),
    "a day to come": ("assertion", {"issuedOn": "2126-01-01T00:00:00Z"}),
    "an end that is past": (
        "assertion",
        {"issuedOn": "2019-01-01T00:00:00Z", "expires": "2020-01-01T00:00:00Z"},
    ),
    "another type": ("assertion", {"type": "BadgeClass"}),
    "a badge without criteria": ("badge", {"criteria": None}),
    "a badge without name": ("badge", {"name": None}),
    "a badge without issuer": ("badge", {"issuer": None}),
    "an issuer at another origin": ("issuer", {"id": "https://elsewhere.test/issuers/1"}),
    "an issuer without address": ("issuer", {"url": None}),
    "an issuer that allows another origin only": (
        "issuer",
        {"verification": {"type": "hosted", "allowedOrigins": "elsewhere.test"}},
    ),
}


@outside
@pytest.mark.parametrize("name", TAMPERS)
def test_1edtechs_validator_refuses_a_changed_copy(stranger, award, address, name):
    documents = host(stranger, award.public_id)
    badge = read(documents, address)["badge"]
    places = {
        "assertion": address,
        "badge": badge,
        "issuer": read(documents, badge)["issuer"],
    }
    where, members = TAMPERS[name]

    said = ask_openbadges(change(documents, places[where], **members), given=address)

    assert said["verified"] is False
    assert said["errors"]


@outside
def test_1edtechs_validator_refuses_a_picture_with_another_assertion(stranger, award):
    picture = stranger.get(f"/credentials/{award.public_id}.svg").data
    other = picture.replace(b"/ob2/assertions/", b"/ob2/assertionz/")

    said = ask_openbadges(host(stranger, award.public_id), picture=other, suffix=".svg")

    assert said["verified"] is False


def test_the_documents_of_the_test_are_ours(stranger, award, address):
    """Were they empty, the outside tests would prove nothing."""
    documents = host(stranger, award.public_id)

    assert len(documents) == 5
    assert all(each["status"] == 200 for each in documents.values())
    assert base64.b64decode(documents[f"{BASE_URL}/credentials/{award.public_id}.png"]["body"])
