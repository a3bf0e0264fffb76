"""Signing what goes back to the LMS, for the pages that carry it there."""

from dataclasses import dataclass
from typing import Any

from flask import current_app, make_response, render_template, url_for
from flask.wrappers import Response
from sqlalchemy.orm import Session

from app.catalog.models import AchievementVersion
from app.core.clock import utcnow
from app.core.pages import frame_by
from app.core.principal import current_principal
from app.launch import claims as rules
from app.launch.deep_linking import Addresses, response_claims, sign_response
from app.launch.forms import DeepLinkReturnForm
from app.mapping.deep_linking import get_deep_link_request
from app.mapping.models import DeepLinkRequest
from app.platforms.models import Deployment
from app.platforms.service import active_tool_key


@dataclass(frozen=True)
class Answer:
    """A form that carries one signed answer, and where it goes."""

    form: DeepLinkReturnForm
    return_url: str


def sign_answer(
    read: Session,
    deployment_pk: int,
    settings: dict[str, Any],
    items: list[dict[str, Any]],
    *,
    error: str | None = None,
) -> Answer:
    """Return the form that takes these items back to where the request came from."""
    deployment = read.get_one(Deployment, deployment_pk)
    message = response_claims(deployment, settings, items, error=error, now=utcnow())
    kid, pem = active_tool_key(read, current_app.extensions["assay.vault"])
    token = sign_response(message, kid=kid, pem=pem)
    return Answer(DeepLinkReturnForm(data={"JWT": token}), settings["deep_link_return_url"])


def answer_page(
    read: Session,
    request: DeepLinkRequest,
    items: list[dict[str, Any]],
    *,
    template: str,
    **context: Any,
) -> Response:
    """Return a page with the button that takes these items back; the LMS may frame it."""
    answer = sign_answer(read, request.deployment_pk, request.settings, items)
    response = make_response(render_template(template, answer=answer, items=items, **context))
    frame_by(*current_principal().frame_origins, rules.origin_of(answer.return_url))
    response.headers["Cache-Control"] = "no-store"
    return response


def own_request(read: Session, token: str, course_id: int) -> DeepLinkRequest:
    """Return the selection that this person began in this course.

    Raises: `NotFoundError` if there is none, or it has run out.
    """
    person_id = current_principal().person_id
    return get_deep_link_request(
        read, token, course_id=course_id, person_id=person_id, now=utcnow()
    )


def addresses_of(version: AchievementVersion | None = None) -> Addresses:
    """Return the addresses that items carry; those of an achievement, if one is given."""
    base_url = current_app.extensions["assay.settings"].base_url
    launch = base_url + url_for("launch.launch")
    if version is None:
        return Addresses(launch=launch)
    public_id = version.public_id
    return Addresses(
        launch=launch,
        achievement=base_url + url_for("public.achievement", public_id=public_id),
        image=base_url + url_for("public.achievement_image", public_id=public_id),
    )
