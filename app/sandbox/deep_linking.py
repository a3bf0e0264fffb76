"""What an instructor chose in the tool comes back and becomes activities.

Source: Deep Linking 2.0 §4.5; LTI Security Framework 1.0 §5.2.
"""

import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.sandbox.keys import BadTokenError
from app.sandbox.line_items import LineItemFacts, read_line_item
from app.sandbox.lms import CHOOSING_SECONDS, SignedValueError, current_lms, current_profile
from app.sandbox.messages import DEEP_LINKING_DATA
from app.sandbox.models import Activity, LineItem
from app.sandbox.placements import AnswerRefusedError, read_placed, split_items
from app.sandbox.records import OpenColumn
from app.sandbox.replies import ServiceError
from app.sandbox.vocabulary import (
    CLAIM,
    DEEP_LINK_RESPONSE,
    DEEP_LINKING_CLAIM,
    HOMEWORK_PLACEMENT,
)

bp = Blueprint("deep_linking", __name__, url_prefix="/lti/deep-linking")

LEEWAY_SECONDS = 10
LONGEST_ANSWER_SECONDS = 3600
OPEN_MAXIMUM = 100


@dataclass(frozen=True)
class ContentItem:
    """One chosen link, checked; `column` is `None` if it is not graded.

    `has_open_column`: its column came without a maximum (Brightspace).
    """

    title: str
    text: str
    url: str
    custom: dict[str, str]
    available: dict[str, str]
    submission: dict[str, str]
    column: LineItemFacts | None
    has_open_column: bool


@bp.errorhandler(AnswerRefusedError)
def _show_refusal(error: AnswerRefusedError) -> ResponseReturnValue:
    page = render_template(
        "sandbox/refused.html", heading="Nothing was added", reason=str(error), is_framed=True
    )
    return page, 400


@bp.post("/return")
def accept() -> ResponseReturnValue:
    """Make the activities that the tool sends back, or say why not."""
    lms = current_lms()
    try:
        claims = lms.tool_keys.read(request.form.get("JWT", ""))
    except BadTokenError as error:
        raise AnswerRefusedError(str(error)) from error
    _check(claims)
    data = _read_data(claims)
    course_id, placement = data["course"], data["placement"]
    links, others = split_items(claims, placement)
    items = _read_items(links)
    placed = read_placed(others, data)
    if not lms.database.use_up("nonce", claims["nonce"]):
        raise AnswerRefusedError("This answer was sent before (nonce).")
    with lms.database.writing() as session:
        for item in items:
            activity = _make_activity(item, course_id)
            session.add(activity)
            session.flush()
            if item.has_open_column:
                session.add(OpenColumn(line_item_id=activity.line_items[0].id))
        session.add_all(placed)
        titles = [item.title for item in items] + [each.title for each in placed]
    said = claims.get(f"{DEEP_LINKING_CLAIM}errormsg") or claims.get(f"{DEEP_LINKING_CLAIM}msg")
    return render_template(
        "sandbox/chosen.html",
        titles=titles,
        said=said if isinstance(said, str) else "",
        course_url=url_for(
            "placements.homework" if placement == HOMEWORK_PLACEMENT else "pages.course",
            course_id=course_id,
        ),
    )


def _check(claims: dict[str, Any]) -> None:
    config, profile = current_lms().config, current_profile()
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    now = time.time()
    issued, expires = _seconds(claims, "iat"), _seconds(claims, "exp")
    if claims.get("iss") != profile.client_id:
        raise AnswerRefusedError("It does not come from the tool (iss).")
    if config.issuer not in audiences:
        raise AnswerRefusedError("It is not meant for this LMS (aud).")
    if claims.get("azp", profile.client_id) != profile.client_id:
        raise AnswerRefusedError("It was made for somebody else (azp).")
    if expires <= now - LEEWAY_SECONDS or issued > now + LEEWAY_SECONDS:
        raise AnswerRefusedError("It has expired, or comes from the future (iat, exp).")
    if expires - issued > LONGEST_ANSWER_SECONDS:
        raise AnswerRefusedError("It is valid for too long (exp).")
    if not isinstance(claims.get("nonce"), str) or not claims["nonce"]:
        raise AnswerRefusedError("It has no nonce.")
    expected = {
        "message_type": DEEP_LINK_RESPONSE,
        "version": "1.3.0",
        "deployment_id": profile.deployment_id,
    }
    for name, value in expected.items():
        if claims.get(f"{CLAIM}{name}") != value:
            raise AnswerRefusedError(f"Its {name} is not “{value}”.")


def _seconds(claims: dict[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise AnswerRefusedError(f"It does not say its time ({name}).")
    return value


def _read_data(claims: dict[str, Any]) -> dict[str, str]:
    sealed = claims.get(f"{DEEP_LINKING_CLAIM}data")
    try:
        data = current_lms().unseal(
            DEEP_LINKING_DATA,
            sealed if isinstance(sealed, str) else "",
            max_age_seconds=CHOOSING_SECONDS,
        )
    except SignedValueError as error:
        raise AnswerRefusedError(
            "It does not bring back the data of the request, or too late."
        ) from error
    return data


def _read_items(raw: list[Any]) -> list[ContentItem]:
    if len(raw) > 1 and current_profile().adds_one_at_a_time:
        raise AnswerRefusedError("This LMS takes one item at a time here (accept_multiple).")
    return [_read_item(each) for each in raw]


def _read_item(raw: Any) -> ContentItem:
    title = _text(raw, "title").strip()
    if not title:
        raise AnswerRefusedError("An item has no title.")
    url = _text(raw, "url")
    config = current_lms().config
    if url and f"{urlsplit(url).scheme}://{urlsplit(url).netloc}" != config.tool_origin:
        raise AnswerRefusedError("An item's url is not the tool's.")
    profile = current_profile()
    if urlsplit(url).query and not profile.takes_queries:
        raise AnswerRefusedError("This LMS takes no address with a query string.")
    available, submission = _texts(raw, "available"), _texts(raw, "submission")
    return ContentItem(
        title=title,
        text=_text(raw, "text"),
        url=url,
        custom=_texts(raw, "custom"),
        available=available if profile.keeps_dates else {},
        submission=submission if profile.keeps_dates else {},
        column=_read_column(raw, title),
        has_open_column="scoreMaximum" not in (raw.get("lineItem") or {"scoreMaximum": 1}),
    )


def _read_column(raw: dict[str, Any], title: str) -> LineItemFacts | None:
    column = raw.get("lineItem")
    if column is None:
        return None
    if not isinstance(column, dict):
        raise AnswerRefusedError("An item's lineItem is no object.")
    profile = current_profile()
    label = column.get("label") if profile.keeps_labels else None
    if "scoreMaximum" not in column and profile.takes_open_columns:
        column = {**column, "scoreMaximum": OPEN_MAXIMUM}
    review = column.get("submissionReview")
    if isinstance(review, dict) and not profile.keeps_review_texts:
        review = {name: review[name] for name in ("url", "custom") if name in review}
        column = {**column, "submissionReview": review}
    try:
        return read_line_item({**column, "label": label or title})
    except ServiceError as error:
        raise AnswerRefusedError(f"An item's lineItem is wrong: {error}") from error


def _text(raw: dict[str, Any], name: str) -> str:
    value = raw.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise AnswerRefusedError(f"An item's {name} is no text.")
    return value


def _texts(raw: dict[str, Any], name: str) -> dict[str, str]:
    value = raw.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise AnswerRefusedError(f"An item's {name} must hold only texts.")
    return value


def _make_activity(item: ContentItem, course_id: str) -> Activity:
    activity = Activity(
        course_id=course_id,
        title=item.title,
        text=item.text,
        url=item.url or None,
        custom=item.custom,
        opens_at=item.available.get("startDateTime", ""),
        closes_at=item.available.get("endDateTime", ""),
        submission_opens_at=item.submission.get("startDateTime", ""),
        due_at=item.submission.get("endDateTime", ""),
        is_added=True,
    )
    if item.column:
        column = LineItem(course_id=course_id)
        item.column.write_to(column)
        activity.line_items = [column]
    return activity
