"""What a credential says, and whether it speaks of the award that it is stored with. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

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
class SignedLevel:
    """One rubric level. `id`: its address; `is_enough`: it meets its criterion."""

    id: str
    name: str
    description: str
    points: str
    is_enough: bool


@dataclass(frozen=True)
class SignedCriterion:
    """One criterion with its rubric, lowest level first. `id`: its address."""

    id: str
    name: str
    levels: tuple[SignedLevel, ...]


@dataclass(frozen=True)
class SignedPiece:
    """A piece of work that is shown with the award; `None` where nothing is said."""

    name: str
    url: str | None
    narrative: str | None
    media_type: str | None
    digest: str | None


@dataclass(frozen=True)
class ShownFacts:
    """What the page says of an award; `expires_at`: `None` if it never does.

    `reissued_at`: when it was issued again; `None` if it never was. `reached`: a
    criterion's id → the id of the rubric level that was reached.
    """

    name: str
    description: str
    narrative: str
    image_alt: str
    level_name: str
    issuer_name: str
    awarded_at: datetime
    expires_at: datetime | None
    skills: tuple[Skill, ...]
    reissued_at: datetime | None = None
    criteria: tuple[SignedCriterion, ...] = ()
    reached: Mapping[str, str] = field(default_factory=dict)
    evidence: tuple[SignedPiece, ...] = ()


@dataclass(frozen=True)
class Record:
    """What the rows say an award's credential must be about. The addresses are whole."""

    address: str
    achievement: str
    awarded_at: datetime
    valid_until: datetime | None


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


def check_belongs(credential: Mapping[str, Any], record: Record) -> None:
    """Refuse a credential, however well signed, that speaks of something else than its award.

    The issuer is compared when the signature is checked.
    Raises: `InvalidError`.
    """
    if credential["id"] != encode_iri(record.address):
        raise InvalidError("The credential that is stored here belongs to another award.")
    achievement = credential["credentialSubject"]["achievement"]
    if achievement.get("id") != encode_iri(record.achievement):
        raise InvalidError("The credential is about another micro-credential.")
    if credential.get("awardedDate") != timestamp(record.awarded_at):
        raise InvalidError("The credential was awarded at another time than recorded here.")
    if credential.get("validUntil") != (
        timestamp(record.valid_until) if record.valid_until else None
    ):
        raise InvalidError("The credential ends at another time than recorded here.")


def signed_facts(credential: Mapping[str, Any]) -> ShownFacts:
    """Return what a verified credential of ours says.

    Raises: `InvalidError` if it does not say all that the page shows.
    """
    try:
        achievement = credential["credentialSubject"]["achievement"]
        awarded_at, expires_at, reissued_at = signed_moments(credential)
        return ShownFacts(
            name=achievement["name"],
            description=achievement["description"],
            narrative=achievement["criteria"]["narrative"],
            image_alt=achievement["image"].get("caption", ""),
            level_name=achievement["tag"][0],  # see credentials.openbadge: the level comes first
            issuer_name=credential["issuer"]["name"],
            awarded_at=awarded_at,
            expires_at=expires_at,
            reissued_at=reissued_at,
            skills=tuple(
                Skill(
                    skill["targetName"],
                    skill["targetUrl"],
                    skill.get("targetFramework"),
                    skill.get("targetCode"),
                )
                for skill in achievement.get("alignment", ())
            ),
            criteria=tuple(map(_criterion, achievement.get("resultDescription", ()))),
            reached=signed_results(credential),
            evidence=tuple(map(_piece, credential.get("evidence", ()))),
        )
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise InvalidError("The credential does not say all that it should.") from error


def signed_moments(
    credential: Mapping[str, Any],
) -> tuple[datetime, datetime | None, datetime | None]:
    """Return when it was awarded, when it ends, and when it was issued again, if it was.

    Raises: `LookupError` or `ValueError` if it does not say so.
    """
    awarded, expires = credential["awardedDate"], credential.get("validUntil")
    valid_from = credential["validFrom"]
    return (
        datetime.fromisoformat(awarded),
        datetime.fromisoformat(expires) if expires else None,
        datetime.fromisoformat(valid_from) if valid_from != awarded else None,
    )


def signed_results(credential: Mapping[str, Any]) -> dict[str, str]:
    """Return which rubric level was reached at which criterion: their ids."""
    return {
        result["resultDescription"]: result["achievedLevel"]
        for result in credential["credentialSubject"].get("result", ())
    }


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


def _criterion(described: Mapping[str, Any]) -> SignedCriterion:
    levels = described.get("rubricCriterionLevel", ())
    ids = [level["id"] for level in levels]
    required = described.get("requiredLevel")
    enough = ids.index(required) if required in ids else len(ids)
    return SignedCriterion(
        id=described["id"],
        name=described["name"],
        levels=tuple(
            SignedLevel(
                id=level["id"],
                name=level["name"],
                description=level.get("description", ""),
                points=level.get("points", ""),
                is_enough=place >= enough,
            )
            for place, level in enumerate(levels)
        ),
    )


def _piece(evidence: Mapping[str, Any]) -> SignedPiece:
    return SignedPiece(
        name=evidence.get("name", ""),
        url=evidence.get("id"),
        narrative=evidence.get("narrative"),
        media_type=evidence.get("mediaType"),
        digest=evidence.get("digestMultibase"),
    )
