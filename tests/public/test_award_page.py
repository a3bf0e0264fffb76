"""What anybody sees of an award: the page, and the credential itself."""

import json

import pytest

from app.awards.models import Award
from app.awards.revoking import revoke_award
from app.platforms.models import KeyStatus
from tests import factories
from tests.factories import NOON
from tests.signing import SIGNING

VC = "application/vc+ld+json"


@pytest.fixture
def url(award):
    return f"/credentials/{award.public_id}"


@pytest.fixture
def revoked(session, award):
    revoke_award(
        session, award, reason="Copied <b>text</b>.", actor="command:x", **SIGNING, now=NOON
    )
    session.commit()


def test_the_page_says_what_who_and_that_it_is_verified(stranger, award, url):
    page = stranger.get(url)

    assert page.status_code == 200
    for words in (
        "Verified",
        "Research Literacy",
        "Mei Student",
        "Badge Level I",
        "College of Examples",
        "November 2, 2026",
        "Criterion 2",
        "Demonstrated",
        "conduct scholarly research",
        f"https://tool.test/credentials/{award.public_id}",
        "did:web:tool.test",
    ):
        assert words in page.text
    assert "mei@university" not in page.text.lower()
    assert '<meta name="robots" content="noindex">' in page.text


def test_the_page_touches_no_cookie_and_may_be_cached(stranger, url):
    page = stranger.get(url, headers={"Cookie": "__Host-assay=whatever"})

    assert "Set-Cookie" not in page.headers
    assert "Cookie" not in page.headers.get("Vary", "")
    assert "Accept" in page.headers["Vary"]
    assert "public" in page.headers["Cache-Control"]
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    again = stranger.get(url, headers={"If-None-Match": page.headers["ETag"]})
    assert (again.status_code, again.text) == (304, "")


@pytest.mark.parametrize(
    ("accept", "sent"),
    [
        ("application/json", "application/json"),
        (VC, VC),
        ("application/ld+json", VC),
        ("application/json;q=0.5, application/ld+json", VC),
        ("text/html, application/json;q=0.9", "text/html"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html"),
        ("*/*", "text/html"),
        ("image/png", "text/html"),
    ],
)
def test_a_machine_gets_the_credential_if_it_asks(stranger, award, url, accept, sent):
    answer = stranger.get(url, headers={"Accept": accept})

    assert answer.mimetype == sent
    assert "Accept" in answer.headers["Vary"]
    if sent != "text/html":
        assert answer.get_data() == award.credential.encode(), "byte for byte"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_the_suffix_json_is_enough(stranger, award, url):
    answer = stranger.get(f"{url}.json", headers={"Accept": "text/html"})

    assert answer.mimetype == "application/json"
    assert answer.get_data() == award.credential.encode()
    assert "Content-Disposition" not in answer.headers
    named = stranger.get(f"{url}.json?download=1").headers["Content-Disposition"]
    assert named == "attachment; filename=research-literacy.json"


def test_the_host_header_changes_no_address(stranger, award, url):
    page = stranger.get(url, base_url="https://evil.test")

    assert "evil.test" not in page.text
    assert "https://tool.test/credentials/" in page.text


def test_a_revoked_award_says_so_and_why(stranger, award, url, revoked):
    page = stranger.get(url)

    assert page.status_code == 200
    assert "Revoked – no longer valid" in page.text
    assert "Copied &lt;b&gt;text&lt;/b&gt;." in page.text
    assert ">Verified<" not in page.text
    answer = stranger.get(f"{url}.json")
    assert answer.status_code == 410
    assert answer.json == {
        "id": f"https://tool.test/credentials/{award.public_id}",
        "revoked": True,
        "revocationReason": "Copied <b>text</b>.",
    }


def test_a_changed_credential_is_found_out(stranger, session, award, url):
    document = json.loads(award.credential)
    document["credentialSubject"]["achievement"]["name"] += "!"
    session.get(Award, award.id).credential = json.dumps(document)
    session.commit()

    page = stranger.get(url)

    assert "Could not be verified" in page.text
    assert "changed after it was signed" in page.text


def test_an_award_under_a_revoked_key_does_not_verify(stranger, session, world, award, url):
    other = factories.IssuerKey(
        issuer_id=world.issuer.id,
        multikey="z6MkOther",
        private_key_sealed="",
        status=KeyStatus.ACTIVE,
        created_at=NOON,
    )
    session.add(other)
    world.issuer.keys[0].status = KeyStatus.REVOKED
    session.commit()

    assert "Could not be verified" in stranger.get(url).text


def test_an_award_whose_issuer_has_no_key_left_is_still_shown(stranger, session, world, url):
    world.issuer.keys[0].status = KeyStatus.REVOKED
    session.commit()

    page = stranger.get(url)

    assert page.status_code == 200
    assert "Could not be verified" in page.text


def test_somebody_without_name_is_shown_without_one(stranger, session, award, url):
    session.get(Award, award.id).recipient_name = None
    session.commit()

    assert "Holder named by hash only" in stranger.get(url).text


@pytest.mark.parametrize("address", ["/credentials/unknown", "/achievements/x", "/issuers/x"])
def test_an_unknown_address_is_answered_kindly(stranger, address):
    page = stranger.get(address)

    assert page.status_code == 404
    assert "Compare the address" in page.text
    assert "Set-Cookie" not in page.headers
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    for answer in (
        stranger.get(f"{address}.json"),
        stranger.get(address, headers={"Accept": "application/json"}),
    ):
        assert answer.status_code == 404
        assert answer.mimetype == "application/json"
