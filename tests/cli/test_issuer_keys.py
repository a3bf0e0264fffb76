"""The keys of an issuer, from the first to the one after a theft."""

import json

import pytest
from sqlalchemy import select, update

from app.awards.status_lists import take_entry
from app.awards.status_models import StatusList
from app.core.audit import AuditEntry
from app.platforms.models import KeyStatus
from app.programme.models import IssuerKey, KeyKind
from tests.factories import NOON
from tests.signing import SIGNING


@pytest.fixture
def issuer(done):
    done("institutions", "add", "--slug", "college", "--name", "College")
    done("issuers", "add", "--slug", "college", "--name", "College", "--url", "https://x.edu")
    return "college"


@pytest.fixture
def listed(done, issuer):
    def listed():
        return json.loads(done("issuers", "keys", issuer, "--json"))

    return listed


def test_a_new_issuer_has_a_key_for_credentials_and_one_for_tokens(listed):
    assert [(key["signs"], key["status"]) for key in listed()] == [
        ("credentials", "active"),
        ("tokens", "active"),
    ]


@pytest.mark.parametrize(("tokens", "place"), [((), 0), (("--tokens",), 1)])
def test_a_key_is_prepared_takes_over_and_the_one_before_is_retired(
    done, refused, issuer, listed, tokens, place
):
    old = listed()[place]["key"]

    assert "Published" in done("issuers", "prepare-key", issuer, *tokens)
    assert "published already" in refused("issuers", "prepare-key", issuer, *tokens)
    assert "signs now" in done("issuers", "activate-key", issuer, *tokens)

    found = {key["key"]: key["status"] for key in listed()}
    assert found[old] == "retiring"
    assert "retired" in done("issuers", "retire-key", issuer, old)
    assert "over already" in refused("issuers", "retire-key", issuer, old)


def test_a_stolen_key_is_replaced_at_once(done, issuer, listed):
    stolen = listed()[0]["key"]

    said = done("issuers", "revoke-key", issuer, stolen)

    assert "signs now" in said
    assert [key["status"] for key in listed() if key["signs"] == "credentials"] == [
        "revoked",
        "active",
    ]
    assert "Signed 0 awards" in done("issuers", "sign-again", issuer)


def test_status_lists_are_signed_at_once_by_the_key_that_takes_over(done, world, session):
    take_entry(session, world.issuer, **SIGNING, now=NOON)
    session.commit()
    slug = world.issuer.slug

    done("issuers", "prepare-key", slug)
    done("issuers", "activate-key", slug)
    first = method_of_the_list(session)
    (key,) = (
        each["key"]
        for each in json.loads(done("issuers", "keys", slug, "--json"))
        if (each["signs"], each["status"]) == ("credentials", "active")
    )
    done("issuers", "revoke-key", slug, key)

    assert first.endswith(f"#{key}")
    assert key not in method_of_the_list(session)


def method_of_the_list(session):
    session.expire_all()
    (proof,) = as_list(json.loads(session.scalars(select(StatusList.signed)).one())["proof"])
    return proof["verificationMethod"]


def as_list(value):
    return value if isinstance(value, list) else [value]


def test_every_step_is_in_the_audit_log(done, issuer, listed, session):
    done("issuers", "prepare-key", issuer)
    done("issuers", "activate-key", issuer)
    done("issuers", "revoke-key", issuer, listed()[0]["key"])

    told = session.execute(
        select(AuditEntry.action, AuditEntry.actor).order_by(AuditEntry.id.desc()).limit(3)
    ).all()
    assert told == [
        ("issuer_key.revoked", "command:issuers revoke-key"),
        ("issuer_key.activated", "command:issuers activate-key"),
        ("issuer_key.prepared", "command:issuers prepare-key"),
    ]


def test_an_issuer_of_before_gets_its_key_for_tokens(done, issuer, listed, session):
    session.execute(
        update(IssuerKey).where(IssuerKey.kind == KeyKind.RSA).values(status=KeyStatus.REVOKED)
    )
    session.commit()

    said = done("issuers", "token-keys")

    assert said == done("issuers", "token-keys"), "harmless to run again"
    assert said.startswith("college: ")
    assert [key["status"] for key in listed() if key["signs"] == "tokens"] == ["revoked", "active"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("issuers", "keys", "nobody"), "no issuer"),
        (("issuers", "prepare-key", "nobody"), "no issuer"),
        (("issuers", "activate-key", "college"), "No key is prepared"),
        (("issuers", "retire-key", "college", "-z6Mk"), "no key -z6Mk"),
        (("issuers", "sign-again", "nobody"), "no issuer"),
    ],
)
def test_what_is_not_there_is_said_plainly(refused, issuer, words, said):
    assert said in refused(*words)
