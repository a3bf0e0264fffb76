"""Work taken over by reference: from an earlier attempt, or from another assignment.

Two artifacts may then share one stored file; it goes when neither names it any more.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app.catalog.models import Criterion
from app.core.errors import InvalidError
from app.evidence.drafts import (
    TOO_MANY_LINKS,
    begin_attempt,
    copy_artifact,
    find_draft,
    find_previous,
    has_room,
)
from app.evidence.models import Artifact, ArtifactKind, Attempt, Submission
from app.evidence.parts import require_part
from app.mapping.models import Assignment


def begin_revision(
    session: Session, submission: Submission, parts: Sequence[Criterion], *, now: datetime
) -> Attempt | None:
    """Begin the next draft of a work of which only some parts are to be revised.

    It holds all of the last attempt, by reference; what belongs to other parts is
    locked. `None` if no part is named, if a draft is there, or if another
    submission of the group holds the attempts.
    """
    previous = find_previous(submission)
    is_ours = submission.lead_id is None and find_draft(submission) is None
    if not parts or previous is None or not is_ours:
        return None
    draft = begin_attempt(session, submission, now=now)
    draft.open_parts = sorted(criterion.id for criterion in parts)
    draft.artifacts.extend(copy_artifact(each, now=now) for each in previous.artifacts)
    session.flush()
    return draft


def begin_again(
    session: Session, submission: Submission, withdrawn: Attempt, *, now: datetime
) -> Attempt:
    """Begin a draft that holds what was taken back, by reference."""
    draft = begin_attempt(session, submission, now=now)
    draft.open_parts = withdrawn.open_parts
    draft.artifacts.extend(copy_artifact(each, now=now) for each in withdrawn.artifacts)
    session.flush()
    return draft


def take_over(
    session: Session,
    assignment: Assignment,
    submission: Submission,
    artifacts: Sequence[Artifact],
    *,
    criterion_id: int | None,
    now: datetime,
) -> None:
    """Put these into a part of the draft; what is there already is there once.

    Raises: `InvalidError` if there is no such part, or no room in it;
        `ConflictError` if it is not to be revised.
    """
    draft = find_draft(submission) or begin_attempt(session, submission, now=now)
    require_part(assignment, draft, criterion_id)
    for artifact in artifacts:
        wanted = (artifact.kind, artifact.sha256, criterion_id)
        if wanted in {(each.kind, each.sha256, each.criterion_id) for each in draft.artifacts}:
            continue
        if not has_room(assignment, draft, artifact.kind, criterion_id):
            raise InvalidError(_no_room(assignment, artifact.kind))
        copy = copy_artifact(artifact, now=now)
        copy.criterion_id = criterion_id
        draft.artifacts.append(copy)
    draft.revision += 1
    session.flush()


def _no_room(assignment: Assignment, kind: ArtifactKind) -> str:
    if kind is ArtifactKind.FILE:
        return f"{assignment.max_files} files at most can be handed in. Remove one first."
    if kind is ArtifactKind.LINK:
        return TOO_MANY_LINKS
    return "There is a text already. Empty it first, or copy from the earlier one by hand."
