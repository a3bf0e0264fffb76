"""Public JSON: an achievement and an issuer as Open Badges 3.0 describes them. Pure."""

from typing import Any

from app.awards.facts import (
    achievement_address,
    criterion_facts,
    image_address,
    issuer_address,
)
from app.catalog.models import AchievementVersion, Alignment
from app.credentials.openbadge import CONTEXTS
from app.credentials.openbadge_parts import result_description
from app.programme.models import IssuerProfile


def achievement_document(version: AchievementVersion, base_url: str, did: str) -> dict[str, Any]:
    """Describe one version of an achievement, its rubric included.

    Source: Open Badges 3.0, Achievement, ResultDescription, RubricCriterionLevel.
    """
    address = achievement_address(base_url, version)
    level = version.achievement.level
    document = {
        "@context": list(CONTEXTS),
        "id": address,
        "type": ["Achievement"],
        "achievementType": level.achievement_type,
        "name": version.name,
        "description": version.description,
        "criteria": {"narrative": version.criteria_narrative},
        "image": {
            "id": image_address(base_url, version),
            "type": "Image",
            "caption": version.image_alt,
        },
        "version": str(version.number),
        "tag": list(dict.fromkeys([level.name, *version.tags])),
        "creator": issuer_profile(version.achievement.issuer, did),
        "alignment": [_alignment(alignment) for alignment in version.alignments],
        "resultDescription": [
            result_description(criterion_facts(criterion, base_url))
            for criterion in version.criteria
        ],
    }
    return _present(document)


def issuer_document(issuer: IssuerProfile, base_url: str, did: str) -> dict[str, Any]:
    """Describe an issuer at its own address.

    Source: Open Badges 3.0, Profile.
    """
    return {
        "@context": list(CONTEXTS),
        **issuer_profile(issuer, did),
        "otherIdentifier": [
            {
                "type": "IdentifierEntry",
                "identifier": issuer_address(base_url, issuer),
                "identifierType": "ext:profileUrl",
            }
        ],
    }


def issuer_profile(issuer: IssuerProfile, did: str) -> dict[str, Any]:
    """Describe an issuer as it stands inside other documents."""
    return _present(
        {
            "id": did,
            "type": ["Profile"],
            "name": issuer.name,
            "url": issuer.url,
            "email": issuer.email,
            "description": issuer.description,
        }
    )


def revoked_document(award_url: str, reason: str | None) -> dict[str, Any]:
    """Say that an award is revoked, and nothing else: the credential itself is not repeated."""
    return _present({"id": award_url, "revoked": True, "revocationReason": reason})


def _alignment(alignment: Alignment) -> dict[str, Any]:
    return _present(
        {
            "type": ["Alignment"],
            "targetName": alignment.target_name,
            "targetUrl": alignment.target_url,
            "targetFramework": alignment.target_framework,
            "targetCode": alignment.target_code,
            "targetType": alignment.target_type,
            "targetDescription": alignment.target_description,
        }
    )


def _present(members: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is missing: the schemas refuse nulls and empty lists."""
    return {name: value for name, value in members.items() if value not in (None, [], "")}
