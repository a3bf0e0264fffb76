"""An award, its badge and its issuer as Open Badges 2.0 describes them, for older backpacks. Pure.

Source: Open Badges 2.0, Assertion, BadgeClass, Profile, HostedBadge verification.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from app.core.errors import InvalidError
from app.credentials.facts import (
    AchievementFacts,
    AlignmentFacts,
    EvidenceFacts,
    IdentityType,
    IssuerFacts,
    RecipientFacts,
)
from app.credentials.text import clean_text, encode_iri, timestamp

CONTEXT: Final = "https://w3id.org/openbadges/v2"


def build_assertion(
    *,
    address: str,
    badge_url: str,
    image_url: str,
    recipient: RecipientFacts,
    awarded_at: datetime,
    expires_at: datetime | None,
    evidence: Sequence[EvidenceFacts] = (),
) -> dict[str, Any]:
    """Build the hosted assertion of an award; it counts for what stands at its address alone.

    The hash and the salt are those of the signed credential: both generations hash alike.
    Raises: `InvalidError` if the recipient is not known by an e-mail address, for this
        generation knows nobody otherwise.
    """
    if recipient.identity_type != IdentityType.EMAIL_ADDRESS:
        raise InvalidError("Open Badges 2.0 knows a recipient by e-mail address only.")
    return _present(
        {
            "@context": CONTEXT,
            "type": "Assertion",
            "id": encode_iri(address),
            "recipient": {
                "type": "email",
                "hashed": True,
                "salt": recipient.salt,
                "identity": recipient.hash,
            },
            "badge": encode_iri(badge_url),
            "verification": {"type": "HostedBadge"},
            "issuedOn": timestamp(awarded_at),
            "expires": timestamp(expires_at) if expires_at else None,
            "image": encode_iri(image_url),
            "evidence": [_evidence(facts) for facts in evidence],
        }
    )


def build_revoked(address: str, reason: str | None) -> dict[str, Any]:
    """Build all that is left of a revoked assertion.

    The reference validator takes a whole one for good, whatever it says of revocation.
    """
    return _present(
        {
            "@context": CONTEXT,
            "type": "Assertion",
            "id": encode_iri(address),
            "revoked": True,
            "revocationReason": clean_text(reason or ""),
        }
    )


def build_badge_class(
    achievement: AchievementFacts, *, address: str, issuer_url: str
) -> dict[str, Any]:
    """Build the badge class of one version of an achievement."""
    tags = dict.fromkeys(clean_text(tag) for tag in (achievement.level_name, *achievement.tags))
    return _present(
        {
            "@context": CONTEXT,
            "type": "BadgeClass",
            "id": encode_iri(address),
            "name": clean_text(achievement.name),
            "description": clean_text(achievement.description),
            "image": _present(
                {
                    "id": encode_iri(achievement.image_url),
                    "caption": clean_text(achievement.image_caption),
                }
            ),
            "criteria": {
                "id": encode_iri(achievement.id),
                "narrative": clean_text(achievement.criteria_narrative),
            },
            "issuer": encode_iri(issuer_url),
            "tags": [tag for tag in tags if tag],
            "alignment": [_alignment(facts) for facts in achievement.alignments],
        }
    )


def build_issuer(issuer: IssuerFacts, *, address: str) -> dict[str, Any]:
    """Build the profile of an issuer; its assertions are hosted where the profile is.

    The standard wants an e-mail address; of an issuer without one, none is made up.
    """
    return _present(
        {
            "@context": CONTEXT,
            "type": "Issuer",
            "id": encode_iri(address),
            "name": clean_text(issuer.name),
            "url": encode_iri(issuer.url),
            "email": clean_text(issuer.email or ""),
            "description": clean_text(issuer.description or ""),
        }
    )


def _evidence(facts: EvidenceFacts) -> dict[str, Any]:
    return _present(
        {
            "type": "Evidence",
            "id": encode_iri(facts.id) if facts.id else None,
            "name": clean_text(facts.name),
            "narrative": clean_text(facts.narrative or ""),
            "genre": clean_text(facts.genre or ""),
        }
    )


def _alignment(facts: AlignmentFacts) -> dict[str, Any]:
    return _present(
        {
            "targetName": clean_text(facts.target_name),
            "targetUrl": encode_iri(facts.target_url),
            "targetFramework": clean_text(facts.target_framework or ""),
            "targetCode": clean_text(facts.target_code or ""),
            "targetDescription": clean_text(facts.target_description or ""),
        }
    )


def _present(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value not in (None, "", [])}
