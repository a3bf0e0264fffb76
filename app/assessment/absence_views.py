"""Days away: entering them, and passing on what one has."""

from datetime import UTC, date, datetime, time, timedelta

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from app.assessment.absences import add_absence, end_absence, list_absences
from app.assessment.allocation_rounds import count_held, pass_on
from app.assessment.blueprint import bp
from app.assessment.queue_forms import AbsenceForm, ActForm
from app.core.access import requires_grantor
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import InvalidError
from app.core.principal import current_principal
from app.courses.service import get_person


@bp.route("/assessment/absences", methods=["GET", "POST"])
@requires_grantor
def absences() -> ResponseReturnValue:
    """Show a grantor's days away; on POST enter some."""
    principal, now = current_principal(), utcnow()
    form = AbsenceForm()
    if form.validate_on_submit():
        try:
            _enter(form, now)
        except InvalidError as error:
            form.last_day.errors = [str(error)]
        else:
            flash(_("Entered. On these days you are given no work."), "success")
            return redirect(url_for(".absences"), 303)
    page = render_template(
        "assessment/absences.html",
        form=form,
        act=ActForm(formdata=None),
        absences=list_absences(db.session(), principal.person_id, now=now),
        last_day_of=_last_day_of,
        held=count_held(db.session(), principal.person_id),
        now=now,
    )
    return page, form.status


@bp.post("/assessment/absences/<int:absence_id>/end")
@requires_grantor
def end_days_away(absence_id: int) -> ResponseReturnValue:
    """Take days away off."""
    ActForm().validate()
    principal = current_principal()
    with transaction() as session:
        person = get_person(session, principal.person_id, institution_id=principal.institution_id)
        end_absence(session, absence_id, person=person, now=utcnow())
    flash(_("Taken off. You are given work again."), "success")
    return redirect(url_for(".absences"), 303)


@bp.post("/assessment/absences/pass-on")
@requires_grantor
def pass_work_on() -> ResponseReturnValue:
    """Give others what this grantor has and has not started on."""
    ActForm().validate()
    principal = current_principal()
    with transaction() as session:
        person = get_person(session, principal.person_id, institution_id=principal.institution_id)
        passed = pass_on(session, person, now=utcnow())
        left = count_held(session, principal.person_id)
    flash(
        ngettext(
            "%(num)d submission has gone to others.",
            "%(num)d submissions have gone to others.",
            passed,
        )
    )
    if left:
        flash(
            _("The rest stays with you: you have started on it, or nobody else may assess it."),
            "warning",
        )
    return redirect(url_for(".absences"), 303)


def _enter(form: AbsenceForm, now: datetime) -> None:
    principal = current_principal()
    first, last = _begin_of(form.first_day.data), _begin_of(form.last_day.data)
    if last < first:
        raise InvalidError(_("The last day is before the first one: correct the days."))
    with transaction() as session:
        add_absence(
            session,
            get_person(session, principal.person_id, institution_id=principal.institution_id),
            starts_at=first,
            ends_at=last + timedelta(days=1),
            now=now,
        )


def _begin_of(day: date) -> datetime:
    """Return the first moment of a day.

    Raises: `InvalidError` for a day at the end of the calendar, which has no next one.
    """
    if day.year >= date.max.year:
        raise InvalidError(_("Give a day within the next years."))
    return datetime.combine(day, time(), UTC)


def _last_day_of(ends_at: datetime) -> datetime:
    return ends_at - timedelta(days=1)
