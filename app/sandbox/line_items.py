"""The gradebook's columns as a service. Source: Assignment and Grade Services 2.0 §3.2."""

import math
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from sqlalchemy import String, cast, select
from sqlalchemy.orm import Session

from app.sandbox.addresses import has_query, line_item_key, line_item_url
from app.sandbox.lms import current_lms, current_profile
from app.sandbox.models import TYPE_ID, Activity, Course, LineItem
from app.sandbox.profiles import CANVAS
from app.sandbox.replies import ServiceError, check_accept, page_reply, read_json, reply
from app.sandbox.tokens import requires_scope
from app.sandbox.vocabulary import (
    CANVAS_SUBMISSION_TYPE,
    LINE_ITEM,
    LINE_ITEM_READ,
    LINE_ITEM_TYPE,
    LINE_ITEMS_TYPE,
)

bp = Blueprint("line_items", __name__, url_prefix="/lti/courses/<course_id>/lineitems")


@bp.get("")
@requires_scope(LINE_ITEM, LINE_ITEM_READ)
def list_all(course_id: str) -> ResponseReturnValue:
    """List the columns of a course, filtered and page by page."""
    check_accept(LINE_ITEMS_TYPE)
    config = current_lms().config
    with current_lms().database.reading() as session:
        get_service_course(session, course_id)
        statement = select(LineItem).where(LineItem.course_id == course_id).order_by(LineItem.id)
        if "resource_id" in request.args:
            statement = statement.where(LineItem.resource_id == request.args["resource_id"])
        if "tag" in request.args:
            statement = statement.where(LineItem.tag == request.args["tag"])
        items = [describe(item) for item in session.scalars(statement)]
    if "resource_link_id" in request.args:
        link_id = request.args["resource_link_id"]
        items = [item for item in items if item.get("resourceLinkId") == link_id]
    # Moodle lists all of them unless a page is asked for, and then breaks the way to the next.
    profile = current_profile()
    is_paged = profile.pages_line_items or "limit" in request.args
    address = f"{config.course_url(course_id)}/lineitems"
    return page_reply(
        items, address, LINE_ITEMS_TYPE, is_whole=not is_paged, is_broken=profile.breaks_links
    )


@bp.post("")
@requires_scope(LINE_ITEM)
def create(course_id: str) -> ResponseReturnValue:
    """Make a column."""
    body = read_json(LINE_ITEM_TYPE)
    facts = read_line_item(body)
    with current_lms().database.writing() as session:
        get_service_course(session, course_id)
        item = LineItem(course_id=course_id)
        item.activity = _find_activity(session, facts.resource_link_id, course_id)
        if item.activity is None and current_profile().name == CANVAS.name:
            item.activity = _make_assignment(body, course_id)
        facts.write_to(item)
        session.add(item)
        session.flush()
        return reply(describe(item), LINE_ITEM_TYPE, 201)


@bp.get("/<item_key>")
@requires_scope(LINE_ITEM, LINE_ITEM_READ)
def show(course_id: str, item_key: str) -> ResponseReturnValue:
    """Show one column."""
    check_accept(LINE_ITEM_TYPE)
    with current_lms().database.reading() as session:
        return reply(describe(get_service_item(session, item_key, course_id)), LINE_ITEM_TYPE)


@bp.put("/<item_key>")
@requires_scope(LINE_ITEM)
def replace(course_id: str, item_key: str) -> ResponseReturnValue:
    """Replace what is said of a column; what is left out is emptied. The link stays."""
    facts = read_line_item(read_json(LINE_ITEM_TYPE))
    with current_lms().database.writing() as session:
        item = get_service_item(session, item_key, course_id)
        coupled = item.activity.resource_link_id if item.activity else ""
        if facts.resource_link_id not in {"", coupled}:
            raise ServiceError(400, "A line item cannot move to another link.")
        facts.write_to(item)
        return reply(describe(item), LINE_ITEM_TYPE)


@bp.delete("/<item_key>")
@requires_scope(LINE_ITEM)
def delete(course_id: str, item_key: str) -> ResponseReturnValue:
    """Delete a column with its grades.

    Canvas does not let a tool delete what is coupled to an assignment.
    Source: Canvas `lti/ims/line_items_controller.rb`.
    """
    with current_lms().database.writing() as session:
        item = get_service_item(session, item_key, course_id)
        if (
            current_profile().name == CANVAS.name
            and item.activity
            and item.activity.line_items[0] is item
        ):
            raise ServiceError(401, "You are not authorized to delete this line item.")
        session.delete(item)
    return Response(status=204)


def get_service_course(session: Session, course_id: str) -> Course:
    """Return a course. Raises: `ServiceError`."""
    course = session.get(Course, course_id)
    if course is None:
        raise ServiceError(404, "There is no such course.")
    return course


def get_service_item(session: Session, item_key: str, course_id: str) -> LineItem:
    """Return a column of this course, if the address is whole. Raises: `ServiceError`."""
    profile = current_profile()
    item = _find_item(session, item_key, course_id)
    if item is None:
        raise ServiceError(404, "There is no such line item in this course.")
    if has_query(profile) and request.args.get("type_id") != str(TYPE_ID):
        raise ServiceError(404, "The line item's address has lost its query (type_id).")
    return item


def _find_item(session: Session, item_key: str, course_id: str) -> LineItem | None:
    profile = current_profile()
    of_course = select(LineItem).where(LineItem.course_id == course_id)
    if not profile.hides_ids:
        of_course = of_course.where(cast(LineItem.id, String) == item_key)
    return next(
        (
            each
            for each in session.scalars(of_course)
            if line_item_key(profile, each.id) == item_key
        ),
        None,
    )


def describe(item: LineItem) -> dict[str, Any]:
    """Return a line item as the tool sees it."""
    optional: dict[str, Any] = {
        "resourceId": item.resource_id,
        "tag": item.tag,
        "resourceLinkId": item.activity.resource_link_id if item.activity else "",
        "startDateTime": item.starts_at,
        "endDateTime": item.ends_at,
        "submissionReview": item.submission_review if current_profile().has_reviews else None,
    }
    return {
        "id": line_item_url(current_lms().config, current_profile(), item),
        "label": item.label,
        "scoreMaximum": item.score_maximum,
        **{name: value for name, value in optional.items() if value},
    }


@dataclass(frozen=True)
class LineItemFacts:
    """What a tool says of a line item, checked; an empty text is nothing said."""

    label: str
    score_maximum: float
    resource_id: str
    tag: str
    resource_link_id: str
    starts_at: str
    ends_at: str
    submission_review: dict[str, Any] | None

    def write_to(self, item: LineItem) -> None:
        """Put the facts into a column."""
        item.label = self.label
        item.score_maximum = self.score_maximum
        item.resource_id = self.resource_id
        item.tag = self.tag
        item.starts_at = self.starts_at
        item.ends_at = self.ends_at
        item.submission_review = self.submission_review


def read_line_item(body: dict[str, Any]) -> LineItemFacts:
    """Check a line item that the tool describes.

    Raises: `ServiceError` if a required part is missing or a part is of the wrong kind.
    """
    label = _text(body, "label").strip()
    if not label:
        raise ServiceError(400, "label is missing.")
    maximum = body.get("scoreMaximum")
    if isinstance(maximum, bool) or not isinstance(maximum, int | float):
        raise ServiceError(400, "scoreMaximum must be a number.")
    if not 0 < maximum < math.inf:
        raise ServiceError(400, "scoreMaximum must be a number above 0.")
    review = body.get("submissionReview")
    if review is not None and not isinstance(review, dict):
        raise ServiceError(400, "submissionReview must be an object.")
    return LineItemFacts(
        label=label,
        score_maximum=float(maximum),
        resource_id=_text(body, "resourceId"),
        tag=_text(body, "tag"),
        resource_link_id=_text(body, "resourceLinkId"),
        starts_at=_text(body, "startDateTime"),
        ends_at=_text(body, "endDateTime"),
        submission_review=review,
    )


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ServiceError(400, f"{name} must be text.")
    return value


def _make_assignment(body: dict[str, Any], course_id: str) -> Activity | None:
    """Make the assignment that Canvas makes of a column without a link, if it opens the tool.

    Without an `external_tool` it is an assignment that opens nothing.
    Source: Canvas line items API, extension `https://canvas.instructure.com/lti/submission_type`.
    """
    wanted = body.get(CANVAS_SUBMISSION_TYPE)
    if not isinstance(wanted, dict) or wanted.get("type") != "external_tool":
        return None
    address = _text(wanted, "external_tool_url")
    return Activity(
        course_id=course_id, title=_text(body, "label"), url=address or None, is_added=True
    )


def _find_activity(session: Session, resource_link_id: str, course_id: str) -> Activity | None:
    if not resource_link_id:
        return None
    number = resource_link_id.removeprefix("link-")
    activity = session.get(Activity, int(number)) if number.isdecimal() else None
    if activity is None or activity.course_id != course_id:
        raise ServiceError(404, "There is no such resource link in this course.")
    return activity
