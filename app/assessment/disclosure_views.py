"""Administrators: what was disclosed about somebody, and what is written down by hand."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import StringField
from wtforms.validators import DataRequired, Length

from app.assessment.blueprint import bp
from app.assessment.disclosing import list_disclosures, write_down_otherwise
from app.core.access import requires_administrator
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.forms import Form
from app.core.principal import current_principal
from app.courses.finding import find_people
from app.courses.service import get_person
from app.evidence.texts import drop_controls


class DisclosureForm(Form):
    """A disclosure that was made outside of the program."""

    to_whom = StringField(
        _l("To whom"),
        description=_l("The party or class of parties, such as an accreditation panel."),
        filters=[lambda value: drop_controls(value or "")],
        validators=[DataRequired(_l("Say to whom it was disclosed")), Length(max=200)],
    )
    what = StringField(
        _l("What, and by which right"),
        description=_l("Such as: assessment record of June 2026, court order 12-345."),
        filters=[lambda value: drop_controls(value or "")],
        validators=[
            DataRequired(_l("Say what was disclosed, and by which right")),
            Length(max=200),
        ],
    )


@bp.get("/admin/disclosures")
@requires_administrator
def disclosures() -> str:
    """Find somebody by name, to see what was disclosed about them."""
    words = request.args.get("q", "")
    return render_template(
        "assessment/disclosures.html",
        words=words,
        found=find_people(db.session(), current_principal().institution_id, words),
    )


@bp.route("/admin/disclosures/people/<int:person_id>", methods=["GET", "POST"])
@requires_administrator
def disclosures_of(person_id: int) -> ResponseReturnValue:
    """Show what was disclosed about one person; on POST write down one made otherwise."""
    principal = current_principal()
    person = get_person(db.session(), person_id, institution_id=principal.institution_id)
    form = DisclosureForm()
    if form.validate_on_submit():
        with transaction() as session:
            write_down_otherwise(
                session,
                get_person(session, person_id, institution_id=principal.institution_id),
                to_whom=form.to_whom.data,
                what=form.what.data,
                recorded_by=principal.person_id,
                now=utcnow(),
            )
        flash(_("Written down."), "success")
        return redirect(url_for(".disclosures_of", person_id=person_id), 303)
    page = render_template(
        "assessment/disclosures_of.html",
        person=person,
        disclosures=list_disclosures(db.session(), person_id),
        form=form,
    )
    return page, form.status
