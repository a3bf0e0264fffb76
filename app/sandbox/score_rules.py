"""Whether a score is taken, and what it says: the strictness of each gradebook.

Source: Assignment and Grade Services 2.0 §3.4; Moodle's `gradebookservices/…/scores.php`;
Canvas's `lti/ims/scores_controller.rb`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from app.sandbox.people import Person
from app.sandbox.profiles import GradebookRules
from app.sandbox.replies import ServiceError
from app.sandbox.vocabulary import ACTIVITY_PROGRESS, GRADING_PROGRESS

REQUIRED = ("userId", "timestamp", "activityProgress", "gradingProgress")


@dataclass(frozen=True)
class Score:
    """A score as the tool sent it, checked; `given` of `maximum` points, `None` for no grade.

    `sent_at`: aware. `is_graded`: whether its gradingProgress lets points count.
    """

    person: Person
    sent_at: datetime
    activity_progress: str
    grading_progress: str
    given: float | None
    maximum: float
    is_graded: bool
    comment: str
    scoring_person: Person | None
    submitted_at: str

    @property
    def share(self) -> float | None:
        """Return the grade as a part of the maximum, at most 1; `None` for no grade."""
        if self.given is None or not self.is_graded:
            return None
        return min(self.given / self.maximum, 1.0) if self.maximum else 0.0


def read_score(body: dict[str, Any], rules: GradebookRules, members: Mapping[str, Person]) -> Score:
    """Check a score; `members` are who is in the course, by their `sub`.

    Raises: `ServiceError` with the status and words of the LMS that is imitated.
    """
    try:
        return _read(body, rules, members)
    except ServiceError as error:
        if rules.refusal is None:
            raise
        raise ServiceError(error.status, rules.refusal) from error


def check_time(score: Score, stands: datetime | None, rules: GradebookRules) -> None:
    """Refuse a score of an earlier time than what stands in the gradebook.

    Raises: `ServiceError`. Source: AGS 2.0 §3.4.9; Moodle compares whole seconds and
        refuses the same one; Canvas refuses only an earlier time.
    """
    if stands is None:
        return
    if rules.compares_seconds:
        is_outdated = int(score.sent_at.timestamp()) <= int(stands.timestamp())
    else:
        is_outdated = score.sent_at < stands
    if is_outdated:
        words = rules.outdated_text.format(told=_written(score.sent_at), stands=_written(stands))
        raise ServiceError(rules.outdated, words)


def check_not_in_future(moment: str, now: datetime) -> None:
    """Refuse a submission of the future. Raises: `ServiceError`. Source: Canvas Score API."""
    if moment and _moment(moment) > now + timedelta(minutes=1):
        raise ServiceError(400, f"Provided submitted_at timestamp of {moment} in the future")


def _read(body: dict[str, Any], rules: GradebookRules, members: Mapping[str, Person]) -> Score:
    for name in REQUIRED:
        if not isinstance(body.get(name), str) or not body[name]:
            raise ServiceError(400, f"{name} is missing.")
    if rules.checks_words:
        _check_words(body)
    given, maximum = _number(body, "scoreGiven"), _number(body, "scoreMaximum")
    if given is not None and maximum is None:
        raise ServiceError(rules.no_maximum, "scoreGiven needs scoreMaximum.")
    if maximum == 0 and not rules.takes_zero_maximum:
        raise ServiceError(400, "scoreMaximum must be above 0.")
    return Score(
        person=_student(body, rules, members),
        sent_at=_moment(body["timestamp"]),
        activity_progress=body["activityProgress"],
        grading_progress=body["gradingProgress"],
        given=given,
        maximum=1.0 if maximum is None else maximum,
        is_graded=body["gradingProgress"] not in rules.ungraded,
        comment=_comment(body),
        scoring_person=_scorer(body, rules, members),
        submitted_at=_submitted_at(body),
    )


def _check_words(body: dict[str, Any]) -> None:
    if body["activityProgress"] not in ACTIVITY_PROGRESS:
        raise ServiceError(400, "activityProgress is unknown.")
    if body["gradingProgress"] not in GRADING_PROGRESS:
        raise ServiceError(400, "gradingProgress is unknown.")


def _student(body: dict[str, Any], rules: GradebookRules, members: Mapping[str, Person]) -> Person:
    person = members.get(body["userId"])
    if person is None:
        raise ServiceError(rules.unknown_person, "User not found in course or is not a student")
    if not person.is_student:
        raise ServiceError(rules.no_student, "User not found in course or is not a student")
    return person


def _scorer(
    body: dict[str, Any], rules: GradebookRules, members: Mapping[str, Person]
) -> Person | None:
    if "scoringUserId" not in body:
        return None
    named = body["scoringUserId"]
    scorer = members.get(named) if isinstance(named, str) else None
    if scorer is None and rules.checks_words:
        raise ServiceError(400, "scoringUserId names nobody here.")
    return scorer


def _number(body: dict[str, Any], name: str) -> float | None:
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ServiceError(400, f"{name} must be a number.")
    if value < 0:
        raise ServiceError(400, f"{name} must not be negative.")
    return float(value)


def _comment(body: dict[str, Any]) -> str:
    comment = body.get("comment")
    if comment is not None and not isinstance(comment, str):
        raise ServiceError(400, "comment must be text.")
    return comment or ""


def _submitted_at(body: dict[str, Any]) -> str:
    submission = body.get("submission")
    if submission is None:
        return ""
    if not isinstance(submission, dict):
        raise ServiceError(400, "submission must be an object.")
    for value in submission.values():
        _moment(value)
    return str(submission.get("submittedAt", ""))


def _moment(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise ServiceError(400, "A time must be written as ISO 8601.") from error
    if moment.tzinfo is None:
        raise ServiceError(400, "A time must name its zone.")
    return moment


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
