"""What a status means in a gradebook, and what a gradebook's answer means. Pure."""

import html
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

MAX_COMMENT = 1000
ONE_SECOND = timedelta(seconds=1)
SHARE_TOLERANCE = 1e-4
GRADE_TOLERANCE = 5e-3


@dataclass(frozen=True)
class Meaning:
    """How one status looks in a gradebook.

    Source: LTI Assignment and Grade Services 2.0, §3.4.7 and §3.4.8.
    """

    activity_progress: str
    grading_progress: str
    has_score: bool


GRADED = Meaning("Completed", "FullyGraded", has_score=True)
ON_THE_WAY = Meaning("InProgress", "Pending", has_score=False)
MEANINGS: Mapping[str, Meaning] = {
    "draft": Meaning("InProgress", "NotReady", has_score=False),
    "submitted": Meaning("Submitted", "PendingManual", has_score=False),
    "in_assessment": Meaning("Submitted", "PendingManual", has_score=False),
    "revision_requested": Meaning("InProgress", "Pending", has_score=False),
    "met": GRADED,
    "awarded": GRADED,
    "not_met": GRADED,
    "revoked": GRADED,
}


def find_meaning(status: str) -> Meaning | None:
    """Return what a status means, or `None` if the gradebook is told nothing of it."""
    return MEANINGS.get(status)


def find_credential_meaning(status: str) -> Meaning | None:
    """Return what a status means for the credential as a whole; `None` if nothing is told of it.

    An assignment whose criteria are met is on the way to the credential, not its end.
    """
    if status == "draft":
        return None
    return ON_THE_WAY if status == "met" else MEANINGS.get(status)


def credential_points(status: str) -> int | None:
    """Return the credential's point: one if it is awarded, zero if it is not or no longer."""
    return {"awarded": 1, "revoked": 0, "not_met": 0}.get(status)


def plain_comment(text: str) -> str:
    """Return the text as a comment: no control characters, at most `MAX_COMMENT` long."""
    plain = "".join(
        character for character in text if character == "\n" or character.isprintable()
    ).strip()
    return plain if len(plain) <= MAX_COMMENT else plain[: MAX_COMMENT - 1].rstrip() + "…"


def rising_timestamp(wanted: datetime, last: datetime | None) -> datetime:
    """Return the wanted moment in milliseconds, but at least a whole second after the last.

    Source: AGS 2.0 §3.4.9 (a timestamp must rise); Moodle compares whole seconds.
    """
    wanted = whole_milliseconds(wanted)
    return wanted if last is None else max(wanted, whole_milliseconds(last) + ONE_SECOND)


def whole_milliseconds(moment: datetime) -> datetime:
    """Return the moment as it is written in a score."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def written(moment: datetime) -> str:
    """Write a moment as scores want it: ISO 8601 with milliseconds and zone."""
    return moment.isoformat(timespec="milliseconds")


def is_told(score: Mapping[str, Any], result: Mapping[str, Any] | None) -> bool:
    """Return whether the gradebook's result already says what the score says.

    Platforms rescale points and may escape or wrap comments. A result without
    comment says as much as its score; one without either says nothing.
    """
    result = result or {}
    told = grade_of(result)
    meant = given(score)
    comment = result.get("comment")
    if isinstance(comment, str) and _words(comment) != _words(score.get("comment", "")):
        return False
    if told is None or meant is None:
        return told is meant and isinstance(comment, str)
    return math.isclose(told, meant, abs_tol=SHARE_TOLERANCE)


def is_same_grade(told: float | None, found: float | None) -> bool:
    """Return whether two shares are the same grade; platforms round when they rescale."""
    if told is None or found is None:
        return told is found
    return math.isclose(told, found, abs_tol=GRADE_TOLERANCE)


def grade_of(result: Mapping[str, Any] | None) -> float | None:
    """Return the grade that a result holds, as a share; `None` if it holds none."""
    return share((result or {}).get("resultScore"), (result or {}).get("resultMaximum", 1))


def given(score: Mapping[str, Any]) -> float | None:
    """Return the grade that a score gives, as a share; `None` if it gives none."""
    return share(score.get("scoreGiven"), score.get("scoreMaximum", 1))


def is_blank(result: Mapping[str, Any] | None) -> bool:
    """Return whether the gradebook holds nothing that a new score could destroy."""
    return not result or (result.get("resultScore") is None and not result.get("comment"))


def share(points: Any, of_points: Any) -> float | None:
    """Return points as a share of the possible ones, or `None` if there are no points."""
    if not _is_number(points):
        return None
    return float(points) / float(of_points) if _is_number(of_points) and of_points > 0 else 0.0


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _words(text: str) -> list[str]:
    return html.unescape(text).split()
