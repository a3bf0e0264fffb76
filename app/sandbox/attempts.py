"""Submissions that come with a score, Canvas's way: attempts, and what SpeedGrader opens.

Source: Canvas Score API, extension `https://canvas.instructure.com/lti/submission`, and
`lti/ims/scores_controller.rb`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.sandbox.models import LineItem
from app.sandbox.records import Attempt
from app.sandbox.replies import ServiceError
from app.sandbox.score_rules import Score, check_not_in_future
from app.sandbox.vocabulary import CANVAS_SUBMISSION

KINDS = (
    "none",
    "basic_lti_launch",
    "online_text_entry",
    "external_tool",
    "online_upload",
    "online_url",
)
LAUNCH = "basic_lti_launch"


@dataclass(frozen=True)
class SubmissionWish:
    """What a score says of the submission that it belongs to."""

    is_new: bool
    kind: str
    data: str
    submitted_at: str
    preserves_score: bool
    yields_to_teacher: bool


def read_submission(body: dict[str, Any], score: Score, now: datetime) -> SubmissionWish:
    """Read the extension; what it leaves out is as if it had said the default.

    Raises: `ServiceError`.
    """
    said = body.get(CANVAS_SUBMISSION) or {}
    if not isinstance(said, dict):
        raise ServiceError(400, "The submission extension must be an object.")
    kind = said.get("submission_type", "external_tool")
    if kind not in KINDS:
        raise ServiceError(400, "submission_type is unknown.")
    submitted_at = score.submitted_at or str(said.get("submitted_at") or "")
    check_not_in_future(submitted_at, now)
    return SubmissionWish(
        is_new=_flag(said, "new_submission", default=kind != "none"),
        kind=kind,
        data=str(said.get("submission_data") or ""),
        submitted_at=submitted_at,
        preserves_score=_flag(said, "preserve_score", default=False),
        yields_to_teacher=_flag(said, "prioritize_non_tool_grade", default=False),
    )


def is_assignment_column(item: LineItem) -> bool:
    """Say whether submissions and visible grades hang on this column: the first of its link."""
    return item.activity is None or item.activity.line_items[0] is item


def hand_in(
    session: Session, item: LineItem, person_id: str, wish: SubmissionWish, allowed: int | None
) -> None:
    """Keep a new attempt; the same `submittedAt` again is the same attempt.

    Raises: `ServiceError` if there are no more attempts.
    """
    if not wish.is_new or not is_assignment_column(item):
        return
    earlier = list_attempts(session, item.id, person_id)
    if wish.submitted_at and any(each.submitted_at == wish.submitted_at for each in earlier):
        return
    if allowed is not None and len(earlier) >= allowed:
        raise ServiceError(
            422, "The maximum number of allowed attempts has been reached for this submission"
        )
    session.add(
        Attempt(
            line_item_id=item.id,
            person_id=person_id,
            kind=wish.kind,
            data=wish.data,
            submitted_at=wish.submitted_at,
        )
    )


def list_attempts(session: Session, item_id: int, person_id: str) -> list[Attempt]:
    """Return somebody's attempts at a column, the first one first."""
    return list(
        session.scalars(
            select(Attempt)
            .where(Attempt.line_item_id == item_id, Attempt.person_id == person_id)
            .order_by(Attempt.id)
        )
    )


def _flag(said: dict[str, Any], name: str, *, default: bool) -> bool:
    value = said.get(name, default)
    if value in {"true", "false"}:
        return bool(value == "true")
    if not isinstance(value, bool):
        raise ServiceError(400, f"{name} must be true or false.")
    return value
