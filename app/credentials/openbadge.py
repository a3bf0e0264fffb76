"""An award as an unsigned Open Badges 3.0 credential."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from app.core.errors import InvalidError
from app.credentials.facts import (
    AchievementFacts,
    AlignmentFacts,
    AwardFacts,
    IssuerFacts,
    RecipientFacts,
)
from app.credentials.members import distinct, optional, present, required
from app.credentials.openbadge_parts import (
    SCHEMA,
    check_results,
    endorsements,
    evidence,
    related,
    result,
    result_description,
    status_entry,
)
from app.credentials.text import clean_text, encode_iri, timestamp

# Their order is fixed by the standard.
CONTEXTS = (
    "https://www.w3.org/ns/credentials/v2",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
)
# Defines the type of `credentialSchema`, without which that would not be signed.
EXTENSIONS_CONTEXT = "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"
CREDENTIAL_TYPES = ("VerifiableCredential", "OpenBadgeCredential")

# Source: Open Badges 3.0, AchievementType and AlignmentTargetType enumerations.
ACHIEVEMENT_TYPES = frozenset(
    {
        "Achievement",
        "ApprenticeshipCertificate",
        "Assessment",
        "Assignment",
        "AssociateDegree",
        "Award",
        "Badge",
        "BachelorDegree",
        "Certificate",
        "CertificateOfCompletion",
        "Certification",
        "CommunityService",
        "Competency",
        "Course",
        "CoCurricular",
        "Degree",
        "Diploma",
        "DoctoralDegree",
        "Fieldwork",
        "GeneralEducationDevelopment",
        "JourneymanCertificate",
        "LearningProgram",
        "License",
        "Membership",
        "ProfessionalDoctorate",
        "QualityAssuranceCredential",
        "MasterCertificate",
        "MasterDegree",
        "MicroCredential",
        "ResearchDoctorate",
        "SecondarySchoolDiploma",
    }
)
TARGET_TYPES = frozenset(
    {
        "ceasn:Competency",
        "ceterms:Credential",
        "CFItem",
        "CFRubric",
        "CFRubricCriterion",
        "CFRubricCriterionLevel",
        "CTDL",
    }
)
_EXTENSION = re.compile(r"ext:[A-Za-z0-9._-]+")


def normalise_email(email: str) -> str:
    """Return the spelling of an e-mail address that is hashed: trimmed, in lower case."""
    return email.strip().lower()


def hash_recipient(identity: str, salt: str) -> str:
    """Hash who the recipient is, so that the credential names nobody.

    Give e-mail addresses through `normalise_email`; LTI user ids are case-sensitive and go in
    as they are.
    Source: Open Badges 3.0, IdentityHash.
    """
    return "sha256$" + hashlib.sha256((identity + salt).encode()).hexdigest()


def build_credential(
    award: AwardFacts,
    recipient: RecipientFacts,
    achievement: AchievementFacts,
    issuer: IssuerFacts,
) -> dict[str, Any]:
    """Build the unsigned credential of an award.

    What is missing is left out: the schemas refuse nulls, and empty arrays cannot be signed.

    Raises: `InvalidError` if a required text is empty, an address is incomplete, a type is
        not one that the standard knows, or a result is not one of the achievement's.
    Source: Open Badges 3.0, AchievementCredential.
    """
    check_results(award.results, achievement)
    return present(
        {
            "@context": [*CONTEXTS, EXTENSIONS_CONTEXT],
            "id": encode_iri(award.id),
            "type": list(CREDENTIAL_TYPES),
            "name": required(achievement.name, "The achievement needs a name."),
            "issuer": profile(issuer),
            "validFrom": timestamp(award.valid_from),
            "validUntil": timestamp(award.valid_until) if award.valid_until else None,
            "awardedDate": timestamp(award.awarded_at),
            "credentialSubject": present(
                {
                    "type": ["AchievementSubject"],
                    "identifier": [_identity(recipient)],
                    "achievement": _achievement(achievement),
                    "result": [result(reached) for reached in award.results],
                }
            ),
            "evidence": evidence(award.evidence),
            "credentialSchema": [dict(SCHEMA)],
            "credentialStatus": status_entry(award.status) if award.status else None,
        }
    )


def to_json(document: Mapping[str, Any]) -> str:
    """Write a document as the text that is stored, and served byte for byte."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def profile(issuer: IssuerFacts) -> dict[str, Any]:
    """Describe an issuer as it stands inside a credential.

    Raises: `InvalidError` if its name is missing, or an address is incomplete.
    """
    return present(
        {
            "id": encode_iri(issuer.id),
            "type": ["Profile"],
            "name": required(issuer.name, "The issuer needs a name."),
            "url": encode_iri(issuer.url),
            "email": optional(issuer.email),
            "description": optional(issuer.description),
        }
    )


def identity_texts(recipient: RecipientFacts) -> tuple[str, str]:
    """Return the recipient's hash and its salt.

    Raises: `InvalidError` if one of them is missing.
    """
    return (
        required(recipient.hash, "The recipient's hash is missing."),
        required(recipient.salt, "The recipient's salt is missing."),
    )


def _identity(recipient: RecipientFacts) -> dict[str, Any]:
    identity_hash, salt = identity_texts(recipient)
    return {
        "type": "IdentityObject",
        "hashed": True,
        "identityHash": identity_hash,
        "identityType": required(recipient.identity_type, "The recipient's kind is missing."),
        "salt": salt,
    }


def _achievement(achievement: AchievementFacts) -> dict[str, Any]:
    if not _is_known(achievement.achievement_type, ACHIEVEMENT_TYPES):
        raise InvalidError(
            f"“{achievement.achievement_type}” is no achievement type of Open Badges 3.0; "
            "choose one of its list, or write ext:Name."
        )
    narrative = required(achievement.criteria_narrative, "The achievement needs criteria.")
    tags = (achievement.level_name, *achievement.tags)
    return present(
        {
            "id": encode_iri(achievement.id),
            "type": ["Achievement"],
            "achievementType": achievement.achievement_type,
            "name": required(achievement.name, "The achievement needs a name."),
            "description": required(
                achievement.description, "The achievement needs a description."
            ),
            "criteria": {"narrative": narrative},
            "image": present(
                {
                    "id": encode_iri(achievement.image_url),
                    "type": "Image",
                    "caption": optional(achievement.image_caption),
                }
            ),
            "version": optional(achievement.version),
            # The level is said in words too: a picture is not read by machines or by everyone.
            "tag": distinct(clean_text(tag) for tag in tags),
            "alignment": distinct(_alignment(facts) for facts in achievement.alignments),
            "resultDescription": [
                result_description(criterion) for criterion in achievement.criteria
            ],
            "related": related(achievement.related),
            "endorsement": endorsements(achievement.endorsement),
        }
    )


def _alignment(alignment: AlignmentFacts) -> dict[str, Any]:
    target_type = optional(alignment.target_type)
    if target_type is not None and not _is_known(target_type, TARGET_TYPES):
        raise InvalidError(
            f"“{target_type}” is no target type of Open Badges 3.0; "
            "choose one of its list, or write ext:Name."
        )
    return present(
        {
            "type": ["Alignment"],
            "targetName": required(alignment.target_name, "A skill needs a name."),
            "targetUrl": encode_iri(alignment.target_url),
            "targetFramework": optional(alignment.target_framework),
            "targetCode": optional(alignment.target_code),
            "targetType": target_type,
            "targetDescription": optional(alignment.target_description),
        }
    )


def _is_known(name: str, names: frozenset[str]) -> bool:
    return name in names or _EXTENSION.fullmatch(name) is not None
