import json
from datetime import UTC, datetime, timedelta, timezone
from importlib.resources import files
from typing import Any

import pytest
from jsonschema import Draft201909Validator

from app.core.errors import InvalidError
from app.credentials.facts import (
    AlignmentFacts,
    IdentityType,
    IssuerFacts,
    RecipientFacts,
    StatusFacts,
)
from app.credentials.openbadge import (
    build_credential,
    hash_recipient,
    normalise_email,
    to_json,
)
from tests.credentials.examples import (
    BASE_URL,
    ESCO,
    ISSUER,
    NOON,
    ONET,
    make_achievement,
    make_award,
    make_credential,
    make_full_signed,
    make_recipient,
    make_signed,
)
from tests.credentials.leaves import put, remove

SCHEMAS = [
    "ob_v3p0_achievementcredential_schema.formal.json",
    "ob_v3p0_achievementcredential_schema.json-ld.json",
]
BARE: dict[str, Any] = {
    "image_caption": "",
    "version": "",
    "tags": (),
    "alignments": (),
    "level_name": "",
}


@pytest.fixture(scope="module", params=SCHEMAS)
def schema(request):
    text = files("app.credentials").joinpath("schemas", request.param).read_text("utf-8")
    return Draft201909Validator(
        json.loads(text), format_checker=Draft201909Validator.FORMAT_CHECKER
    )


@pytest.mark.parametrize(
    "facts",
    [
        {},
        BARE,
        {"achievement_type": "ext:Souvenir"},
        {"criteria_narrative": "“Zitat”\\\n\u2028\u0085😀～"},
    ],
    ids=["whole", "bare", "own type", "odd text"],
)
def test_a_signed_credential_obeys_both_official_schemas(schema, facts):
    assert [error.message for error in schema.iter_errors(make_signed(**facts))] == []


def test_a_credential_with_every_member_obeys_both_official_schemas(schema):
    assert [error.message for error in schema.iter_errors(make_full_signed())] == []


def test_results_evidence_status_and_schema_stand_where_readers_look_for_them():
    signed = make_full_signed()
    subject = signed["credentialSubject"]

    assert subject["result"][0] == {
        "type": ["Result"],
        "resultDescription": f"{BASE_URL}/achievements/7#c0",
        "achievedLevel": f"{BASE_URL}/achievements/7#c0-1",
    }
    described = subject["achievement"]["resultDescription"][0]
    assert described["rubricCriterionLevel"][1]["id"] == subject["result"][0]["achievedLevel"]
    assert described["requiredLevel"] == f"{BASE_URL}/achievements/7#c0-1"
    assert subject["achievement"]["related"][1] == {
        "id": f"{BASE_URL}/achievements/9",
        "type": ["Related"],
    }
    assert signed["evidence"][0] == {
        "id": f"{BASE_URL}/credentials/1/evidence/1",
        "type": ["Evidence"],
        "name": "Essay",
        "narrative": "What was handed in.",
        "genre": "essay",
        "digestMultibase": "zQmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n",
        "mediaType": "application/pdf",
    }
    assert signed["evidence"][1].keys() == {"type", "name", "narrative"}
    assert signed["credentialStatus"] == {
        "id": f"{BASE_URL}/status/3b#94568",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": "94568",
        "statusListCredential": f"{BASE_URL}/status/3b",
    }
    assert [schema["type"] for schema in signed["credentialSchema"]] == [
        "1EdTechJsonSchemaValidator2019"
    ]


def test_what_an_award_lacks_is_left_out_of_its_credential():
    credential = make_credential()

    assert not {"evidence", "credentialStatus", "validUntil"} & credential.keys()
    assert "result" not in credential["credentialSubject"]


def test_a_status_before_the_first_bit_is_refused():
    with pytest.raises(InvalidError, match="bit"):
        build_credential(
            make_award(status=StatusFacts(f"{BASE_URL}/status/1", -1)),
            make_recipient(),
            make_achievement(),
            ISSUER,
        )


def test_a_credential_that_ends_obeys_both_official_schemas(schema):
    award = make_award(valid_until=NOON + timedelta(days=365))

    credential = build_credential(award, make_recipient(), make_achievement(), ISSUER)

    assert [error.message for error in schema.iter_errors(credential)] == []
    assert credential["validUntil"] == "2027-01-05T12:00:00Z"


def test_a_credential_for_an_lti_user_obeys_both_official_schemas(schema):
    recipient = RecipientFacts(hash_recipient("User-7", "s"), "s", IdentityType.LTI_USER_ID)
    bare_issuer = IssuerFacts(ISSUER.id, ISSUER.name, ISSUER.url, None, None)

    credential = build_credential(make_award(), recipient, make_achievement(), bare_issuer)

    assert [error.message for error in schema.iter_errors(credential)] == []
    assert credential["issuer"].keys() == {"id", "type", "name", "url"}


def test_the_level_is_said_in_words_and_the_version_too():
    achievement = make_credential()["credentialSubject"]["achievement"]

    assert achievement["tag"] == ["Level II", "reasoning", "evidence"]
    assert achievement["version"] == "2"


def test_what_is_missing_is_left_out():
    achievement = make_credential(**BARE)["credentialSubject"]["achievement"]

    assert achievement.keys() == {
        "id",
        "type",
        "achievementType",
        "name",
        "description",
        "criteria",
        "image",
    }
    assert achievement["image"].keys() == {"id", "type"}


def test_nothing_is_said_twice():
    twice = make_credential(tags=("a", "Level II", "a", " "), alignments=(ESCO, ONET, ESCO))

    achievement = twice["credentialSubject"]["achievement"]
    assert achievement["tag"] == ["Level II", "a"]
    assert [skill["targetName"] for skill in achievement["alignment"]] == [
        "think critically",
        "Critical Thinking",
    ]


def test_the_recipient_is_a_salted_hash():
    # The example of the standard itself: “a@example.com” salted with “Kosher”.
    expected = "sha256$b5809d8a92f8858436d7e6b87c12ebc0ae1eac4baecc2c0b913aee2c922ef399"

    assert hash_recipient("a@example.com", "Kosher") == expected
    assert hash_recipient(normalise_email(" A@Example.COM "), "Kosher") == expected


def test_the_recipients_address_is_not_in_the_credential():
    assert "ada@example.edu" not in to_json(make_credential())


def test_times_are_whole_seconds_in_utc():
    moment = datetime(2026, 1, 5, 13, 0, 59, 999_999, tzinfo=timezone(timedelta(hours=1)))

    credential = build_credential(
        make_award(awarded_at=moment, valid_from=NOON), make_recipient(), make_achievement(), ISSUER
    )

    assert credential["awardedDate"] == "2026-01-05T12:00:59Z"
    assert credential["validFrom"] == "2026-01-05T12:00:00Z"


def test_a_time_without_a_zone_is_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="time zone"):
        build_credential(
            make_award(valid_from=NOON.replace(tzinfo=None)),
            make_recipient(),
            make_achievement(),
            ISSUER,
        )


def test_ids_are_percent_encoded():
    credential = make_credential(
        id="https://a.example/a b/ü?q=100%&r=%20#x#y", image_url="https://a.example/i[1].svg"
    )

    achievement = credential["credentialSubject"]["achievement"]
    assert achievement["id"] == "https://a.example/a%20b/%C3%BC?q=100%25&r=%20#x%23y"
    assert achievement["image"]["id"] == "https://a.example/i%5B1%5D.svg"


def test_control_characters_are_stripped():
    credential = make_credential(name="A\x00B\x1f\x7fC\ud800", description="a\tb\r\nc\u0085\u2028d")

    assert credential["name"] == "ABC"
    description = credential["credentialSubject"]["achievement"]["description"]
    assert description == "a\tb\r\nc\u0085\u2028d"


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"name": " \x00 "}, "needs a name"),
        ({"description": ""}, "needs a description"),
        ({"criteria_narrative": ""}, "needs criteria"),
        ({"achievement_type": "Souvenir"}, "no achievement type"),
        ({"image_url": "/images/gold.svg"}, "complete address"),
        ({"alignments": (AlignmentFacts("x", "https://a.example", None, None, "ESCO"),)}, "target"),
    ],
)
def test_what_the_standard_refuses_is_refused_with_a_reason(facts, message):
    with pytest.raises(InvalidError, match=message):
        make_credential(**facts)


def test_the_text_is_stable_and_compact():
    signed = make_signed(name="Größe \u2028 😀")

    text = to_json(signed)

    assert json.loads(text) == signed
    assert to_json(json.loads(text)) == text
    assert "Größe \u2028 😀" in text
    assert '": ' not in text
    assert text.startswith('{"@context":["https://www.w3.org/ns/credentials/v2",')


def test_an_award_made_later_keeps_the_first_date():
    later = NOON + timedelta(days=3)

    credential = build_credential(
        make_award(valid_from=later), make_recipient(), make_achievement(), ISSUER
    )

    assert credential["awardedDate"] < credential["validFrom"]
    assert datetime.fromisoformat(credential["validFrom"]) == later.astimezone(UTC)


UNFIT = {
    "no id": (("id",), None),
    "no issuer": (("issuer",), None),
    "no time": (("validFrom",), None),
    "a time without zone": (("validFrom",), "2026-01-05 12:00"),
    "another context first": (("@context", 0), "https://www.w3.org/2018/credentials/v1"),
    "no subject": (("credentialSubject",), None),
    "a subject of no type": (("credentialSubject", "type"), []),
    "no achievement": (("credentialSubject", "achievement"), None),
    "an achievement without name": (("credentialSubject", "achievement", "name"), None),
    "a type of its own": (("credentialSubject", "achievement", "achievementType"), "Souvenir"),
    "a skill without address": (
        ("credentialSubject", "achievement", "alignment", 0, "targetUrl"),
        None,
    ),
    "a rubric without type": (
        ("credentialSubject", "achievement", "resultDescription", 0, "resultType"),
        None,
    ),
    "two statuses": (("credentialStatus",), [{"id": "https://a.example", "type": "a"}]),
    "a schema without type": (("credentialSchema", 0, "type"), None),
}


@pytest.mark.parametrize(("path", "value"), UNFIT.values(), ids=UNFIT)
def test_both_official_schemas_refuse_what_was_tampered_with(schema, path, value):
    signed = make_full_signed()
    tampered = remove(signed, path) if value is None else put(signed, path, value)

    assert list(schema.iter_errors(tampered)) != []
