"""What a launch tells the tool. Pure.

Source: LTI 1.3 core §5.3 and §5.4; Deep Linking 2.0 §4.4; AGS 2.0 §3.1; NRPS 2.0 §2.1;
Submission Review 1.0.
"""

from dataclasses import dataclass
from typing import Any

from app.sandbox.config import LmsConfig
from app.sandbox.models import TYPE_ID, Activity, Course, LineItem
from app.sandbox.people import Person
from app.sandbox.vocabulary import (
    AGS_CLAIM,
    AGS_SCOPES,
    ASSIGNMENT_PLACEMENT,
    CLAIM,
    DEEP_LINK,
    DEEP_LINKING_CLAIM,
    EDITOR_PLACEMENT,
    HOMEWORK_PLACEMENT,
    NOTICE_HANDLERS,
    NOTICE_SERVICE_CLAIM,
    NOTICE_TYPES,
    NRPS_CLAIM,
    PLACEMENT_CLAIM,
    RESOURCE_LINK,
    SUBMISSION_REVIEW,
)

LOCALE = "en"
# What each placement takes.
WANTED: dict[str, dict[str, Any]] = {
    ASSIGNMENT_PLACEMENT: {
        "accept_types": ["ltiResourceLink"],
        "accept_multiple": True,
        "accept_lineitem": True,
        "auto_create": True,
    },
    EDITOR_PLACEMENT: {
        "accept_types": ["link", "html", "ltiResourceLink"],
        "accept_multiple": False,
        "accept_lineitem": False,
    },
    HOMEWORK_PLACEMENT: {
        "accept_types": ["file", "link"],
        "accept_media_types": "application/pdf,text/*,image/*",
        "accept_multiple": False,
        "accept_lineitem": False,
    },
}
TOKEN_SECONDS = 60


@dataclass(frozen=True)
class Launch:
    """Who opens what, and how it is shown; `target` is "iframe" or "window"."""

    person: Person
    course: Course
    target: str
    return_url: str
    nonce: str
    now: int


def line_items_url(config: LmsConfig, course_id: str) -> str:
    """Return the address of a course's line items."""
    return f"{config.course_url(course_id)}/lineitems?type_id={TYPE_ID}"


def line_item_url(config: LmsConfig, item: LineItem) -> str:
    """Return a line item's id; it has a query, as Moodle's have."""
    return f"{config.course_url(item.course_id)}/lineitems/{item.id}?type_id={TYPE_ID}"


def target_of(config: LmsConfig, activity: Activity) -> str:
    """Return where the tool wants an activity opened."""
    return activity.url or config.redirect_uri


def review_target_of(config: LmsConfig, item: LineItem) -> str:
    """Return where the tool wants a submission reviewed; by default, at the link's own address."""
    asked = (item.submission_review or {}).get("url")
    if asked:
        return str(asked)
    return target_of(config, item.activity) if item.activity else config.redirect_uri


def resource_link_claims(config: LmsConfig, launch: Launch, activity: Activity) -> dict[str, Any]:
    """Return the claims of an ordinary launch."""
    return {
        **_common(config, launch, shares_names=activity.shares_names),
        f"{CLAIM}message_type": RESOURCE_LINK,
        f"{CLAIM}target_link_uri": target_of(config, activity),
        f"{CLAIM}resource_link": _resource_link(activity),
        f"{CLAIM}custom": resolve_custom(
            {**config.custom, **activity.custom}, launch.course, activity, launch.person
        ),
        AGS_CLAIM: _ags(config, launch.course, activity.line_items),
    }


def review_claims(
    config: LmsConfig, launch: Launch, item: LineItem, student: Person
) -> dict[str, Any]:
    """Return the claims of a submission review: `student`'s work, opened by the launch's person."""
    activity = item.activity
    shares_names = activity is None or activity.shares_names
    for_user = {"user_id": student.id, "roles": list(student.roles)}
    custom = dict(activity.custom) if activity else {}
    custom.update((item.submission_review or {}).get("custom") or {})
    claims = {
        **_common(config, launch, shares_names=shares_names),
        f"{CLAIM}message_type": SUBMISSION_REVIEW,
        f"{CLAIM}target_link_uri": review_target_of(config, item),
        f"{CLAIM}for_user": {**for_user, **(_names(student) if shares_names else {})},
        f"{CLAIM}custom": resolve_custom(custom, launch.course, activity, launch.person),
        AGS_CLAIM: _ags(config, launch.course, [item]),
    }
    if activity:
        claims[f"{CLAIM}resource_link"] = _resource_link(activity)
    return claims


def deep_linking_claims(
    config: LmsConfig, launch: Launch, data: str, placement: str
) -> dict[str, Any]:
    """Return the claims of a request to choose content; `data` must come back."""
    return {
        **_common(config, launch, shares_names=True),
        f"{CLAIM}message_type": DEEP_LINK,
        f"{CLAIM}target_link_uri": config.redirect_uri,
        PLACEMENT_CLAIM: placement,
        AGS_CLAIM: _ags(config, launch.course, []),
        f"{DEEP_LINKING_CLAIM}deep_linking_settings": {
            "deep_link_return_url": config.deep_linking_return_url,
            "accept_presentation_document_targets": ["iframe", "window"],
            **WANTED[placement],
            "data": data,
        },
    }


def resolve_custom(
    custom: dict[str, str], course: Course, activity: Activity | None, person: Person
) -> dict[str, str]:
    """Fill the substitution variables in; one that is not known stays as it is written.

    Source: LTI 1.3 core, appendix B.
    """
    known = {
        "$Context.id": course.id,
        "$Context.id.history": course.history,
        "$Context.label": course.label,
        "$Context.title": course.title,
        "$User.id": person.id,
        "$Person.name.full": person.name,
        "$Person.email.primary": person.email,
    }
    if activity:
        known |= {
            "$ResourceLink.id": activity.resource_link_id,
            "$ResourceLink.id.history": activity.history,
            "$ResourceLink.title": activity.title,
            "$ResourceLink.description": activity.text,
            "$ResourceLink.available.startDateTime": activity.opens_at,
            "$ResourceLink.available.endDateTime": activity.closes_at,
            "$ResourceLink.submission.startDateTime": activity.submission_opens_at,
            "$ResourceLink.submission.endDateTime": activity.due_at,
        }
        if not activity.shares_names:
            known.pop("$Person.name.full")
            known.pop("$Person.email.primary")
    return {name: known.get(value, value) for name, value in custom.items()}


def _common(config: LmsConfig, launch: Launch, *, shares_names: bool) -> dict[str, Any]:
    person, course = launch.person, launch.course
    return {
        "iss": config.issuer,
        "aud": config.client_id,
        "azp": config.client_id,
        "sub": person.id,
        "iat": launch.now,
        "exp": launch.now + TOKEN_SECONDS,
        "nonce": launch.nonce,
        "locale": LOCALE,
        **(_names(person) if shares_names else {}),
        f"{CLAIM}version": "1.3.0",
        f"{CLAIM}deployment_id": config.deployment_id,
        f"{CLAIM}roles": list(person.roles),
        f"{CLAIM}context": {
            "id": course.id,
            "label": course.label,
            "title": course.title,
            "type": ["http://purl.imsglobal.org/vocab/lis/v2/course#CourseSection"],
        },
        f"{CLAIM}tool_platform": {
            "guid": "practice-lms",
            "name": "Practice LMS",
            "product_family_code": "assay-practice",
            "version": "1",
            "url": config.issuer,
        },
        f"{CLAIM}launch_presentation": {
            "document_target": launch.target,
            "return_url": launch.return_url,
            "locale": LOCALE,
        },
        f"{CLAIM}lis": {
            "person_sourcedid": f"person:{person.id}",
            "course_section_sourcedid": f"section:{course.id}",
        },
        NRPS_CLAIM: {
            "context_memberships_url": f"{config.course_url(course.id)}/memberships",
            "service_versions": ["2.0"],
        },
        NOTICE_SERVICE_CLAIM: {
            "platform_notification_service_url": config.notice_service_url,
            "service_versions": ["1.0"],
            "scope": [NOTICE_HANDLERS],
            "notice_types_supported": list(NOTICE_TYPES),
        },
    }


def _names(person: Person) -> dict[str, str]:
    return {
        "name": person.name,
        "given_name": person.given_name,
        "family_name": person.family_name,
        "email": person.email,
    }


def _resource_link(activity: Activity) -> dict[str, str]:
    return {
        "id": activity.resource_link_id,
        "title": activity.title,
        "description": activity.text,
    }


def _ags(config: LmsConfig, course: Course, items: list[LineItem]) -> dict[str, Any]:
    claim: dict[str, Any] = {
        "scope": list(AGS_SCOPES),
        "lineitems": line_items_url(config, course.id),
    }
    if len(items) == 1:
        claim["lineitem"] = line_item_url(config, items[0])
    return claim
