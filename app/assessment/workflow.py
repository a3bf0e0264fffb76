"""What may happen next to a submission, and what the gradebook then says. Pure."""

from app.catalog.pass_rule import Standing
from app.core.errors import ConflictError

WAITING = frozenset({"submitted", "in_assessment"})
STATUS_AFTER = {"met": "met", "revision": "revision_requested", "not_met": "not_met"}
ASSESSED = "This submission has already been assessed. Open it again to see the decision."
DECIDED = (
    "This submission has been decided. Until the decision is sent it can be undone: open it again."
)
NEWER_WORK = (
    "Newer work has been handed in meanwhile. Load the page again: what you typed was about the "
    "work before it."
)
IN_ASSESSMENT_COMMENT = "In assessment"
APPEALED_COMMENT = "Appeal opened: another grantor assesses the work again"


def is_waiting(status: str) -> bool:
    """Return whether a submission waits for a grantor."""
    return status in WAITING


def refuse_unless_waiting(status: str, *, is_decided: bool) -> None:
    """Refuse to assess what is not handed in, or is assessed already.

    `is_decided`: a decision waits for its release.
    Raises: `ConflictError`, saying which.
    """
    if status == "draft":
        raise ConflictError("This work has not been handed in yet.")
    if not is_waiting(status):
        raise ConflictError(ASSESSED)
    if is_decided:
        raise ConflictError(DECIDED)


def refuse_unless_unheld(assessor_id: int | None, *, seen_id: int | None, name: str | None) -> None:
    """Refuse to start on work that somebody else took after the page was shown.

    Raises: `ConflictError`, naming who has it.
    """
    if assessor_id is not None and assessor_id != seen_id:
        raise ConflictError(
            f"{name or 'Another grantor'} has just started assessing this submission. "
            "Load the page again; you can still take it over there."
        )


def comment_on(decision: str, reason: str) -> str:
    """Return what the gradebook says of a negative decision, or of a request for revision."""
    return f"Revision requested: {reason}" if decision == "revision" else f"Not met: {reason}"


def comment_on_met(standing: Standing, title: str) -> str:
    """Return what the gradebook says while more of the achievement is owed."""
    criteria = f"{standing.met} of {standing.needed} criteria of {title} met"
    if standing.threshold is None:
        return criteria
    points = f"{standing.percent} % of the points reached, {standing.threshold} % needed"
    return f"{criteria}; {points}" if standing.needed else f"{title}: {points}"


def comment_on_award(level_name: str, address: str) -> str:
    """Return what the gradebook says of an award."""
    return f"{level_name} awarded: {address}"
