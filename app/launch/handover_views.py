"""Homework in the LMS: a learner chooses own work or an own award, and takes it there."""

from typing import Any

from flask import current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from app.core.access import public, requires
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import NotFoundError
from app.core.principal import Role, current_principal
from app.courses.service import get_course
from app.evidence.quarantine import require_safe
from app.evidence.sending import send_guarded
from app.evidence.storage import open_storage
from app.launch import deep_linking
from app.launch.answering import answer_page, own_request
from app.launch.blueprint import bp
from app.launch.handover_models import Handover
from app.launch.handovers import (
    get_handover,
    get_sealed_file,
    list_own_awards,
    list_own_work,
    seal_file,
)
from app.launch.handovers import (
    hand_over as keep_handover,
)
from app.mapping.asked import read_asked

PORTFOLIO = "/courses/<int:course_id>/deep-linking/<token>/portfolio"


@bp.get(PORTFOLIO)
@requires(Role.LEARNER)
def portfolio(course_id: int, token: str) -> ResponseReturnValue:
    """Offer a learner's own files, links and awards, as far as the LMS takes them."""
    read, principal = db.session(), current_principal()
    asked = read_asked(own_request(read, token, course_id).settings)
    person_id, institution_id = principal.person_id, principal.institution_id
    return render_template(
        "launch/portfolio.html",
        course=get_course(read, course_id, institution_id=institution_id),
        work=list_own_work(read, person_id=person_id, institution_id=institution_id, asked=asked),
        awards=list_own_awards(read, person_id=person_id, asked=asked),
        form=FlaskForm(),
        place={"course_id": course_id, "token": token},
    )


@bp.post(PORTFOLIO)
@requires(Role.LEARNER)
def hand_over(course_id: int, token: str) -> ResponseReturnValue:
    """Hand one of them over."""
    with transaction() as session:
        found = own_request(session, token, course_id)
        made = keep_handover(session, found, request.form.get("item", ""), now=utcnow())
        handover_id = made.id
    return redirect(
        url_for(".handed_over", course_id=course_id, token=token, handover_id=handover_id), 303
    )


@bp.get(f"{PORTFOLIO}/<int:handover_id>")
@requires(Role.LEARNER)
def handed_over(course_id: int, token: str, handover_id: int) -> ResponseReturnValue:
    """Show what was chosen, with the button that takes it to the LMS."""
    read = db.session()
    found = own_request(read, token, course_id)
    chosen = get_handover(read, handover_id, found)
    item = _item(chosen)
    is_file = item["type"] == "file"
    if is_file and chosen.expires_at <= utcnow():
        raise NotFoundError("This took too long. Choose the file again in the LMS.")
    return answer_page(
        read,
        found,
        [item],
        template="launch/deep_link_return.html",
        handed=item["title"],
        is_file=is_file,
    )


@bp.get("/lti/handed-over/<sealed>")
@public
def handed_over_file(sealed: str) -> ResponseReturnValue:
    """Send a file that its learner handed over; the LMS has the address for a few minutes."""
    artifact = get_sealed_file(db.session(), sealed, secret=_secret(), now=utcnow())
    if artifact.storage_key is None:
        raise NotFoundError("This is no file.")
    require_safe(artifact, is_author=False)
    return send_guarded(
        open_storage(current_app.extensions["assay.settings"]).open(artifact.storage_key),
        media_type=artifact.media_type or "application/octet-stream",
        name=artifact.file_name or "file",
        is_inline=False,
    )


def _item(chosen: Handover) -> dict[str, Any]:
    base_url = current_app.extensions["assay.settings"].base_url
    if chosen.award is not None:
        page = url_for("public.award", public_id=chosen.award.public_id)
        return deep_linking.link_item(base_url + page, title=chosen.award.version.name)
    artifact = chosen.artifact
    if artifact is None:
        raise NotFoundError("This work is no longer there. Choose again.")
    if artifact.url is not None:
        return deep_linking.link_item(artifact.url, title=artifact.url)
    sealed = seal_file(chosen, secret=_secret())
    return deep_linking.file_item(
        base_url + url_for(".handed_over_file", sealed=sealed),
        title=artifact.file_name or "file",
        media_type=artifact.media_type,
        expires_at=chosen.expires_at,
    )


def _secret() -> str:
    return str(current_app.secret_key)
