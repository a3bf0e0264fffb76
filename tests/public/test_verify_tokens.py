"""Tokens: sent, verified, and refused with every trick that their header allows."""

import base64
import hashlib
import hmac
import json

import pytest
from joserfc import jws
from joserfc.jwk import RSAKey

from app.credentials.baking import bake_png
from app.credentials.raster import draw_png
from app.programme.issuer_keys import ensure_token_key
from tests.factories import NOON

DID = "did:web:tool.test"
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9"/></svg>'
PNG = draw_png(SVG, 64)


def test_a_token_is_sent_and_verified(stranger, verify, award, token):
    address = f"/credentials/{award.public_id}"
    for sent in (
        stranger.get(f"{address}.jwt"),
        stranger.get(address, headers={"Accept": "text/plain"}),
    ):
        assert sent.mimetype == "text/plain"
        assert sent.text == token
        assert "Accept" in sent.headers["Vary"]
        assert ">Verified<" in verify(sent.text).text
        assert ">Verified<" in verify(sent.data, "badge.jwt").text
    assert ">Verified<" in verify(bake_png(PNG, ob3=token, ob2=None), "badge.png").text


def test_the_keys_of_tokens_are_published_as_a_set(stranger, token):
    kid = jws.extract_compact(token.encode()).headers()["kid"]

    answer = stranger.get("/.well-known/jwks.json")

    assert [(key["kid"], key["iss"], key["kty"]) for key in answer.json["keys"]] == [
        (kid, DID, "RSA")
    ]
    assert "d" not in answer.json["keys"][0]
    assert kid in stranger.get("/.well-known/did.json").json["assertionMethod"]


def _part(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_a_token_that_is_not_signed_is_refused(verify, token):
    payload = token.split(".")[1]
    kid = jws.extract_compact(token.encode()).headers()["kid"]

    for algorithm in ("none", "None", "NONE", ""):
        header = _part({"alg": algorithm, "kid": kid, "typ": "JWT"})
        page = verify(f"{header}.{payload}.")
        assert "not signed at all" in page.text
    header = _part({"alg": "none", "kid": kid, "typ": "JWT"})
    assert "not signed at all" in verify(f"{header}.{payload}.c2ln").text


def test_a_token_signed_by_the_public_key_as_a_secret_is_refused(verify, session, world, token):
    public = RSAKey.import_key(ensure_token_key(session, world.issuer, None, NOON).public_jwk)
    read = jws.extract_compact(token.encode())
    header = {"alg": "HS256", "kid": read.headers()["kid"], "typ": "JWT"}
    signed = f"{_part(header)}.{token.split('.')[1]}"
    secret = public.as_pem(private=False)
    mac = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
    forged = f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"

    page = verify(forged)

    assert "signed by RS256" in page.text
    assert ">Verified<" not in page.text


@pytest.mark.parametrize("member", ["jwk", "jku", "x5u"])
def test_a_token_that_brings_its_own_key_is_refused(verify, token, member):
    mine = RSAKey.generate_key(2048)
    read = jws.extract_compact(token.encode())
    value = mine.as_dict(private=False) if member == "jwk" else "https://elsewhere.test/keys"
    for header in (
        {"alg": "RS256", "typ": "JWT", member: value},
        {**read.headers(), member: value},
    ):
        signing = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
        signed = jws.serialize_compact(
            {"alg": "RS256"}, read.payload, mine, algorithms=["RS256"]
        ).split(".")
        page = verify(".".join([signing, signed[1], signed[2]]))

        assert "brings its own key along" in page.text
        assert ">Verified<" not in page.text


def test_a_token_signed_by_another_key_under_the_issuers_name_is_refused(verify, token):
    read = jws.extract_compact(token.encode())
    mine = RSAKey.generate_key(2048)
    forged = jws.serialize_compact(read.headers(), read.payload, mine, algorithms=["RS256"])

    assert "changed after it was signed" in verify(forged).text


def test_a_changed_token_is_refused(verify, token):
    header, payload, signature = token.split(".")
    changed = json.loads(base64.urlsafe_b64decode(payload + "=="))
    changed["name"] = "Doctor of Medicine"

    page = verify(f"{header}.{_part(changed)}.{signature}")

    assert "changed after it was signed" in page.text
    assert "Doctor of Medicine" not in page.text
