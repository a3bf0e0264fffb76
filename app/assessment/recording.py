"""What somebody says when they record an assessment: checked here, kept by the service. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.assessment.models import Decision
from app.catalog.models import Criterion
from app.core.errors import InvalidError
from app.evidence.models import Artifact, ScanState


@dataclass(frozen=True)
class Judgement:
    """An assessment as somebody filled it in.

    `attempt_id`: the work that was on the page. `ratings`: rubric level id by
    criterion id. `reason`: the note to the learner. `parts`: ids of the criteria
    whose work is to be revised; none: all of it. `shown_artifact_ids`: what may
    be shown with the award.
    """

    attempt_id: int
    ratings: Mapping[int, int]
    decision: Decision
    comments: Mapping[int, str] = field(default_factory=dict)
    reason: str = ""
    staff_note: str = ""
    parts: frozenset[int] = frozenset()
    shown_artifact_ids: frozenset[int] = frozenset()
    states_no_conflict: bool = False


def check_judgement(
    judgement: Judgement, criteria: Sequence[Criterion], shortfalls: Sequence[Criterion]
) -> None:
    """Refuse what does not fit together.

    Raises: `InvalidError`.
    """
    decision = judgement.decision
    if decision is Decision.MET and shortfalls:
        names = ", ".join(f"“{criterion.name}”" for criterion in shortfalls)
        raise InvalidError(f"It cannot be met while a required level is not reached: {names}.")
    if decision is not Decision.MET and not judgement.reason.strip():
        raise InvalidError("Give the learner a reason for this decision.")
    if judgement.parts and decision is not Decision.REVISION:
        raise InvalidError("Parts to revise can be named only when a revision is requested.")
    if not judgement.parts <= {criterion.id for criterion in criteria}:
        raise InvalidError("One of the parts to revise is no criterion of this assignment.")
    if not judgement.states_no_conflict:
        raise InvalidError("Say that you have no conflict of interest with whoever handed this in.")


def is_showable(artifact: Artifact) -> bool:
    """Return whether an artifact is fit to be shown with an award.

    Not while it is being checked for malware, nor if some was found; a file that no
    scanner looked at is: whether there is one, the institution has decided.
    """
    is_suspect = artifact.scan_state in {ScanState.WAITING, ScanState.INFECTED}
    return artifact.deleted_at is None and not is_suspect


def choose_shown(
    judgement: Judgement, artifacts: Sequence[Artifact], *, may_be_shown: bool
) -> list[Artifact]:
    """Return the artifacts that may be shown with the award.

    `may_be_shown`: the badge is of a level that shares evidence at all.
    Raises: `InvalidError` if one is not part of this work, or may not be shown.
    """
    ids = judgement.shown_artifact_ids
    if ids and not may_be_shown:
        raise InvalidError("Work for a badge of this level is never shown outside.")
    if ids and judgement.decision is not Decision.MET:
        raise InvalidError("Only work that is met can be shown with the award.")
    shown = [artifact for artifact in artifacts if artifact.id in ids]
    if len(shown) != len(ids):
        raise InvalidError("One of the artifacts to show is not part of this work.")
    if not all(is_showable(artifact) for artifact in shown):
        raise InvalidError("A file that is not known to be clean cannot be shown with the award.")
    return shown
