"""The parts of a credential that not every award has: results, evidence, status, endorsement."""

import json
from collections.abc import Sequence
from typing import Any, Final

from app.core.errors import InvalidError
from app.credentials.facts import (
    AchievementFacts,
    CriterionFacts,
    EvidenceFacts,
    LevelFacts,
    ResultFacts,
    StatusFacts,
)
from app.credentials.members import distinct, optional, present, required
from app.credentials.text import encode_iri

# Every purpose but this one is unknown to some verifier.
STATUS_PURPOSE: Final = "revocation"
STATUS_TYPE: Final = "BitstringStatusListEntry"
SCHEMA: Final = {
    "id": "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/"
    "ob_v3p0_achievementcredential_schema.json",
    "type": "1EdTechJsonSchemaValidator2019",
}


def result_description(criterion: CriterionFacts) -> dict[str, Any]:
    """Describe a criterion and its rubric, as it stands in an achievement.

    Source: Open Badges 3.0, ResultDescription, RubricCriterionLevel.
    """
    return present(
        {
            "id": encode_iri(criterion.id),
            "type": ["ResultDescription"],
            "name": required(criterion.name, "A criterion needs a name."),
            "resultType": "RubricCriterionLevel",
            "requiredLevel": encode_iri(criterion.required_level)
            if criterion.required_level
            else None,
            "rubricCriterionLevel": [_level(level) for level in criterion.levels],
        }
    )


def result(reached: ResultFacts) -> dict[str, Any]:
    """Say which level was reached at one criterion.

    Source: Open Badges 3.0, Result.
    """
    return {
        "type": ["Result"],
        "resultDescription": encode_iri(reached.criterion_id),
        "achievedLevel": encode_iri(reached.level_id),
    }


def check_results(results: Sequence[ResultFacts], achievement: AchievementFacts) -> None:
    """Refuse a result that its achievement does not describe, or that is said twice.

    Raises: `InvalidError`.
    """
    if not results:
        return
    known = {
        (criterion.id, level.id) for criterion in achievement.criteria for level in criterion.levels
    }
    if any((each.criterion_id, each.level_id) not in known for each in results):
        raise InvalidError("A result is about a criterion or level that the achievement lacks.")
    if len({each.criterion_id for each in results}) != len(results):
        raise InvalidError("A criterion has two results.")


def evidence(shown: Sequence[EvidenceFacts]) -> list[dict[str, Any]]:
    """Name the pieces of work that everybody may see.

    Source: Open Badges 3.0, Evidence; VC Data Model 2.0, section 5.3 (integrity of related
        resources), for its digest and media type.
    """
    return distinct(_piece(piece) for piece in shown)


def status_entry(status: StatusFacts) -> dict[str, str]:
    """Say where the award's status stands. One object: the schemas refuse an array.

    Source: W3C Bitstring Status List 1.0, section 2.1.
    """
    if status.index < 0:
        raise InvalidError("A status list has no bit before its first.")
    address = encode_iri(status.list_url)
    return {
        "id": f"{address}#{status.index}",
        "type": STATUS_TYPE,
        "statusPurpose": STATUS_PURPOSE,
        "statusListIndex": str(status.index),
        "statusListCredential": address,
    }


def related(addresses: Sequence[str]) -> list[dict[str, Any]]:
    """Name the achievements of which a certificate consists."""
    return distinct({"id": encode_iri(address), "type": ["Related"]} for address in addresses)


def endorsements(text: str | None) -> list[dict[str, Any]]:
    """Return the committee's signed endorsement, as it was signed; nothing if there is none."""
    return [json.loads(text)] if text else []


def _level(level: LevelFacts) -> dict[str, Any]:
    return present(
        {
            "id": encode_iri(level.id),
            "type": ["RubricCriterionLevel"],
            "name": required(level.name, "A rubric level needs a name."),
            "description": optional(level.description),
            "points": str(level.points),
        }
    )


def _piece(piece: EvidenceFacts) -> dict[str, Any]:
    return present(
        {
            "id": encode_iri(piece.id) if piece.id else None,
            "type": ["Evidence"],
            "name": required(piece.name, "A piece of evidence needs a name."),
            "narrative": optional(piece.narrative),
            "genre": optional(piece.genre),
            "digestMultibase": optional(piece.digest_multibase),
            "mediaType": optional(piece.media_type),
        }
    )
