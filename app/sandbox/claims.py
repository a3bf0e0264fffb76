"""What a launch tells the tool. Pure.

Source: LTI 1.3 core §5.3 and §5.4; Deep Linking 2.0 §4.4; AGS 2.0 §3.1; NRPS 2.0 §2.1;
Submission Review 1.0.
"""

from dataclasses import dataclass
from typing import Any

from app.sandbox.addresses import line_item_url, line_items_url
from app.sandbox.config import LmsConfig
from app.sandbox.identities import launch_roles, names_of, subject_of
from app.sandbox.models import Activity, Course, LineItem
from app.sandbox.people import Person
from app.sandbox.platform_claims import platform_claims, variables
from app.sandbox.profiles import Profile
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
COURSE_NAVIGATION = "course_navigation"


@dataclass(frozen=True)
class Launch:
    """Who opens what, and how it is shown; `target` is "iframe" or "window".

    `privacy`: what the LMS tells of people at all; an activity may tell less.
    """

    profile: Profile
    privacy: str
    person: Person
    course: Course
    target: str
    return_url: str
    nonce: str
    now: int


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
        **_common(config, launch, activity, shares_names=activity.shares_names),
        f"{CLAIM}message_type": RESOURCE_LINK,
        f"{CLAIM}target_link_uri": target_of(config, activity),
        f"{CLAIM}resource_link": _resource_link(activity),
        f"{CLAIM}custom": _custom(launch, {**config.custom, **activity.custom}, activity),
        AGS_CLAIM: _ags(config, launch, activity.line_items),
    }


def navigation_claims(config: LmsConfig, launch: Launch) -> dict[str, Any]:
    """Return the claims of a launch from the course's menu.

    Where a link has none of its own, Canvas's `resource_link.id` is the context's.
    Source: Canvas, placement `course_navigation`; atomicjolt/lti_starter_app issue 416.
    """
    return {
        **_common(config, launch, None, shares_names=True),
        f"{CLAIM}message_type": RESOURCE_LINK,
        f"{CLAIM}target_link_uri": config.redirect_uri,
        f"{CLAIM}resource_link": {"id": launch.course.id, "title": launch.course.title},
        PLACEMENT_CLAIM: COURSE_NAVIGATION,
        AGS_CLAIM: _ags(config, launch, []),
    }


def review_claims(
    config: LmsConfig, launch: Launch, item: LineItem, student: Person
) -> dict[str, Any]:
    """Return the claims of a submission review: `student`'s work, opened by the launch's person."""
    activity = item.activity
    shares_names = activity is None or activity.shares_names
    profile = launch.profile
    for_user = {
        "user_id": subject_of(profile, student),
        "roles": launch_roles(profile, student),
        **(names_of(student, launch.privacy) if shares_names else {}),
    }
    custom = dict(activity.custom) if activity else {}
    custom.update((item.submission_review or {}).get("custom") or {})
    claims = {
        **_common(config, launch, activity, shares_names=shares_names),
        f"{CLAIM}message_type": SUBMISSION_REVIEW,
        f"{CLAIM}target_link_uri": review_target_of(config, item),
        f"{CLAIM}for_user": for_user,
        f"{CLAIM}custom": _custom(launch, custom, activity),
        AGS_CLAIM: _ags(config, launch, [item]),
    }
    if activity:
        claims[f"{CLAIM}resource_link"] = _resource_link(activity)
    return claims


def deep_linking_claims(
    config: LmsConfig, launch: Launch, data: str, placement: str
) -> dict[str, Any]:
    """Return the claims of a request to choose content; `data` must come back."""
    return {
        **_common(config, launch, None, shares_names=True),
        f"{CLAIM}message_type": DEEP_LINK,
        f"{CLAIM}target_link_uri": config.redirect_uri,
        AGS_CLAIM: _ags(config, launch, []),
        **({PLACEMENT_CLAIM: placement} if launch.profile.names_placements else {}),
        f"{DEEP_LINKING_CLAIM}deep_linking_settings": {
            "deep_link_return_url": config.deep_linking_return_url,
            "accept_presentation_document_targets": ["iframe", "window"],
            **_wanted(launch.profile, placement),
            "data": data,
        },
    }


def resolve_custom(
    profile: Profile,
    custom: dict[str, str],
    course: Course,
    activity: Activity | None,
    person: Person,
) -> dict[str, str]:
    """Fill the substitution variables in; one that is not known stays as it is written.

    Source: LTI 1.3 core, appendix B.
    """
    known = {
        "$Context.id": course.id,
        "$Context.id.history": course.history,
        "$Context.label": course.label,
        "$Context.title": course.title,
        "$User.id": subject_of(profile, person),
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
    known |= variables(profile, person, course, activity)
    return {
        name: value if value in profile.unknown_variables else known.get(value, value)
        for name, value in custom.items()
    }


def _common(
    config: LmsConfig, launch: Launch, activity: Activity | None, *, shares_names: bool
) -> dict[str, Any]:
    profile, person, course = launch.profile, launch.person, launch.course
    return {
        "iss": config.issuer,
        "aud": profile.client_id,
        "azp": profile.client_id,
        "sub": subject_of(profile, person),
        "iat": launch.now,
        "exp": launch.now + profile.token_seconds,
        "nonce": launch.nonce,
        "locale": LOCALE,
        **(names_of(person, launch.privacy) if shares_names else {}),
        f"{CLAIM}version": "1.3.0",
        f"{CLAIM}deployment_id": profile.deployment_id,
        f"{CLAIM}roles": launch_roles(profile, person),
        f"{CLAIM}context": {
            "id": course.id,
            "label": course.label,
            "title": course.title,
            "type": ["http://purl.imsglobal.org/vocab/lis/v2/course#CourseSection"],
        },
        f"{CLAIM}tool_platform": {
            "guid": "practice-lms",
            "name": "Practice LMS",
            "product_family_code": profile.family,
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
        **(_notice_service(config) if profile.sends_notices else {}),
        **platform_claims(profile, person, course, activity, launch.now),
    }


def _wanted(profile: Profile, placement: str) -> dict[str, Any]:
    wanted = WANTED[placement]
    several = wanted["accept_multiple"] and not profile.adds_one_at_a_time
    return wanted | {"accept_multiple": several}


def _notice_service(config: LmsConfig) -> dict[str, Any]:
    return {
        NOTICE_SERVICE_CLAIM: {
            "platform_notification_service_url": config.notice_service_url,
            "service_versions": ["1.0"],
            "scope": [NOTICE_HANDLERS],
            "notice_types_supported": list(NOTICE_TYPES),
        },
    }


def _custom(launch: Launch, custom: dict[str, str], activity: Activity | None) -> dict[str, str]:
    return resolve_custom(launch.profile, custom, launch.course, activity, launch.person)


def _resource_link(activity: Activity) -> dict[str, str]:
    return {
        "id": activity.resource_link_id,
        "title": activity.title,
        "description": activity.text,
    }


def _ags(config: LmsConfig, launch: Launch, items: list[LineItem]) -> dict[str, Any]:
    claim: dict[str, Any] = {
        "scope": list(AGS_SCOPES),
        "lineitems": line_items_url(config, launch.profile, launch.course.id),
    }
    if len(items) == 1:
        claim["lineitem"] = line_item_url(config, launch.profile, items[0])
    return claim
