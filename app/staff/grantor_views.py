"""`/admin/grantors`: who may assess what, for the institution's administrators."""

from collections.abc import Sequence

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.core.access import requires_administrator, signed_in
from app.core.clock import utcnow
from app.core.csv_text import write_csv
from app.core.db import db, transaction
from app.core.errors import InvalidError
from app.core.principal import current_principal
from app.courses.models import Course
from app.courses.reach import tell_apart
from app.courses.service import get_course, get_person
from app.programme.models import GrantorAppointment
from app.programme.service import (
    appoint_grantor,
    change_appointment,
    end_appointment,
    find_standing_appointment,
    get_appointment,
)
from app.staff.blueprint import bp
from app.staff.forms import SOME, ActForm, AppointForm, SearchForm, TermsForm
from app.staff.grantors import (
    Row,
    State,
    begin_of,
    end_of,
    get_granted_achievement,
    is_assessed,
    list_granted_achievements,
    list_offered_courses,
    list_own_rows,
    list_rows,
    name_achievements,
    state_of,
)
from app.staff.people import find_people

CSV_HEADER = (
    *("achievement", "person", "email", "role", "state", "from", "last_day", "trained_on"),
    *("courses", "note"),
)


@bp.get("/admin/grantors")
@requires_administrator
def grantors() -> str:
    """List who may assess what."""
    principal, rows = current_principal(), _asked_rows()
    return render_template(
        "staff/grantors.html",
        rows=rows,
        apart=tell_apart(db.session(), {row.appointment.person for row in rows}),
        search=_search_form(
            list_granted_achievements(db.session(), principal.institution_id), _("all of them")
        ),
        with_ended=_wants_ended(),
        asked={"achievement": request.args.get("achievement") or None, "ended": _ended_word()},
        form=ActForm(),
    )


@bp.get("/admin/grantors.csv")
@requires_administrator
def grantors_csv() -> Response:
    """Hand the list out as a table."""
    lines = (
        (
            row.achievement,
            row.appointment.person.display_name,
            row.appointment.person.email,
            row.appointment.role.value,
            row.state.value,
            row.appointment.starts_at.date(),
            row.last_day,
            row.appointment.trained_on.date() if row.appointment.trained_on else None,
            row.scope or "all",
            row.appointment.note,
        )
        for row in _asked_rows()
    )
    response = Response(write_csv(CSV_HEADER, lines), mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="grantors.csv"'
    return response


@bp.route("/admin/grantors/appoint", methods=["GET", "POST"])
@requires_administrator
def appoint() -> ResponseReturnValue:
    """Find somebody who is known, then say for what, when and where they are appointed.

    The address carries the search, so the page works without script.
    """
    principal, read = current_principal(), db.session()
    achievement_id = request.args.get("achievement", type=int)
    achievements = list_granted_achievements(read, principal.institution_id)
    people = find_people(read, principal.institution_id, request.args.get("person", ""))
    form = AppointForm(data={"starts_on": utcnow().date()})
    is_ready = achievement_id in dict(achievements) and bool(people)
    if achievement_id is not None and is_ready:
        form.offer_people(people)
        form.offer_courses(_offered(achievement_id, form))
        form.offer_roles(is_assessed(read, achievement_id))
        if form.validate_on_submit() and (answer := _appoint(achievement_id, form)):
            return answer
    page = render_template(
        "staff/appoint.html",
        form=form,
        search=_search_form(achievements, _("choose one")),
        has_achievements=bool(achievements),
        achievement_name=dict(achievements).get(achievement_id) if achievement_id else None,
        people=people,
        is_ready=is_ready,
    )
    return page, form.status


@bp.route("/admin/grantors/<int:appointment_id>", methods=["GET", "POST"])
@requires_administrator
def grantor(appointment_id: int) -> ResponseReturnValue:
    """Show one appointment, and change it while it has not ended."""
    principal, read, now = current_principal(), db.session(), utcnow()
    appointment = get_appointment(read, appointment_id, institution_id=principal.institution_id)
    form = TermsForm(data=TermsForm.values_of(appointment))
    form.offer_courses(_offered(appointment.achievement_id, form))
    form.offer_roles(is_assessed(read, appointment.achievement_id))
    if form.validate_on_submit():
        try:
            _change(appointment_id, form)
        except InvalidError as error:
            form.last_day.errors = [str(error)]
        else:
            flash(_("Saved. It counts from now on."), "success")
            return redirect(url_for(".grantors"), 303)
    names = name_achievements(read, principal.institution_id)
    page = render_template(
        "staff/grantor.html",
        row=Row(appointment, names[appointment.achievement_id], state_of(appointment, now)),
        form=form,
        search=_search_form([], ""),
        is_open=state_of(appointment, now) is not State.ENDED,
    )
    return page, form.status


@bp.post("/admin/grantors/<int:appointment_id>/end")
@requires_administrator
def end_grantor(appointment_id: int) -> ResponseReturnValue:
    """End an appointment now."""
    principal = current_principal()
    with transaction() as write:
        found = get_appointment(write, appointment_id, institution_id=principal.institution_id)
        end_appointment(write, found, actor=principal.actor, now=utcnow())
    flash(_("Ended. What was decided under it stands."), "success")
    return redirect(url_for(".grantors"), 303)


@bp.get("/my/appointments")
@signed_in
def my_appointments() -> str:
    """Show what one may assess, in which courses, and until when."""
    principal, now = current_principal(), utcnow()
    rows = list_own_rows(
        db.session(), principal.person_id, institution_id=principal.institution_id, now=now
    )
    return render_template("staff/my_appointments.html", rows=rows)


def _asked_rows() -> list[Row]:
    return list_rows(
        db.session(),
        current_principal().institution_id,
        achievement_id=request.args.get("achievement", type=int),
        with_ended=_wants_ended(),
        now=utcnow(),
    )


def _wants_ended() -> bool:
    return request.args.get("ended") == "1"


def _ended_word() -> str | None:
    return "1" if _wants_ended() else None


def _search_form(achievements: Sequence[tuple[int, str]], nothing: str) -> SearchForm:
    form = SearchForm(request.args)
    form.offer_achievements(achievements, nothing)
    return form


def _offered(achievement_id: int, form: TermsForm) -> list[Course]:
    return list_offered_courses(
        db.session(),
        current_principal().institution_id,
        achievement_id,
        text=request.args.get("course", ""),
        chosen=form.courses.data or (),
    )


def _appoint(achievement_id: int, form: AppointForm) -> ResponseReturnValue | None:
    """Appoint whom the form names; `None` if the form has an error to show."""
    principal, now = current_principal(), utcnow()
    try:
        with transaction() as write:
            person = get_person(write, form.person_id.data, institution_id=principal.institution_id)
            achievement = get_granted_achievement(
                write, achievement_id, institution_id=principal.institution_id
            )
            standing = find_standing_appointment(
                write, person_id=person.id, achievement_id=achievement.id, now=now
            )
            if standing is not None:
                flash(_("This person is appointed already: change the dates here."))
                return redirect(url_for(".grantor", appointment_id=standing.id), 303)
            appoint_grantor(
                write,
                principal.institution_id,
                achievement_id=achievement.id,
                person_id=person.id,
                starts_at=begin_of(form.starts_on.data),
                ends_at=end_of(form.last_day.data),
                trained_on=begin_of(form.trained_on.data) if form.trained_on.data else None,
                courses=_chosen_courses(write, form),
                note=(form.note.data or "").strip() or None,
                role=form.chosen_role,
                actor=principal.actor,
                now=now,
            )
            name = person.display_name
    except InvalidError as error:
        form.last_day.errors = [str(error)]
        return None
    flash(_("%(name)s is appointed.", name=name), "success")
    return redirect(url_for(".grantors"), 303)


def _change(appointment_id: int, form: TermsForm) -> GrantorAppointment:
    principal = current_principal()
    with transaction() as write:
        found = get_appointment(write, appointment_id, institution_id=principal.institution_id)
        # A day that was not touched keeps its hour.
        kept = TermsForm.values_of(found)
        return change_appointment(
            write,
            found,
            starts_at=found.starts_at
            if form.starts_on.data == kept["starts_on"]
            else begin_of(form.starts_on.data),
            ends_at=found.ends_at
            if form.last_day.data == kept["last_day"]
            else end_of(form.last_day.data),
            trained_on=begin_of(form.trained_on.data) if form.trained_on.data else None,
            courses=_chosen_courses(write, form),
            note=(form.note.data or "").strip() or None,
            role=form.chosen_role,
            actor=principal.actor,
            now=utcnow(),
        )


def _chosen_courses(write: Session, form: TermsForm) -> Sequence[Course] | None:
    if form.scope.data != SOME:
        return None
    institution_id = current_principal().institution_id
    return [
        get_course(write, course_id, institution_id=institution_id)
        for course_id in form.courses.data
    ]
