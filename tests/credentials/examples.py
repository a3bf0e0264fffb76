"""One issuer and one award, with plain functions to vary them."""

from datetime import UTC, datetime
from typing import Any

from app.credentials.did import did_document, did_web
from app.credentials.endorsement import EndorsementFacts, build_endorsement
from app.credentials.facts import (
    AchievementFacts,
    AlignmentFacts,
    AwardFacts,
    CriterionFacts,
    EvidenceFacts,
    IdentityType,
    IssuerFacts,
    LevelFacts,
    RecipientFacts,
    ResultFacts,
    StatusFacts,
)
from app.credentials.keys import public_multikey, verification_method
from app.credentials.openbadge import build_credential, hash_recipient, to_json
from app.credentials.signing import sign_canonically, sign_credential

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
BASE_URL = "https://assay.example.edu"
PRIVATE_KEY = bytes(range(32))
MULTIKEY = public_multikey(PRIVATE_KEY)
DID = did_web(BASE_URL)
METHOD = verification_method(DID, MULTIKEY)
DID_DOCUMENT = did_document(DID, [MULTIKEY], f"{BASE_URL}/")
SIGNING: dict[str, Any] = {
    "private_key": PRIVATE_KEY,
    "verification_method": METHOD,
    "created": NOON,
}

ESCO = AlignmentFacts(
    target_name="think critically",
    target_url="http://data.europa.eu/esco/skill/be7a1b6e-8b1e-4d0c-b8f5-4a3b0d6c0c6b",
    target_framework="ESCO",
    target_code=None,
    target_type="ext:ESCOSkill",
)
ONET = AlignmentFacts(
    target_name="Critical Thinking",
    target_url="https://www.onetonline.org/find/descriptor/result/2.A.2.a",
    target_framework="O*NET",
    target_code="2.A.2.a",
    target_type=None,
    target_description="Using logic and reasoning to weigh alternative solutions.",
)
ISSUER = IssuerFacts(
    id=DID,
    name="Kennesaw State University",
    url=f"{BASE_URL}/",
    email="badges@example.edu",
    description="Awards micro-credentials.",
)


def make_achievement(**facts: Any) -> AchievementFacts:
    return AchievementFacts(
        **{
            "id": f"{BASE_URL}/achievements/7/versions/2",
            "achievement_type": "Badge",
            "name": "Critical Thinking II",
            "description": "Weighs evidence in a professional setting.",
            "criteria_narrative": "## Evidence\n\n- weighs *two* sources\n- draws a conclusion",
            "image_url": f"{BASE_URL}/images/badge_2.svg",
            "image_caption": "Gold badge of Level II",
            "version": "2",
            "tags": ("reasoning", "evidence"),
            "alignments": (ESCO, ONET),
            "level_name": "Level II",
        }
        | facts
    )


def make_award(number: int = 1, **facts: Any) -> AwardFacts:
    return AwardFacts(
        **{
            "id": f"{BASE_URL}/credentials/{number}",
            "awarded_at": NOON,
            "valid_from": NOON,
        }
        | facts
    )


def make_recipient(email: str = "ada@example.edu", salt: str = "c2FsdA") -> RecipientFacts:
    return RecipientFacts(
        hash=hash_recipient(email, salt), salt=salt, identity_type=IdentityType.EMAIL_ADDRESS
    )


def make_credential(number: int = 1, **achievement: Any) -> dict[str, Any]:
    return build_credential(
        make_award(number), make_recipient(), make_achievement(**achievement), ISSUER
    )


def make_signed(number: int = 1, **achievement: Any) -> dict[str, Any]:
    return sign_credential(make_credential(number, **achievement), **SIGNING)


def make_full_achievement(**facts: Any) -> AchievementFacts:
    """Return an achievement with a rubric and parts."""
    address = f"{BASE_URL}/achievements/7"
    steps = ("Beginning", "Sound", "Excellent")
    criteria = tuple(
        CriterionFacts(
            id=f"{address}#c{number}",
            name=name,
            required_level=f"{address}#c{number}-1",
            levels=tuple(
                LevelFacts(f"{address}#c{number}-{step}", said, f"{said}: {name}.", step)
                for step, said in enumerate(steps)
            ),
        )
        for number, name in enumerate(("Weighs sources", "Argues", "Concludes"))
    )
    related = (f"{BASE_URL}/achievements/8", f"{BASE_URL}/achievements/9")
    return make_achievement(**{"id": address, "criteria": criteria, "related": related} | facts)


def make_full_award(number: int = 1, **facts: Any) -> AwardFacts:
    """Return an award of it with results, evidence and a status."""
    criteria = make_full_achievement().criteria
    results = tuple(
        ResultFacts(criterion.id, criterion.levels[(number + place) % 3].id)
        for place, criterion in enumerate(criteria)
    )
    evidence = EvidenceFacts(
        name="Essay",
        id=f"{BASE_URL}/credentials/{number}/evidence/1",
        narrative="What was handed in.",
        digest_multibase="zQmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n",
        media_type="application/pdf",
        genre="essay",
    )
    described = EvidenceFacts(name="Interview", id=None, narrative="Is not shown.")
    status = StatusFacts(f"{BASE_URL}/status/3b", 94_567 + number)
    return make_award(
        number,
        **{"results": results, "evidence": (evidence, described), "status": status} | facts,
    )


def make_full_signed(number: int = 1) -> dict[str, Any]:
    """Return a signed credential that has every member a credential of ours can have."""
    award = make_full_award(number, valid_until=NOON.replace(year=2036))
    credential = build_credential(award, make_recipient(), make_full_achievement(), ISSUER)
    return sign_credential(credential, **SIGNING)


ENDORSER_DID = did_web(BASE_URL, ("issuers", "committee"))
ENDORSER_KEY = bytes(range(1, 33))
ENDORSING: dict[str, Any] = {
    "private_key": ENDORSER_KEY,
    "verification_method": verification_method(ENDORSER_DID, public_multikey(ENDORSER_KEY)),
    "created": NOON,
}


def make_endorsement(number: int = 1, **facts: Any) -> EndorsementFacts:
    endorser = IssuerFacts(ENDORSER_DID, "The committee", f"{BASE_URL}/committee", None, None)
    return EndorsementFacts(
        **{
            "id": f"{BASE_URL}/achievements/7#endorsement-{number}",
            "achievement_id": f"{BASE_URL}/achievements/7",
            "name": "Approval of Critical Thinking II",
            "comment": "Approved as MC-2026-014.",
            "endorser": endorser,
            "endorsed_at": NOON,
        }
        | facts
    )


def make_signed_endorsement(**facts: Any) -> dict[str, Any]:
    return sign_canonically(build_endorsement(make_endorsement(**facts)), **ENDORSING)


def make_endorsed_achievement(**facts: Any) -> AchievementFacts:
    """Return an achievement that the committee endorsed."""
    return make_full_achievement(endorsement=to_json(make_signed_endorsement()), **facts)


def make_endorsed_credential(number: int = 1) -> dict[str, Any]:
    return build_credential(
        make_full_award(number), make_recipient(), make_endorsed_achievement(), ISSUER
    )
