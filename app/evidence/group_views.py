"""Who works together: invite, answer, leave, and sign what is handed in."""

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.access import requires
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import ConflictError, InvalidError
from app.core.forms import Form
from app.core.principal import Role, current_principal
from app.evidence import grouping, signing
from app.evidence.blueprint import bp
from app.evidence.group_forms import FindForm, InviteForm
from app.evidence.group_lists import Offered, list_invitable
from app.evidence.group_pages import describe_group
from app.evidence.service import find_work
from app.mapping.models import Assignment
from app.mapping.service import get_assignment

GROUP = "/courses/<int:course_id>/assignments/<int:assignment_id>/group"


@bp.get(GROUP)
@requires(Role.LEARNER)
def group(course_id: int, assignment_id: int) -> ResponseReturnValue:
    """Show who works together, and whom of the course one can invite."""
    assignment = get_assignment(db.session(), assignment_id, course_id=course_id)
    if not assignment.takes_groups:
        flash(_("In this assignment everybody hands in their own work."), "warning")
        return _back(assignment)
    offered = _offer(assignment)
    return _page(assignment, offered, InviteForm.for_people(offered.people))


@bp.post(f"{GROUP}/invitations")
@requires(Role.LEARNER)
def invite(course_id: int, assignment_id: int) -> ResponseReturnValue:
    """Invite one learner of the course."""
    assignment = get_assignment(db.session(), assignment_id, course_id=course_id)
    if not assignment.takes_groups:
        raise ConflictError(grouping.NO_GROUPS)
    offered = _offer(assignment)
    form = InviteForm.for_people(offered.people)
    if form.validate():
        try:
            _do(grouping.invite, assignment, person_id=form.person.data)
        except InvalidError as error:
            form.person.errors = [str(error)]
    if form.errors:
        return _page(assignment, offered, form), form.status
    flash(_("Invited. They accept or decline on their page of this assignment."), "success")
    return redirect(url_for(".group", course_id=course_id, assignment_id=assignment_id), 303)


@bp.post(f"{GROUP}/invitations/<int:invitation_id>/take-back")
@requires(Role.LEARNER)
def take_back_invitation(
    course_id: int, assignment_id: int, invitation_id: int
) -> ResponseReturnValue:
    """Take an invitation back that was not accepted."""
    assignment = get_assignment(db.session(), assignment_id, course_id=course_id)
    _do(grouping.take_back, assignment, invitation_id=invitation_id)
    flash(_("The invitation is taken back."), "success")
    return redirect(url_for(".group", course_id=course_id, assignment_id=assignment_id), 303)


@bp.post(f"{GROUP}/invitations/<int:invitation_id>/accept")
@requires(Role.LEARNER)
def accept_invitation(
    course_id: int, assignment_id: int, invitation_id: int
) -> ResponseReturnValue:
    """Join the group that invited this learner."""
    assignment = get_assignment(db.session(), assignment_id, course_id=course_id)
    _do(grouping.accept, assignment, invitation_id=invitation_id)
    flash(_("You are in the group now: its work is yours too."), "success")
    return _back(assignment)


@bp.post(f"{GROUP}/invitations/<int:invitation_id>/decline")
@requires(Role.LEARNER)
def decline_invitation(
    course_id: int, assignment_id: int, invitation_id: int
) -> ResponseReturnValue:
    """Decline to join a group."""
    assignment = get_assignment(db.session(), assignment_id, course_id=course_id)
    _do(grouping.decline, assignment, invitation_id=invitation_id)
    flash(_("You have declined. You hand in your own work."), "success")
    return _back(assignment)


@bp.post(f"{GROUP}/leave")
@requires(Role.LEARNER)
def leave_group(course_id: int, assignment_id: int) -> ResponseReturnValue:
    """Leave the group before it hands in."""
    assignment = get_assignment(db.session(), assignment_id, course_id=course_id)
    _do(grouping.leave, assignment)
    flash(_("You have left the group. You begin with an empty draft of your own."), "success")
    return _back(assignment)


@bp.post(f"{GROUP}/members/<int:person_id>/remove")
@requires(Role.LEARNER)
def remove_member(course_id: int, assignment_id: int, person_id: int) -> ResponseReturnValue:
    """Remove somebody from the group that this learner began."""
    assignment = get_assignment(db.session(), assignment_id, course_id=course_id)
    _do(grouping.remove, assignment, person_id=person_id)
    flash(_("They are no longer in your group."), "success")
    return redirect(url_for(".group", course_id=course_id, assignment_id=assignment_id), 303)


@bp.post(f"{GROUP}/signature")
@requires(Role.LEARNER)
def sign_statement(course_id: int, assignment_id: int) -> ResponseReturnValue:
    """Sign the statement that the page showed."""
    assignment = get_assignment(db.session(), assignment_id, course_id=course_id)
    is_same = request.form.get("statement") == signing.digest_of(assignment.statement)
    _do(signing.sign, assignment, statement=assignment.statement if is_same else "")
    flash(_("You have signed the statement for this attempt."), "success")
    return _back(assignment)


@bp.post(f"{GROUP}/signature/take-back")
@requires(Role.LEARNER)
def take_signature_back(course_id: int, assignment_id: int) -> ResponseReturnValue:
    """Take one's signature back while the work is a draft."""
    assignment = get_assignment(db.session(), assignment_id, course_id=course_id)
    _do(signing.take_signature_back, assignment)
    flash(_("Your signature is taken back. The work cannot be handed in without it."), "success")
    return _back(assignment)


def _do(deed: Callable[..., None], assignment: Assignment, **facts: Any) -> None:
    """Do something as the learner who asks, in one transaction."""
    with transaction() as session:
        deed(
            session,
            assignment,
            learner_id=current_principal().person_id,
            **facts,
            now=utcnow(),
        )


def _offer(assignment: Assignment) -> Offered:
    return list_invitable(
        db.session(),
        assignment,
        learner_id=current_principal().person_id,
        find=request.args.get("find", ""),
        now=utcnow(),
    )


def _page(assignment: Assignment, offered: Offered, form: InviteForm) -> str:
    work = find_work(db.session(), assignment.id, current_principal().person_id)
    return render_template(
        "evidence/group.html",
        assignment=assignment,
        group=describe_group(assignment, work),
        offered=offered,
        find_form=FindForm(request.args),
        form=form,
        act=Form(formdata=None),
    )


def _back(assignment: Assignment) -> ResponseReturnValue:
    place = url_for(".work", course_id=assignment.course_id, assignment_id=assignment.id)
    return redirect(place, 303)
