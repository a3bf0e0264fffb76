"""What a credential says, and whether it speaks of the award that it is stored with. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.awards.facts import achievement_address, award_address
from app.awards.models import Award
from app.core.errors import InvalidError
from app.credentials.text import encode_iri, timestamp


@dataclass(frozen=True)
class Skill:
    """A skill that an achievement shows; `None` where nothing is known."""

    target_name: str
    target_url: str
    target_framework: str | None
    target_code: str | None


@dataclass(frozen=True)
class ShownFacts:
    """What the page says of an award; `expires_at`: `None` if it never does."""

    name: str
    description: str
    narrative: str
    image_alt: str
    level_name: str
    issuer_name: str
    awarded_at: datetime
    expires_at: datetime | None
    skills: tuple[Skill, ...]


def read_credential(text: str) -> dict[str, Any]:
    """Read a stored credential.

    Raises: `InvalidError` if it is no JSON object.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidError("The stored credential cannot be read.") from error
    if not isinstance(document, dict):
        raise InvalidError("The stored credential is no credential.")
    return document


def check_belongs(credential: Mapping[str, Any], award: Award, *, base_url: str) -> None:
    """Refuse a credential, however well signed, that speaks of something else than its award.

    The issuer is compared when the signature is checked.
    Raises: `InvalidError`.
    """
    if credential["id"] != encode_iri(award_address(base_url, award.public_id)):
        raise InvalidError("The credential that is stored here belongs to another award.")
    achievement = credential["credentialSubject"]["achievement"]
    if achievement.get("id") != encode_iri(achievement_address(base_url, award.version)):
        raise InvalidError("The credential is about another micro-credential.")
    if credential.get("awardedDate") != timestamp(award.awarded_at):
        raise InvalidError("The credential was awarded at another time than recorded here.")
    if credential.get("validUntil") != (
        timestamp(award.valid_until) if award.valid_until else None
    ):
        raise InvalidError("The credential ends at another time than recorded here.")


def signed_facts(credential: Mapping[str, Any]) -> ShownFacts:
    """Return what a verified credential of ours says.

    Raises: `InvalidError` if it does not say all that the page shows.
    """
    expires = credential.get("validUntil")
    try:
        achievement = credential["credentialSubject"]["achievement"]
        return ShownFacts(
            name=achievement["name"],
            description=achievement["description"],
            narrative=achievement["criteria"]["narrative"],
            image_alt=achievement["image"].get("caption", ""),
            level_name=achievement["tag"][0],  # see credentials.openbadge: the level comes first
            issuer_name=credential["issuer"]["name"],
            awarded_at=datetime.fromisoformat(credential["awardedDate"]),
            expires_at=datetime.fromisoformat(expires) if expires else None,
            skills=tuple(
                Skill(
                    skill["targetName"],
                    skill["targetUrl"],
                    skill.get("targetFramework"),
                    skill.get("targetCode"),
                )
                for skill in achievement.get("alignment", ())
            ),
        )
    except (LookupError, TypeError, ValueError) as error:
        raise InvalidError("The credential does not say all that it should.") from error


def recorded_facts(award: Award) -> ShownFacts:
    """Return what the issuer's records say of an award whose credential does not hold."""
    version = award.version
    return ShownFacts(
        name=version.name,
        description=version.description,
        narrative=version.criteria_narrative,
        image_alt=version.image_alt,
        level_name=version.achievement.level.name,
        issuer_name=version.achievement.issuer.name,
        awarded_at=award.awarded_at,
        expires_at=award.valid_until,
        skills=tuple(
            Skill(
                alignment.target_name,
                alignment.target_url,
                alignment.target_framework,
                alignment.target_code,
            )
            for alignment in version.alignments
        ),
    )
