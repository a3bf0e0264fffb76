"""How the telling of the gradebook stands, for one learner and assignment."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.access import requires
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import NotFoundError
from app.core.forms import Form
from app.core.principal import STAFF, Principal, Role, current_principal, find_principal
from app.mapping.service import get_assignment
from app.outbox.models import Delivery
from app.passback.blueprint import ADDRESS, bp
from app.passback.service import find_cell, find_newest_delivery, replace_grade
from app.passback.service import resend as resend_delivery


@bp.route(f"{ADDRESS}/delivery")
@requires(*STAFF, Role.LEARNER)
def status(course_id: int, assignment_id: int, person_id: int) -> ResponseReturnValue:
    """Answer the fragment for `live.js`, or 204 while the state is still the one `seen`."""
    _check_reader(current_principal(), person_id)
    assignment = get_assignment(db.session(), assignment_id, course_id=course_id)
    delivery = find_newest_delivery(db.session(), assignment_id=assignment.id, person_id=person_id)
    if request.args.get("seen") in {delivery_state(delivery), delivery_key(delivery)}:
        return "", 204
    return render_template(
        "passback/_status.html",
        assignment=assignment,
        person_id=person_id,
        delivery=delivery,
        cell=find_cell(db.session(), assignment_id=assignment.id, person_id=person_id),
    )


@bp.route(f"{ADDRESS}/delivery/resend", methods=["POST"])
@requires(*STAFF)
def resend(course_id: int, assignment_id: int, person_id: int) -> ResponseReturnValue:
    """Send a failed delivery again because a member of staff asks for it."""
    actor = current_principal().actor
    with transaction() as session:
        assignment = get_assignment(session, assignment_id, course_id=course_id)
        resend_delivery(session, assignment, person_id=person_id, actor=actor, now=utcnow())
    flash(_("The gradebook will be told again."), "success")
    return _back(course_id, assignment_id, person_id)


@bp.route(f"{ADDRESS}/delivery/replace", methods=["POST"])
@requires(*STAFF)
def replace(course_id: int, assignment_id: int, person_id: int) -> ResponseReturnValue:
    """Put our decision in the place of a grade set by hand; a member of staff asks for it."""
    actor = current_principal().actor
    with transaction() as session:
        assignment = get_assignment(session, assignment_id, course_id=course_id)
        replace_grade(session, assignment, person_id=person_id, actor=actor, now=utcnow())
    flash(_("The grade in the gradebook will be replaced with ours."), "success")
    return _back(course_id, assignment_id, person_id)


@bp.app_context_processor
def offer_resending() -> dict[str, Any]:
    """Give every page what the fragment needs: whether its reader may send again, and a form."""
    principal = find_principal()
    return {
        "may_resend": principal is not None and principal.role in STAFF,
        "resend_form": Form,
        "delivery_key": delivery_key,
    }


def delivery_state(delivery: Delivery | None) -> str:
    """Return the state in one word; `none` if nothing was ever owed."""
    return delivery.state.value if delivery else "none"


def delivery_key(delivery: Delivery | None) -> str:
    """Return what changes when the fragment would say something else."""
    if delivery is None:
        return "none"
    return f"{delivery.state.value}-{delivery.id}-{delivery.attempts}"


def _check_reader(principal: Principal, person_id: int) -> None:
    if principal.role is Role.LEARNER and principal.person_id != person_id:
        raise NotFoundError("There is nothing at this address, or you may not see it.")


def _back(course_id: int, assignment_id: int, person_id: int) -> ResponseReturnValue:
    """Lead back to where the button was: the class, or one learner's work."""
    place: dict[str, Any] = {"course_id": course_id, "assignment_id": assignment_id}
    if request.args.get("back") == "class":
        return redirect(url_for("assessment.overview", **place, _anchor="class"), 303)
    return redirect(url_for("assessment.read", **place, person_id=person_id), 303)
