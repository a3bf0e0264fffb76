"""What stands, what is missing, and where it is switched on: the self-test's report. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from app.platforms.guides import NOT_OFFERED, Guide, guides_for
from app.platforms.seen import Seen, last_seen


class State(StrEnum):
    """How a service stands, as far as launches and the last test told.

    Missing: something does not work without it. Absent: something is only less comfortable.
    """

    WORKS = "works"
    PARTLY = "partly"
    MISSING = "missing"
    ABSENT = "absent"
    UNKNOWN = "unknown"
    NOT_OFFERED = "not_offered"


@dataclass(frozen=True)
class Finding:
    """One service of one deployment.

    `seen_on`: the last day it was there; `None` if never. `guides`: where it is
    switched on, in the LMS that this is, or in each where that is not known.
    """

    key: str
    name: str
    state: State
    words: str
    seen_on: date | None = None
    guides: Sequence[Guide] = ()


@dataclass(frozen=True)
class _Service:
    """How one service is told by launches: the words for it, and against it.

    `is_rare`: only some launches show it, so its absence says little.
    `is_optional`: nothing fails without it.
    """

    key: str
    name: str
    present: str
    absent: str | None
    works: str
    missing: str
    is_rare: bool = False
    is_optional: bool = False


SERVICES = (
    _Service(
        "line_items",
        "Gradebook columns (AGS line items)",
        "scope:lineitem",
        "no_ags",
        "Assay may make and change its columns.",
        "Launches do not let Assay make gradebook columns: an activity without a column stays "
        "without a grade.",
    ),
    _Service(
        "scores",
        "Grades (AGS scores)",
        "scope:score",
        "no_ags",
        "Assay may write scores and comments.",
        "Launches do not let Assay write scores: the gradebook will not show what is awarded.",
    ),
    _Service(
        "results",
        "Results (AGS results)",
        "scope:result.readonly",
        "no_ags",
        "Assay may read its results, to notice a grade changed by hand.",
        "Launches do not let Assay read results: a grade changed by hand is not noticed.",
    ),
    _Service(
        "roster",
        "Roster (NRPS)",
        "roster",
        "no_roster",
        "Assay may read who is in a course.",
        "Launches bring no roster: learners appear only after they opened Assay once.",
    ),
    _Service(
        "deep_linking",
        "Choosing content (deep linking)",
        "message:LtiDeepLinkingRequest",
        None,
        "Instructors have added assignments from within the LMS.",
        "Nobody has added an assignment from within the LMS yet, or it is not switched on.",
        is_rare=True,
    ),
    _Service(
        "submission_review",
        "Opening work from the gradebook (submission review)",
        "message:LtiSubmissionReviewRequest",
        None,
        "Work was opened from the gradebook.",
        "Nobody has opened work from the gradebook yet, or the LMS cannot.",
        is_rare=True,
    ),
    _Service(
        "notices",
        "Notice of course copies (platform notifications)",
        "notices",
        None,
        "The LMS can tell Assay when a course is copied.",
        "The LMS does not tell of course copies; Assay recognises them at the first launch.",
        is_optional=True,
    ),
    _Service(
        "history",
        "Course history (custom parameters)",
        "history",
        None,
        "Launches name the courses that a course was copied from.",
        "Launches do not name the courses that a course was copied from: the custom parameters "
        "are not set, or the LMS does not fill them in.",
        is_optional=True,
    ),
    _Service(
        "cookies",
        "Cookies in the LMS’s page",
        "cookie",
        "no_cookie",
        "Browsers sent Assay’s cookie from within the LMS.",
        "Browsers kept back Assay’s cookie within the LMS: people go on in a new tab.",
    ),
    _Service(
        "storage",
        "Platform storage (for browsers without cookies)",
        "storage",
        None,
        "The LMS offers storage where cookies are blocked.",
        "The LMS did not offer storage: where cookies are blocked, people go on in a new tab.",
        is_optional=True,
    ),
    _Service(
        "names",
        "Names",
        "name",
        "no_name",
        "Launches tell people’s names.",
        "Launches tell no names: pages and lists show numbers instead.",
        is_optional=True,
    ),
    _Service(
        "emails",
        "E-mail addresses",
        "email",
        "no_email",
        "Launches tell people’s e-mail addresses.",
        "Launches tell no e-mail addresses: a credential names its holder by user id alone.",
        is_optional=True,
    ),
)
# What the last test tells and launches cannot.
TESTED = (("keys", "Keys of the LMS (JWKS)"), ("token", "Access tokens"))
MESSAGES = ("LtiResourceLinkRequest", "LtiDeepLinkingRequest", "LtiSubmissionReviewRequest")


def report(seen: Seen | None, family: str | None, check: Mapping[str, Any] | None) -> list[Finding]:
    """Return how each service of a deployment stands, in the order of a launch's life."""
    launched = max(
        (day for name in MESSAGES if (day := last_seen(seen, f"message:{name}"))), default=None
    )
    launch = Finding(
        "launch",
        "Launch",
        State.WORKS if launched else State.UNKNOWN,
        "People open Assay from this deployment."
        if launched
        else "Nobody has opened Assay from this deployment yet.",
        launched,
        () if launched else guides_for("launch", family),
    )
    tested = [_tested(key, name, family, check) for key, name in TESTED]
    return [
        launch,
        *tested,
        *(_told(service, seen, family, has_launched=launched is not None) for service in SERVICES),
    ]


def _told(
    service: _Service, seen: Seen | None, family: str | None, *, has_launched: bool
) -> Finding:
    yes = last_seen(seen, service.present)
    no = last_seen(seen, service.absent) if service.absent else None
    guides = guides_for(service.key, family)
    if yes and (no is None or yes > no):
        return Finding(service.key, service.name, State.WORKS, service.works, yes)
    if yes and no and yes == no:
        words = f"{service.works} Not with every launch, though."
        return Finding(service.key, service.name, State.PARTLY, words, yes, guides)
    reason = NOT_OFFERED.get((service.key, (family or "").lower()))
    if reason:
        return Finding(service.key, service.name, State.NOT_OFFERED, reason.words, yes)
    if not has_launched:
        words = "Launches will tell."
        return Finding(service.key, service.name, State.UNKNOWN, words, None, guides)
    state = State.ABSENT if service.is_optional else State.MISSING
    if service.is_rare:
        state = State.UNKNOWN
    return Finding(service.key, service.name, state, service.missing, yes, guides)


def _tested(key: str, name: str, family: str | None, check: Mapping[str, Any] | None) -> Finding:
    found = next((item for item in (check or {}).get("steps", ()) if item["key"] == key), None)
    guides = guides_for(key, family)
    if found is None:
        return Finding(key, name, State.UNKNOWN, "Not tested yet: “Test now” asks the LMS.")
    if found["is_good"]:
        return Finding(key, name, State.WORKS, found["words"])
    return Finding(key, name, State.MISSING, found["words"], None, guides)
