"""What somebody says when they record an assessment: checked here, kept by the service. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.assessment.models import Decision
from app.catalog.models import Criterion
from app.core.errors import InvalidError


@dataclass(frozen=True)
class Judgement:
    """An assessment as somebody filled it in.

    `attempt_id`: the work that was on the page. `ratings`: rubric level id by
    criterion id. `reason`: the note to the learner. `parts`: ids of the criteria
    whose work is to be revised; none: all of it. `shown_artifact_ids`: what may
    be shown with the award. `holder_id`: who had the work when the page was shown.
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
