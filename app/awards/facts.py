"""What an award's credential is made of, gathered from the rows. Reads nothing else."""

from collections.abc import Mapping
from datetime import datetime

from app.catalog.models import AchievementVersion, Alignment, Criterion
from app.catalog.stack_models import StackPart
from app.catalog.usability import list_published_statuses
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
from app.credentials.openbadge import hash_recipient, normalise_email
from app.programme.models import IssuerProfile


def award_address(base_url: str, public_id: str) -> str:
    """Return where an award is verified: its page and its JSON."""
    return f"{base_url}/credentials/{public_id}"


def achievement_address(base_url: str, version: AchievementVersion) -> str:
    """Return the public address of one version of an achievement."""
    return f"{base_url}/achievements/{version.public_id}"


def image_address(base_url: str, version: AchievementVersion) -> str:
    """Return the public address of the picture of one version."""
    return f"{achievement_address(base_url, version)}/image.svg"


def png_address(base_url: str, version: AchievementVersion) -> str:
    """Return where the picture stands as PNG, for readers that take no SVG."""
    return f"{achievement_address(base_url, version)}/image.png"


def issuer_address(base_url: str, issuer: IssuerProfile) -> str:
    """Return the public address of an issuer's profile."""
    return f"{base_url}/issuers/{issuer.slug}"


def award_facts(
    base_url: str,
    public_id: str,
    *,
    valid_until: datetime | None,
    results: tuple[ResultFacts, ...] = (),
    evidence: tuple[EvidenceFacts, ...] = (),
    status: StatusFacts | None = None,
    now: datetime,
) -> AwardFacts:
    """Say which award it is: one that is made now."""
    return AwardFacts(
        id=award_address(base_url, public_id),
        awarded_at=now,
        valid_from=now,
        valid_until=valid_until,
        results=results,
        evidence=evidence,
        status=status,
    )


def issuer_facts(issuer: IssuerProfile, did: str) -> IssuerFacts:
    """Say in whose name the award is made."""
    return IssuerFacts(
        id=did,
        name=issuer.name,
        url=issuer.url,
        email=issuer.email,
        description=issuer.description,
    )


def achievement_facts(version: AchievementVersion, base_url: str) -> AchievementFacts:
    """Say for what the award is made."""
    level = version.achievement.level
    return AchievementFacts(
        id=achievement_address(base_url, version),
        achievement_type=level.achievement_type,
        name=version.name,
        description=version.description,
        criteria_narrative=version.criteria_narrative,
        image_url=image_address(base_url, version),
        image_caption=version.image_alt,
        version=str(version.number),
        tags=tuple(version.tags),
        alignments=tuple(_alignment_facts(alignment) for alignment in version.alignments),
        level_name=level.name,
        criteria=tuple(criterion_facts(each, base_url) for each in version.criteria),
        related=_related(version, base_url),
    )


def criterion_facts(criterion: Criterion, base_url: str) -> CriterionFacts:
    """Say what a criterion and its rubric are, under the addresses that are published."""
    address = criterion_address(base_url, criterion)
    enough = next((level for level in criterion.rubric_levels if level.is_enough), None)
    return CriterionFacts(
        id=address,
        name=criterion.name,
        required_level=f"{address}-{enough.position}" if enough else None,
        levels=tuple(
            LevelFacts(
                id=f"{address}-{level.position}",
                name=level.name,
                description=level.description,
                points=level.points,
            )
            for level in criterion.rubric_levels
        ),
    )


def criterion_address(base_url: str, criterion: Criterion) -> str:
    """Return the public address of a criterion; its levels add their position."""
    return f"{achievement_address(base_url, criterion.version)}#{criterion.key}"


def result_facts(
    version: AchievementVersion, reached: Mapping[int, int], base_url: str
) -> tuple[ResultFacts, ...]:
    """Say which rubric levels were reached; of criteria that nobody assessed, nothing.

    `reached`: a criterion's id → the id of one of its rubric levels.
    """
    results = []
    for criterion in version.criteria:
        level = next(
            (each for each in criterion.rubric_levels if each.id == reached.get(criterion.id)), None
        )
        if level is not None:
            address = criterion_address(base_url, criterion)
            results.append(ResultFacts(address, f"{address}-{level.position}"))
    return tuple(results)


def recipient_facts(*, email: str | None, lti_sub: str | None, salt: str) -> RecipientFacts | None:
    """Say who earned it, as a salted hash; `None` if neither e-mail nor LTI user id is known.

    Source: Open Badges 3.0, IdentityObject.
    """
    if email and email.strip():
        identity, kind = normalise_email(email), IdentityType.EMAIL_ADDRESS
    elif lti_sub:
        identity, kind = lti_sub, IdentityType.LTI_USER_ID
    else:
        return None
    return RecipientFacts(hash=hash_recipient(identity, salt), salt=salt, identity_type=kind.value)


def _alignment_facts(alignment: Alignment) -> AlignmentFacts:
    return AlignmentFacts(
        target_name=alignment.target_name,
        target_url=alignment.target_url,
        target_framework=alignment.target_framework,
        target_code=alignment.target_code,
        target_type=alignment.target_type,
        target_description=alignment.target_description,
    )


def _related(version: AchievementVersion, base_url: str) -> tuple[str, ...]:
    """Return the addresses of a certificate's parts, each in the newest version that counts."""
    counted = (_newest_counted(part) for group in version.part_groups for part in group.parts)
    return tuple(achievement_address(base_url, each) for each in counted if each is not None)


def _newest_counted(part: StackPart) -> AchievementVersion | None:
    counted = [
        version
        for version in part.achievement.versions
        if version.status.value in list_published_statuses()
        and (part.versions is None or version.number in part.versions)
        and version.number >= (part.from_version or 0)
    ]
    return counted[-1] if counted else None
