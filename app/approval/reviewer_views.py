"""Administrators: who reviews. Appoint to a group, end, list."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms.fields.choices import SelectChoice

from app.approval.blueprint import bp
from app.approval.forms import ActForm
from app.approval.review_forms import MAX_WORDS, FindForm, ReviewerForm, end_of, start_of
from app.core.access import requires_administrator
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import InvalidError
from app.core.principal import current_principal
from app.courses.finding import find_people
from app.courses.models import Person
from app.courses.service import get_person
from app.programme.reviewers import appoint_reviewer, end_seat, get_seat, list_seats
from app.programme.service import get_rules


@bp.route("/admin/reviewers", methods=["GET", "POST"])
@requires_administrator
def reviewers() -> ResponseReturnValue:
    """List the reviewers, group by group; find people by `?q=`; on POST appoint one."""
    principal, now = current_principal(), utcnow()
    rules = get_rules(db.session(), principal.institution_id)
    find = FindForm(request.args)
    words = find.q.data[:MAX_WORDS] if find.q.data else ""
    found = find_people(db.session(), principal.institution_id, words)
    form = ReviewerForm()
    form.group.choices = [SelectChoice(group.key, group.name) for group in rules.group]
    form.person.choices = [SelectChoice(str(person.id), _say(person)) for person in found]
    if form.validate_on_submit():
        group = next(group for group in rules.group if group.key == form.group.data)
        try:
            with transaction() as write:
                person = get_person(
                    write, form.person.data, institution_id=principal.institution_id
                )
                appoint_reviewer(
                    write,
                    principal.institution_id,
                    group=group,
                    unit=form.unit.data or None,
                    person_id=person.id,
                    starts_at=start_of(form.starts_on.data),
                    ends_at=end_of(form.ends_on.data),
                    actor=principal.actor,
                    now=now,
                )
                name = person.display_name
        except InvalidError as error:
            form.unit.errors = [str(error)]
        else:
            flash(_("%(name)s now has a seat in “%(group)s”.", name=name, group=group.name))
            return redirect(url_for(".reviewers"), 303)
    seats = list_seats(db.session(), principal.institution_id)
    page = render_template(
        "approval/reviewers.html",
        form=form,
        act=ActForm(formdata=None),
        find=find,
        words=words,
        found=found,
        groups=rules.group,
        running=[seat for seat in seats if seat.ends_at is None or seat.ends_at > now],
        ended=[seat for seat in seats if seat.ends_at is not None and seat.ends_at <= now],
        units=sorted({seat.unit for seat in seats if seat.unit}),
        now=now,
    )
    return page, form.status


@bp.post("/admin/reviewers/<int:seat_id>/end")
@requires_administrator
def end_reviewer(seat_id: int) -> ResponseReturnValue:
    """End a seat now; what was voted stands."""
    principal = current_principal()
    ActForm().validate()
    with transaction() as write:
        seat = get_seat(write, seat_id, institution_id=principal.institution_id)
        end_seat(write, seat, actor=principal.actor, now=utcnow())
    flash(_("The appointment is ended. What they voted stands."))
    return redirect(url_for(".reviewers"), 303)


def _say(person: Person) -> str:
    return f"{person.display_name} · {person.email}" if person.email else person.display_name
