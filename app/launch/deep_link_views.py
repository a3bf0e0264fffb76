"""The way back of deep linking: what was made goes to the LMS."""

from typing import Any

from flask import (
    current_app,
    make_response,
    render_template,
    url_for,
)
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.core.access import requires
from app.core.clock import utcnow
from app.core.db import db
from app.core.pages import frame_by
from app.core.principal import STAFF, current_principal
from app.launch import claims as rules
from app.launch import deep_linking
from app.launch.blueprint import bp
from app.launch.forms import DeepLinkReturnForm
from app.mapping.deep_linking import get_deep_link_request
from app.mapping.service import get_assignment
from app.platforms.models import Deployment
from app.platforms.service import active_tool_key


@bp.route("/courses/<int:course_id>/deep-linking/<token>/return/<int:assignment_id>")
@requires(*STAFF)
def deep_link_return(course_id: int, token: str, assignment_id: int) -> ResponseReturnValue:
    """Show what goes back to the LMS, with the button that takes it there."""
    read = db.session()
    assignment = get_assignment(read, assignment_id, course_id=course_id)
    found = _deep_link_request(read, token, course_id)
    item = deep_linking.content_item(
        assignment,
        launch_url=_settings().base_url + url_for(".launch"),
        settings=found.settings,
    )
    return _deep_link_answer(read, found, [item], assignment=assignment)


@bp.route("/courses/<int:course_id>/deep-linking/<token>/cancel")
@requires(*STAFF)
def deep_link_cancel(course_id: int, token: str) -> ResponseReturnValue:
    """Go back to the LMS with nothing chosen."""
    read = db.session()
    return _deep_link_answer(read, _deep_link_request(read, token, course_id), [], assignment=None)


def _deep_link_request(read: Session, token: str, course_id: int) -> Any:
    return get_deep_link_request(
        read,
        token,
        course_id=course_id,
        person_id=current_principal().person_id,
        now=utcnow(),
    )


def _deep_link_answer(
    read: Session, found: Any, items: list[dict[str, Any]], *, assignment: Any
) -> ResponseReturnValue:
    deployment = read.get_one(Deployment, found.deployment_pk)
    message = deep_linking.response_claims(deployment, found.settings, items, now=utcnow())
    kid, pem = active_tool_key(read, current_app.extensions["assay.vault"])
    return_url = found.settings["deep_link_return_url"]
    page = render_template(
        "launch/deep_link_return.html",
        assignment=assignment,
        form=DeepLinkReturnForm(
            data={"JWT": deep_linking.sign_response(message, kid=kid, pem=pem)}
        ),
        return_url=return_url,
    )
    response = make_response(page)
    frame_by(*current_principal().frame_origins, rules.origin_of(return_url))
    response.headers["Cache-Control"] = "no-store"
    return response


def _settings() -> Any:
    return current_app.extensions["assay.settings"]
