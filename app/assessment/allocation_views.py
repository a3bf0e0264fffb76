"""Handing work over, taking it over, and giving out what waits."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from wtforms.fields.choices import SelectChoice

from app.assessment.allocation import hand_over, list_receivers, take_over
from app.assessment.allocation_rounds import allocate_waiting
from app.assessment.blueprint import bp, queue_marks, review_marks
from app.assessment.moderation_views import shown_authors
from app.assessment.queue_forms import ActForm, HandOverForm
from app.assessment.queue_scopes import list_scopes
from app.assessment.service import check_grantor
from app.core.access import requires_grantor, signed_in
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import ForbiddenError, InvalidError
from app.core.principal import Principal, current_principal
from app.courses.reach import tell_apart
from app.courses.service import get_person
from app.evidence.models import Submission
from app.evidence.service import get_work

# So many at one press of the button; the worker goes on.
AT_ONCE = 200


@bp.route("/assessment/submissions/<int:submission_id>/hand-over", methods=["GET", "POST"])
@requires_grantor
def hand_over_work(submission_id: int) -> ResponseReturnValue:
    """Ask to whom work is handed over; on POST do it."""
    submission = _find(submission_id)
    form = HandOverForm()
    form.receiver.choices = _receivers(submission)
    if form.validate_on_submit():
        try:
            name = _hand_over(submission_id, form)
        except InvalidError as error:
            form.receiver.errors = [str(error)]
        else:
            flash(_("Handed over to %(name)s.", name=name), "success")
            return redirect(url_for(".queue", **queue_marks()), 303)
    page = render_template(
        "assessment/hand_over.html",
        form=form,
        submission=submission,
        name=shown_authors(submission),
        marks=review_marks(),
    )
    return page, form.status


@bp.post("/assessment/submissions/<int:submission_id>/take-over")
@requires_grantor
def take_over_work(submission_id: int) -> ResponseReturnValue:
    """Take work that others have been given."""
    ActForm().validate()
    principal = current_principal()
    with transaction() as session:
        take_over(
            session,
            get_work(session, submission_id, institution_id=principal.institution_id),
            taker=get_person(session, principal.person_id, institution_id=principal.institution_id),
            now=utcnow(),
        )
    flash(_("This work is yours now. Whoever had it sees that you took it over."), "success")
    return redirect(url_for(".assess", submission_id=submission_id, **review_marks()), 303)


@bp.post("/assessment/allocate")
@signed_in
def allocate_now() -> ResponseReturnValue:
    """Give out what waits: a moderator's achievements, or all, for an administrator."""
    ActForm().validate()
    principal, now = current_principal(), utcnow()
    with transaction() as session:
        if principal.is_administrator:
            achievement_ids = None
        else:
            scopes = list_scopes(session, principal, now=now)
            achievement_ids = [scope.achievement_id for scope in scopes if scope.moderates]
            if not achievement_ids:
                raise ForbiddenError("Only moderators and administrators give out what waits.")
        given = allocate_waiting(
            session,
            institution_id=principal.institution_id,
            achievement_ids=achievement_ids,
            most=AT_ONCE,
            now=now,
        )
    if given:
        flash(
            ngettext(
                "%(num)d submission was given out.", "%(num)d submissions were given out.", given
            )
        )
    else:
        flash(
            _(
                "Nothing could be given out: everything that is allocated by load is given out "
                "already, or nobody who may assess it is there today."
            )
        )
    return redirect(_back(principal), 303)


def _find(submission_id: int) -> Submission:
    session, principal = db.session(), current_principal()
    submission = get_work(session, submission_id, institution_id=principal.institution_id)
    grantor = get_person(session, principal.person_id, institution_id=principal.institution_id)
    check_grantor(session, submission, grantor, now=utcnow())
    return submission


def _receivers(submission: Submission) -> list[SelectChoice]:
    session, principal = db.session(), current_principal()
    giver = get_person(session, principal.person_id, institution_id=principal.institution_id)
    people = list_receivers(session, submission, giver=giver, now=utcnow())
    apart = tell_apart(session, people)
    return [
        SelectChoice(
            str(person.id), " · ".join(filter(None, [person.display_name, apart[person.id]]))
        )
        for person in people
    ]


def _hand_over(submission_id: int, form: HandOverForm) -> str:
    principal = current_principal()
    with transaction() as session:
        given = hand_over(
            session,
            get_work(session, submission_id, institution_id=principal.institution_id),
            giver=get_person(session, principal.person_id, institution_id=principal.institution_id),
            receiver_id=form.receiver.data,
            note=form.note.data or "",
            now=utcnow(),
        )
        return given.person.display_name


def _back(principal: Principal) -> str:
    if principal.is_administrator and not list_scopes(db.session(), principal, now=utcnow()):
        return url_for("catalog.achievements")
    return url_for(".queue")
