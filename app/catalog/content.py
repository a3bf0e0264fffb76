"""An achievement's content, from the document to rows and back. Pure."""

from app.catalog.document import (
    AchievementSpec,
    AlignmentSpec,
    CriterionSpec,
    RubricLevelSpec,
)
from app.catalog.models import AchievementVersion, Alignment, Criterion, RubricLevel
from app.catalog.parts import PartGroupSpec, PartSpec
from app.catalog.stack_models import StackGroup


def fill_version(version: AchievementVersion, spec: AchievementSpec) -> None:
    """Write a document's content into a version that has no content as rows yet.

    All but its parts, which are other achievements: `stacks.keep_parts` finds them.
    """
    version.name = spec.name
    version.description = spec.description
    version.criteria_narrative = spec.criteria_narrative
    version.image_alt = spec.image_alt
    version.tags = list(spec.tags)
    version.pass_rule = spec.pass_rule.model_dump(mode="json", exclude_none=True)
    version.issuing_unit = spec.issuing_unit
    version.validity_months = spec.validity_months
    version.renewal = spec.renewal
    version.grantors_needed = spec.grantors_needed
    version.is_anonymous = spec.is_anonymous
    version.criteria = build_criteria(spec)
    version.alignments = build_alignments(spec)


def build_criteria(spec: AchievementSpec) -> list[Criterion]:
    """Return the rows of a document's criteria and their rubric levels."""
    return [
        Criterion(
            position=position,
            key=criterion.key,
            name=criterion.name,
            description=criterion.description,
            is_required=criterion.required,
            weight=criterion.weight,
            required_position=criterion.required_position,
            rubric_levels=[
                RubricLevel(position=step, **level.model_dump())
                for step, level in enumerate(criterion.levels)
            ],
        )
        for position, criterion in enumerate(spec.criteria)
    ]


def build_alignments(spec: AchievementSpec) -> list[Alignment]:
    """Return the rows of a document's alignments."""
    return [Alignment(**alignment.model_dump()) for alignment in spec.alignments]


def content_of(version: AchievementVersion) -> AchievementSpec:
    """Return what a version says, as its document said it, so that the two can be compared."""
    return AchievementSpec(
        slug=version.achievement.slug,
        issuer=version.achievement.issuer.slug,
        level=version.achievement.level.key,
        name=version.name,
        description=version.description,
        criteria_narrative=version.criteria_narrative,
        image_alt=version.image_alt,
        tags=list(version.tags),
        pass_rule=version.rule,
        issuing_unit=version.issuing_unit,
        validity_months=version.validity_months,
        renewal=version.renewal,
        grantors_needed=version.grantors_needed,
        is_anonymous=version.is_anonymous,
        criteria=[_criterion_spec(criterion) for criterion in version.criteria],
        alignments=[
            AlignmentSpec.model_validate(
                {name: getattr(alignment, name) for name in AlignmentSpec.model_fields}
            )
            for alignment in version.alignments
        ],
        parts=[_group_spec(group) for group in version.part_groups],
    )


def _group_spec(group: StackGroup) -> PartGroupSpec:
    return PartGroupSpec(
        need=None if group.needed == len(group.parts) else group.needed,
        of=[
            PartSpec(
                achievement=part.achievement.slug,
                from_version=part.from_version,
                versions=part.versions,
            )
            for part in group.parts
        ],
    )


def _criterion_spec(criterion: Criterion) -> CriterionSpec:
    steps = criterion.rubric_levels
    return CriterionSpec(
        key=criterion.key,
        name=criterion.name,
        description=criterion.description,
        required=criterion.is_required,
        weight=criterion.weight,
        required_level=steps[criterion.required_position].name,
        levels=[
            RubricLevelSpec(name=step.name, description=step.description, points=step.points)
            for step in steps
        ],
    )
