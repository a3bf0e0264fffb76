"""The parts of a work: the work for one criterion each, or all of it as one."""

from app.core.errors import ConflictError, InvalidError
from app.evidence.models import Artifact, ArtifactKind, Attempt
from app.mapping.models import Assignment


def list_part_ids(assignment: Assignment) -> list[int | None]:
    """Return the criterion of each part; `None` stands for the whole assignment."""
    if assignment.is_by_criterion:
        return [criterion.id for criterion in assignment.criteria]
    return [None]


def is_locked(draft: Attempt | None, criterion_id: int | None) -> bool:
    """Return whether a part stays as it was: a revision was asked for of others only."""
    if draft is None or draft.open_parts is None or criterion_id is None:
        return False
    return criterion_id not in draft.open_parts


def require_part(assignment: Assignment, draft: Attempt | None, criterion_id: int | None) -> None:
    """Refuse work for a part that this assignment does not have, or that is not to be revised.

    Raises: `InvalidError`; `ConflictError` for a locked part.
    """
    if criterion_id not in list_part_ids(assignment):
        raise InvalidError("This assignment has no such part. Load the page again.")
    require_open(draft, criterion_id)


def require_open(draft: Attempt | None, criterion_id: int | None) -> None:
    """Refuse to touch a part that is not to be revised.

    Raises: `ConflictError`.
    """
    if is_locked(draft, criterion_id):
        raise ConflictError(
            "This part of your work is not to be revised: it stays as you handed it in."
        )


def list_of_part(
    attempt: Attempt | None, kind: ArtifactKind, criterion_id: int | None = None
) -> list[Artifact]:
    """Return the artifacts of one kind in one part, in the order in which they came."""
    artifacts = attempt.artifacts if attempt else []
    return [each for each in artifacts if each.kind is kind and each.criterion_id == criterion_id]


def find_text(attempt: Attempt | None, criterion_id: int | None = None) -> Artifact | None:
    """Return the text of one part."""
    return next(iter(list_of_part(attempt, ArtifactKind.TEXT, criterion_id)), None)
