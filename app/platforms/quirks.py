"""What each LMS does differently: the only list of it, each entry with its source. Pure.

`family` is the `product_family_code` that a platform tells in its launches;
`None` or an unknown one gets the cautious behaviour.
"""

from collections.abc import Mapping
from typing import Any

from app.platforms.variables import CANVAS_VARIABLES

CANVAS = "canvas"
MOODLE = "moodle"
BLACKBOARD = "blackboardlearn"
BRIGHTSPACE = "desire2learn"

CANVAS_PLACEMENT = "https://www.instructure.com/placement"
NAVIGATION = frozenset(
    {"course_navigation", "account_navigation", "global_navigation", "user_navigation"}
)
CANVAS_SUBMISSION = "https://canvas.instructure.com/lti/submission"
CANVAS_SUBMISSION_TYPE = "https://canvas.instructure.com/lti/submission_type"
PROTECTS_OTHERS = "prioritize_non_tool_grade"

BAD_REQUEST, FORBIDDEN, CONFLICT = 400, 403, 409


def _is(family: str | None, name: str) -> bool:
    return (family or "").strip().lower() == name


def score_extension(
    family: str | None,
    *,
    is_new_submission: bool,
    has_score: bool,
    submitted_at: str | None = None,
) -> dict[str, Any]:
    """Return what a score needs besides the standard's members.

    Canvas makes a new attempt of every post unless told otherwise, and a post
    without a score clears the grade unless `preserve_score` is set. A grade
    that a teacher set by hand stays. The same `submitted_at` twice is one attempt.
    Source: Canvas Score API, extension `https://canvas.instructure.com/lti/submission`.
    """
    if not _is(family, CANVAS):
        return {}
    extension: dict[str, Any] = {
        "new_submission": is_new_submission,
        PROTECTS_OTHERS: True,
    }
    if is_new_submission and submitted_at:
        extension["submitted_at"] = submitted_at
    if not has_score:
        extension["preserve_score"] = True
    return {CANVAS_SUBMISSION: extension}


def is_navigation(claims: Mapping[str, Any]) -> bool:
    """Return whether a launch comes from a menu, so that its resource link is no activity.

    Canvas then sends the context's id as the link's, as it also does from some
    pages that do have an activity: so the placement decides, not the id.
    Source: Canvas LTI developer key documentation, placements; atomicjolt/lti_starter_app#416.
    """
    placement = claims.get(CANVAS_PLACEMENT)
    return isinstance(placement, str) and placement in NAVIGATION


def announces_submission(score: Mapping[str, Any]) -> bool:
    """Return whether a score makes a new attempt on the platform.

    Source: Canvas Score API, `new_submission`.
    """
    return bool((score.get(CANVAS_SUBMISSION) or {}).get("new_submission"))


def with_submission_address(score: Mapping[str, Any], address: str) -> dict[str, Any]:
    """Return the score so that the platform's grading view opens our page of the submission.

    Canvas opens `submission_data` as a launch of the tool, in SpeedGrader and
    on the learner's own page of the submission.
    Source: Canvas Score API, `submission_type: basic_lti_launch`.
    """
    extension = {
        **score[CANVAS_SUBMISSION],
        "submission_type": "basic_lti_launch",
        "submission_data": address,
    }
    return {**score, CANVAS_SUBMISSION: extension}


def without_protection(score: Mapping[str, Any]) -> dict[str, Any]:
    """Return the score so that it replaces a grade set by hand, because a person asked for it.

    Source: Canvas Score API, `prioritize_non_tool_grade`.
    """
    if CANVAS_SUBMISSION not in score:
        return dict(score)
    return {**score, CANVAS_SUBMISSION: score[CANVAS_SUBMISSION] | {PROTECTS_OTHERS: False}}


def erases_without_score(family: str | None) -> bool:
    """Return whether a post without a score takes away the grade that stands.

    The standard says so, and Moodle does; Canvas keeps it (`preserve_score`).
    Source: AGS 2.0 §3.4.4; Moodle `gradebookservices/…/scores.php`.
    """
    return not _is(family, CANVAS)


def may_limit_line_items(family: str | None) -> bool:
    """Return whether a list of columns may be asked for in pages of our size.

    Moodle's `Link` header to the next page cannot be read (typographic quotes, `&amp;`).
    Source: seen on Moodle 4.5.
    """
    return not _is(family, MOODLE)


def own_column(family: str | None) -> dict[str, Any]:
    """Return what a column without a link needs besides the standard's members.

    Canvas makes an assignment of it, in which nothing is to be handed in.
    Source: Canvas Line Items API, `https://canvas.instructure.com/lti/submission_type`.
    """
    return {CANVAS_SUBMISSION_TYPE: {"type": "none"}} if _is(family, CANVAS) else {}


def own_column_becomes_assignment(family: str | None) -> bool:
    """Return whether a column without a link appears as an assignment of the course (Canvas)."""
    return _is(family, CANVAS)


def line_item_to_put(family: str | None, item: Mapping[str, Any]) -> dict[str, Any]:
    """Return a column's members as a PUT may say them.

    Blackboard refuses one that repeats the `id`, and points that are no whole number.
    Source: Blackboard developer documentation, AGS, line items.
    """
    if not _is(family, BLACKBOARD):
        return dict(item)
    kept = {name: value for name, value in item.items() if name != "id"}
    maximum = kept.get("scoreMaximum")
    if isinstance(maximum, float) and maximum.is_integer():
        kept["scoreMaximum"] = int(maximum)
    return kept


def is_throttled(status: int, headers: Mapping[str, str]) -> bool:
    """Return whether a refusal only says “too fast”.

    Canvas answers 403 with `X-Rate-Limit-Remaining: 0` instead of 429; the
    header may hold a fraction.
    Source: Canvas API documentation, “Throttling”.
    """
    if status != FORBIDDEN:
        return False
    try:
        return float(headers.get("X-Rate-Limit-Remaining", "1")) <= 0
    except ValueError:
        return False


def is_outdated(status: int, text: str) -> bool:
    """Return whether the platform holds a score of the same or a later time.

    The standard and Moodle say 409; Canvas says 400 and explains.
    Source: AGS 2.0 §3.4.9; Moodle `gradebookservices/…/scores.php`; Canvas
    `lti/ims/scores_controller.rb`.
    """
    return status == CONFLICT or (status == BAD_REQUEST and "before last updated" in text.lower())


def answers_storage_messages(family: str | None) -> bool:
    """Return whether a platform that names no frame in its login may still keep values for us.

    It has to be asked by `lti.capabilities` then. Others either name the frame
    (Canvas) or have no storage (Moodle).
    Source: Blackboard developer documentation, `lti_storage_target` (the frame is not
    in the launch); Brightspace, as co-author of LTI Client Side postMessages.
    """
    return _is(family, BLACKBOARD) or _is(family, BRIGHTSPACE)


def link_variables(family: str | None) -> dict[str, str]:
    """Return the custom parameters that a platform fills in by names of its own.

    Source: Canvas documentation, “Variable substitutions”.
    """
    return CANVAS_VARIABLES if _is(family, CANVAS) else {}


def may_set_resource_link(family: str | None) -> bool:
    """Return whether a new column may name its resource link.

    Blackboard refuses it: only deep linking couples the two.
    Source: Blackboard developer documentation, AGS, line items.
    """
    return not _is(family, BLACKBOARD)


def explain_refusal(family: str | None, status: int, text: str) -> str:
    """Say in plain words why a score was refused for good; never the platform's own text.

    The platform's text may hold a name, so it only chooses among these.
    Source: Canvas `lti/ims/scores_controller.rb` (422); Moodle `scores.php`
    (400 “Incorrect score received”); D2L knowledge base 23752 (422).
    """
    lowered = text.lower()
    if "attempt" in lowered and _is(family, CANVAS):
        return (
            "The LMS takes no more attempts from this learner. "
            "Allow more attempts in the activity's settings there, then send it again."
        )
    if status == BAD_REQUEST and _is(family, MOODLE):
        return (
            "The LMS says that this person cannot be graded in the course there, usually because "
            "they are not enrolled as a student. Check the enrolment, then send it again."
        )
    if _is(family, BRIGHTSPACE):
        return (
            "The LMS says that this person's role is not graded there. An administrator can allow "
            "it for the role (“Can be graded in Grades”); then send it again."
        )
    if any(word in lowered for word in ("user", "student", "learner", "enrol", "member")):
        return (
            "The LMS says that this person is not a student of the course there. "
            "Check the enrolment, then send it again."
        )
    return (
        f"The LMS refused the entry (HTTP {status}). Ask its administrator whether the column "
        "takes scores from this tool, then send it again."
    )


def token_audience(family: str | None, told: str | None) -> str | None:
    """Return the audience of token requests, or `None` for the token endpoint's own address.

    The standard lets a platform name one when it registers; Canvas checks for the
    token endpoint whatever it names.
    Source: LTI Dynamic Registration 1.0, `authorization_server`; Canvas `doc/api/oauth.md`.
    """
    return None if _is(family, CANVAS) else told
