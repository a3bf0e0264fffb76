"""An achievement's content, from the document to rows and back. Pure."""

from app.catalog.document import (
    AchievementSpec,
    AlignmentSpec,
    CriterionSpec,
    RubricLevelSpec,
)
from app.catalog.models import AchievementVersion, Alignment, Criterion, RubricLevel


def build_criteria(spec: AchievementSpec) -> list[Criterion]:
    """Return the rows of a document's criteria and their rubric levels."""
    return [
        Criterion(
            position=position,
            key=criterion.key,
            name=criterion.name,
            description=criterion.description,
            is_required=criterion.required,
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
        criteria=[_criterion_spec(criterion) for criterion in version.criteria],
        alignments=[
            AlignmentSpec.model_validate(
                {name: getattr(alignment, name) for name in AlignmentSpec.model_fields}
            )
            for alignment in version.alignments
        ],
    )


def _criterion_spec(criterion: Criterion) -> CriterionSpec:
    steps = criterion.rubric_levels
    return CriterionSpec(
        key=criterion.key,
        name=criterion.name,
        description=criterion.description,
        required=criterion.is_required,
        required_level=steps[criterion.required_position].name,
        levels=[
            RubricLevelSpec(name=step.name, description=step.description, points=step.points)
            for step in steps
        ],
    )
