"""The committee's word for an achievement, as a credential of its own inside every award's."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.credentials.facts import IssuerFacts
from app.credentials.members import optional, present, required
from app.credentials.openbadge import CONTEXTS, profile
from app.credentials.text import encode_iri, timestamp


@dataclass(frozen=True, slots=True)
class EndorsementFacts:
    """Who endorses which achievement, when and in what words. `comment`: `None` for none."""

    id: str
    achievement_id: str
    name: str
    comment: str | None
    endorser: IssuerFacts
    endorsed_at: datetime


def build_endorsement(endorsement: EndorsementFacts) -> dict[str, Any]:
    """Build the unsigned endorsement of an achievement.

    It names its contexts itself, because some verifiers take it out and read it alone.

    Raises: `InvalidError` if a required text is empty, or an address is incomplete.
    Source: Open Badges 3.0, EndorsementCredential.
    """
    return {
        "@context": list(CONTEXTS),
        "id": encode_iri(endorsement.id),
        "type": ["VerifiableCredential", "EndorsementCredential"],
        "name": required(endorsement.name, "The endorsement needs a name."),
        "issuer": profile(endorsement.endorser),
        "validFrom": timestamp(endorsement.endorsed_at),
        "credentialSubject": present(
            {
                "id": encode_iri(endorsement.achievement_id),
                "type": ["EndorsementSubject"],
                "endorsementComment": optional(endorsement.comment),
            }
        ),
    }
