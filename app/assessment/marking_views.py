"""Where somebody who decided on a work marks afterwards what may be shown with the award."""

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SelectMultipleField
from wtforms.fields.choices import SelectChoice

from app.assessment.blueprint import bp, review_marks
from app.assessment.marking import list_markable, mark_afterwards
from app.awards.shown_work import name_of
from app.core.access import requires_grantor
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import InvalidError
from app.core.forms import Form
from app.core.principal import current_principal
from app.courses.service import get_person
from app.evidence.models import Submission
from app.evidence.service import get_work


class MarkForm(Form):
    """Pieces of work that may be shown, if the learner agrees."""

    marked = SelectMultipleField(
        _l("What may be shown with the award"),
        description=_l("The learner chooses from it, and signs. A mark cannot be taken back."),
        coerce=int,
    )


def mark_form(submission: Submission) -> MarkForm:
    """Return the form with what the principal may still mark; without choices if nothing."""
    form = MarkForm()
    is_anonymous = submission.assignment.version.is_anonymous
    offered = list_markable(db.session(), submission, person_id=current_principal().person_id)
    form.marked.choices = [
        SelectChoice(
            each.id,
            _("Piece %(number)d", number=number) if is_anonymous else name_of(each),
        )
        for number, each in enumerate(offered, start=1)
    ]
    return form


@bp.post("/assessment/submissions/<int:submission_id>/marks")
@requires_grantor
def mark(submission_id: int) -> ResponseReturnValue:
    """Mark pieces of a decided work to be shown with its award."""
    principal = current_principal()
    form = mark_form(get_work(db.session(), submission_id, institution_id=principal.institution_id))
    if not form.validate():
        raise InvalidError(_("One of these cannot be marked, or is marked already. Load it again."))
    with transaction() as session:
        mark_afterwards(
            session,
            get_work(session, submission_id, institution_id=principal.institution_id),
            form.marked.data or (),
            person=get_person(
                session, principal.person_id, institution_id=principal.institution_id
            ),
            now=utcnow(),
        )
    flash(_("Marked. The learner can choose to show it with the credential."), "success")
    return redirect(url_for(".assess", submission_id=submission_id, **review_marks()), 303)
