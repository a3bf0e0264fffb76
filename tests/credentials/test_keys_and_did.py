import base58
import pytest

from app.core.errors import InvalidError
from app.credentials.did import did_document, did_web
from app.credentials.keys import (
    generate_private_key,
    multikey_to_public,
    public_multikey,
    verification_method,
)


def test_a_key_comes_back_from_its_multikey():
    private = generate_private_key()

    multikey = public_multikey(private)

    assert len(private) == 32
    assert multikey.startswith("z6Mk")
    assert base58.b58decode(multikey[1:])[2:] == multikey_to_public(multikey).public_bytes_raw()


def test_two_keys_differ():
    assert generate_private_key() != generate_private_key()


@pytest.mark.parametrize("text", ["", "z", "z6Mk", "uABC", "z0OIl", "zöä", "f00"])
def test_what_is_no_multikey_is_refused(text):
    with pytest.raises(InvalidError):
        multikey_to_public(text)


@pytest.mark.parametrize(
    ("base_url", "path", "did"),
    [
        ("https://assay.example.edu", (), "did:web:assay.example.edu"),
        ("https://Assay.Example.edu/", (), "did:web:assay.example.edu"),
        ("http://localhost:8000", (), "did:web:localhost%3A8000"),
        ("https://a.example/tool/", (), "did:web:a.example:tool"),
        ("https://a.example", ("issuers", "7"), "did:web:a.example:issuers:7"),
        ("https://a.example:444/tool", ("a b:c",), "did:web:a.example%3A444:tool:a%20b%3Ac"),
    ],
)
def test_a_did_names_the_address_that_its_document_is_at(base_url, path, did):
    assert did_web(base_url, path) == did


@pytest.mark.parametrize(
    "base_url",
    [
        "assay.example.edu",
        "ftp://a.example",
        "https://",
        "https://[::1]:8000",
        "https://u@a.example",
        "https://a.example/?x=1",
        "https://a.example/#x",
    ],
)
def test_an_address_without_a_host_name_makes_no_did(base_url):
    with pytest.raises(InvalidError):
        did_web(base_url)


def test_a_did_document_lists_every_key_by_id():
    did = "did:web:a.example"
    keys = [public_multikey(bytes([number] * 32)) for number in (1, 2)]

    document = did_document(did, keys, "https://a.example/")

    assert document["id"] == did
    assert document["alsoKnownAs"] == ["https://a.example/"]
    assert document["assertionMethod"] == [verification_method(did, key) for key in keys]
    assert document["verificationMethod"][1] == {
        "id": f"{did}#{keys[1]}",
        "type": "Multikey",
        "controller": did,
        "publicKeyMultibase": keys[1],
    }


def test_an_issuer_without_a_key_has_no_did_document():
    with pytest.raises(InvalidError, match="no key"):
        did_document("did:web:a.example", [], "https://a.example/")
