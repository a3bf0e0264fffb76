"""What a draft still lacks before it can be handed in."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from app.catalog.models import Criterion
from app.core.errors import InvalidError
from app.evidence.drafts import find_draft
from app.evidence.group_lists import Asked, list_open
from app.evidence.intake import Work
from app.evidence.models import ArtifactKind, Attempt, Submission
from app.evidence.signing import list_unsigned
from app.mapping.models import Assignment

EMPTY = "Nothing has been added yet: there is nothing to hand in."


class IncompleteError(InvalidError):
    """Something is missing before the work can be handed in."""


class EmptySubmissionError(IncompleteError):
    """Nothing was handed in, or nothing for one of the criteria."""


class UnansweredError(IncompleteError):
    """Somebody was invited and has not answered, and nobody said to hand in without them."""


class UnsignedError(IncompleteError):
    """The assignment asks for a signed statement, and it was not signed."""


def list_shown_parts(draft: Attempt | None, sent: Work) -> frozenset[int | None]:
    """Return the parts for which a draft will hold something once what was sent is kept."""
    parts = {part.criterion_id: part for part in sent.parts}
    shown = {part.criterion_id for part in sent.parts if not part.is_empty}
    for artifact in draft.artifacts if draft else ():
        part = parts.get(artifact.criterion_id)
        is_replaced = part is not None and (
            (artifact.kind is ArtifactKind.LINK and part.links is not None)
            or (artifact.kind is ArtifactKind.TEXT and part.text is not None)
        )
        if not is_replaced and artifact.id != sent.removed_id:
            shown.add(artifact.criterion_id)
    return frozenset(shown)


def list_empty_parts(
    assignment: Assignment, shown: Collection[int | None], open_parts: Collection[int] | None
) -> list[Criterion]:
    """Return the required criteria for which there is nothing, where each asks for work.

    Not those that an award does not need, nor those that stay as they were
    (`Attempt.open_parts`). Work for the whole assignment, of before it asked by
    criterion, is for each of them.
    """
    if not assignment.is_by_criterion or None in shown:
        return []
    return [
        criterion
        for criterion in assignment.criteria
        if criterion.is_required
        and criterion.id not in shown
        and (open_parts is None or criterion.id in open_parts)
    ]


def require_complete(
    session: Session,
    assignment: Assignment,
    submission: Submission,
    *,
    learner_id: int,
    signed_statement: str,
    without: Collection[int],
    now: datetime,
) -> tuple[Attempt, list[Asked]]:
    """Return the draft that can be handed in, and who is left out of the group with that.

    Raises: `EmptySubmissionError` if there is nothing, or nothing for a required
        criterion where each asks for work; `UnsignedError` if the assignment's statement
        was not signed by all; `UnansweredError` if somebody invited has not answered who is
        not named in `without`.
    """
    draft = find_draft(submission)
    if draft is None or not draft.artifacts:
        raise EmptySubmissionError(EMPTY)
    shown = {artifact.criterion_id for artifact in draft.artifacts}
    if empty := list_empty_parts(assignment, shown, draft.open_parts):
        names = ", ".join(f"“{criterion.name}”" for criterion in empty)
        raise EmptySubmissionError(f"There is nothing yet for {names}.")
    if signed_statement != assignment.statement:
        raise UnsignedError("Sign the statement above the button: your work is handed in with it.")
    if missing := list_unsigned(session, assignment, submission, learner_id=learner_id, now=now):
        names = ", ".join(each.display_name for each in missing)
        raise UnsignedError(f"Not everybody has signed the statement yet: {names}.")
    left_out = list_open(session, submission) if assignment.takes_groups else []
    if waiting := [each.person for each in left_out if each.id not in without]:
        names = ", ".join(each.display_name for each in waiting)
        raise UnansweredError(f"Not everybody has answered your invitation yet: {names}.")
    return draft, left_out
