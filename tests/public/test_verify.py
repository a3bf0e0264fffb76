"""`/verify`: what somebody brings is believed in nothing, kept nowhere, and never makes a call."""

import io
import json
import tempfile
from datetime import timedelta

import pytest

from app.awards.models import Award, Visibility
from app.awards.revoking import revoke_award
from app.core.clock import utcnow
from app.credentials.baking import bake_png, bake_svg
from app.credentials.keys import public_multikey, verification_method
from app.credentials.openbadge import to_json
from app.credentials.raster import draw_png
from app.credentials.signing import sign_credential
from tests.credentials.examples import make_signed
from tests.factories import NOON
from tests.signing import SIGNING

DID = "did:web:tool.test"
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9"/></svg>'
PNG = draw_png(SVG, 64)


def test_the_page_asks_without_cookie_and_may_be_cached(stranger):
    page = stranger.get("/verify")

    assert page.status_code == 200
    assert "Set-Cookie" not in page.headers
    assert "form-action 'self'" in page.headers["Content-Security-Policy"]
    etag = page.headers["ETag"]
    assert stranger.get("/verify", headers={"If-None-Match": etag}).status_code == 304


FORMS = ("json", "png", "svg")


@pytest.mark.parametrize("form", FORMS)
def test_a_file_of_ours_is_verified_in_every_form(stranger, verify, award, form):
    sent = stranger.get(f"/credentials/{award.public_id}.{form}").data

    page = verify(sent, f"badge.{form}")

    assert page.status_code == 200
    assert ">Verified<" in page.text
    assert "Research Literacy" in page.text
    assert f"https://tool.test/credentials/{award.public_id}" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in page.headers


@pytest.mark.parametrize("text", ["{}", "{}.json", "{}.png?download=1"])
@pytest.mark.parametrize("room", ["credentials", "ob2/assertions"])
def test_an_address_of_ours_is_looked_up_here(verify, award, room, text):
    address = f"https://tool.test/{room}/{award.public_id}"

    assert ">Verified<" in verify(text.format(address)).text


def test_an_assertion_of_the_second_generation_counts_for_what_stands_at_its_address(
    stranger, verify, session, award
):
    sent = stranger.get(f"/ob2/assertions/{award.public_id}").json | {"issuedOn": "forged"}

    assert "November 2, 2026" in verify(json.dumps(sent)).text
    assert "forged" not in verify(json.dumps(sent)).text
    assert ">Verified<" in verify(bake_svg(SVG, ob3=None, ob2=json.dumps(sent)).encode()).text

    revoke_award(
        session, session.get(Award, award.id), reason="Copied.", actor="x:y", **SIGNING, now=NOON
    )
    session.commit()
    assert "Revoked – no longer valid" in verify(json.dumps(sent)).text


@pytest.mark.parametrize("kind", ["json", "jwt"])
def test_a_revoked_one_is_said_to_be_revoked_and_why(verify, session, award, token, kind):
    revoke_award(
        session, session.get(Award, award.id), reason="Copied.", actor="x:y", **SIGNING, now=NOON
    )
    session.commit()

    page = verify(award.credential if kind == "json" else token)

    assert "Revoked – no longer valid" in page.text
    assert "Copied." in page.text
    assert ">Verified<" not in page.text


def test_a_suspended_one_is_said_to_be_suspended(verify, session, award):
    found = session.get(Award, award.id)
    found.suspended_at, found.suspension_reason = NOON, "In dispute."
    session.commit()

    page = verify(award.credential)

    assert "Suspended – not valid at the moment" in page.text
    assert "In dispute." in page.text


def test_an_expired_one_is_said_to_be_expired(verify, session, award, resign):
    signed = resign(validUntil="2026-11-03T12:00:00Z")
    session.get(Award, award.id).valid_until = NOON + timedelta(days=1)
    session.get(Award, award.id).credential = to_json(signed)
    session.commit()
    assert utcnow() > NOON + timedelta(days=1)

    page = verify(to_json(signed))

    assert "Expired – no longer valid" in page.text
    assert "November 3, 2026" in page.text


def test_one_that_begins_later_is_not_verified(verify, session, award, resign):
    signed = to_json(resign(validFrom="2096-11-03T12:00:00Z"))
    session.get(Award, award.id).credential = signed
    session.commit()

    page = verify(signed)

    assert "Not verified" in page.text
    assert "not valid yet" in page.text


def test_an_earlier_edition_is_said_to_be_replaced(verify, session, award, resign):
    earlier = award.credential
    session.get(Award, award.id).credential = to_json(resign(validFrom="2026-11-05T12:00:00Z"))
    session.commit()

    page = verify(earlier)

    assert "Replaced by a newer one" in page.text
    assert ">Verified<" not in page.text


def test_a_private_one_is_verified_for_whoever_has_the_file_but_its_page_is_not_named(
    verify, session, award
):
    session.get(Award, award.id).visibility = Visibility.PRIVATE
    session.commit()

    page = verify(award.credential)

    assert ">Verified<" in page.text
    assert "/credentials/" not in page.text
    by_address = verify(f"https://tool.test/credentials/{award.public_id}").text
    assert "There is no credential at this address" in by_address


def test_what_we_signed_but_never_recorded_is_not_verified(verify, resign):
    page = verify(to_json(resign(id="https://tool.test/credentials/unknown")))

    assert "there is no such award here" in page.text


@pytest.mark.parametrize(
    "sent",
    [
        to_json(make_signed()),
        bake_png(PNG, ob3=to_json(make_signed()), ob2=None),
        "https://elsewhere.test/credentials/1",
        '{"@context":"https://w3id.org/openbadges/v2","type":"Assertion","id":"https://x.test/1"}',
        bake_svg(SVG, ob3=None, ob2="https://elsewhere.test/assertions/1").encode(),
    ],
)
def test_a_badge_of_another_issuer_is_said_to_be_anothers(verify, sent, award):
    page = verify(sent)

    assert ">Not ours<" in page.text
    assert "Nothing was fetched" in page.text


def test_a_changed_letter_is_found_out(verify, award):
    page = verify(award.credential.replace("Research", "Rocket"))

    assert "changed after it was signed" in page.text
    assert "Rocket" not in page.text, "nothing that is not proven is shown"


def test_another_key_than_the_issuers_is_found_out(verify, award):
    whole = json.loads(award.credential)
    del whole["proof"]
    mine = bytes(range(32))
    method = verification_method(DID, public_multikey(mine))
    forged = sign_credential(whole, private_key=mine, verification_method=method, created=NOON)

    assert "does not list the key" in verify(to_json(forged)).text


def test_a_context_that_is_not_known_is_never_fetched(verify, award):
    whole = json.loads(award.credential)
    whole["@context"].append("https://elsewhere.test/context.json")

    assert "a context that is not shipped" in verify(json.dumps(whole)).text


def _poison(size):
    """Blank nodes that all look alike: a canonicaliser would try every order of them."""
    return [{"type": ["Evidence"], "name": "one"} for _ in range(size)]


@pytest.mark.parametrize(
    ("evidence", "words"),
    [
        (_poison(40), "says the same thing twice"),
        (_poison(2000), "more parts than any badge"),
        ([{"type": ["Evidence"], "evidence": None}], "Not verified"),
        ([{"undefined": "term"}], "members that its contexts do not define"),
    ],
)
def test_a_graph_that_is_poison_is_refused_at_once(verify, award, evidence, words):
    whole = json.loads(award.credential) | {"evidence": evidence}

    assert words in verify(json.dumps(whole)).text


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"a":' * 5000 + "1" + "}" * 5000,
        '{"issuer":"x","issuer":"y"}',
        '{"issuer":NaN}',
        "{}",
        "[]",
        "{broken",
        '{"issuer":{"id":7}}',
        '{"badge":1}',
        "a.b.c",
        "x.y.",
        "e30.e30.e30",
        "words",
        "\0",
        "http://",
    ],
)
def test_what_is_no_badge_is_refused_with_words(verify, text, award):
    page = verify(text)

    assert page.status_code == 200
    assert "Not verified" in page.text


@pytest.mark.parametrize("odd", [None, 7, [], {}, [{}], "x", [[]], {"type": [{}]}])
def test_an_odd_member_is_refused_with_words(verify, award, odd):
    whole = json.loads(award.credential)
    for name in whole:
        page = verify(json.dumps({**whole, name: odd}))

        assert page.status_code == 200, name
        assert ">Verified<" not in page.text, name


LAUGHS = '<!DOCTYPE svg [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'


def test_an_svg_with_entities_is_refused(verify, award):
    baked = bake_svg(SVG, ob3=award.credential, ob2=None)

    for svg in (LAUGHS + baked.replace("<rect", "<title>&b;</title><rect"), LAUGHS + baked):
        page = verify(svg.encode(), "badge.svg")
        assert "Not verified" in page.text


def test_a_png_with_a_wrong_check_sum_or_cut_off_is_refused(verify, award):
    baked = bake_png(PNG, ob3=award.credential, ob2=None)

    assert "a check sum in it is wrong" in verify(baked.replace(b"Research", b"Resource")).text
    assert "The PNG is cut off" in verify(baked[:-20]).text
    assert "carries no credential" in verify(PNG).text


def test_nothing_that_is_sent_touches_the_disk(verify, award, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a temporary file was made")

    for name in ("TemporaryFile", "NamedTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, refuse)
    padded = bake_png(PNG, ob3=award.credential + " " * 250_000, ob2=None)

    assert ">Verified<" in verify(padded, "badge.png").text


@pytest.mark.parametrize("size", [1_000_001, 1_200_000])
def test_a_file_that_is_too_large_is_refused(verify, award, size):
    page = verify(b"x" * size)

    assert page.status_code in {200, 413}
    assert "too large" in page.text


def test_a_text_that_is_too_large_is_refused(verify, award):
    assert "too large" in verify("{" + "x" * 700_000).text
    assert "larger than any badge" in verify('{"a":"' + "x" * 310_000 + '"}').text


def test_nothing_sent_or_both_is_said_at_the_form(stranger, award):
    empty = stranger.post("/verify", data={"text": "  "})
    both = stranger.post(
        "/verify",
        data={"text": "{}", "file": (io.BytesIO(b"{}"), "a.json")},
        content_type="multipart/form-data",
    )

    assert (empty.status_code, both.status_code) == (422, 422)
    assert "Choose a file, or paste" in empty.text
    assert "not both" in both.text


def test_the_form_needs_no_token(app, verify, award):
    app.config["WTF_CSRF_ENABLED"] = True

    page = verify(award.credential)

    assert ">Verified<" in page.text
    assert "Set-Cookie" not in page.headers
