"""What a learner is asked before their work is handed in: all of it at once, each at its field."""

from flask_babel import gettext as _
from flask_babel import ngettext

from app.core.clock import utcnow
from app.core.db import db
from app.core.principal import current_principal
from app.evidence.completing import EMPTY, list_empty_parts, list_shown_parts
from app.evidence.drafts import find_draft
from app.evidence.forms import WorkForm
from app.evidence.intake import Work
from app.evidence.models import Submission
from app.evidence.signing import list_unsigned
from app.mapping.models import Assignment


def point_out_missing(
    form: WorkForm, assignment: Assignment, work: Submission | None, sent: Work
) -> None:
    """Say everything that keeps this work from being handed in; it is then kept as a draft."""
    _point_out_empty(form, assignment, work, sent)
    _point_out_unanswered(form)
    if assignment.statement:
        _point_out_unsigned(form, assignment, work)


def _point_out_empty(
    form: WorkForm, assignment: Assignment, work: Submission | None, sent: Work
) -> None:
    draft = find_draft(work)
    shown = list_shown_parts(draft, sent)
    if not shown and not assignment.is_by_criterion:
        form.point_out_part(None, EMPTY)
    for criterion in list_empty_parts(assignment, shown, draft.open_parts if draft else None):
        words = _(
            "There is nothing for “%(name)s” yet: hand in something for it",
            name=criterion.name,
        )
        form.point_out_part(criterion.id, words)


def _point_out_unsigned(form: WorkForm, assignment: Assignment, work: Submission | None) -> None:
    """Say at the statement whose signature is missing; the work is then kept as a draft."""
    if not form.signs.data and not form.has_signed:
        form.signs.errors = [_("Sign the statement to hand in your work")]
    if work is None:
        return
    missing = list_unsigned(
        db.session(),
        assignment,
        work,
        learner_id=current_principal().person_id,
        now=utcnow(),
    )
    if missing:
        names = ", ".join(person.display_name for person in missing)
        words = _("Not everybody of your group has signed yet: %(names)s", names=names)
        form.signs.errors = [*form.signs.errors, words]


def _point_out_unanswered(form: WorkForm) -> None:
    """Ask whether to hand in without those who have not answered; the work is kept as a draft."""
    if "without" not in form:
        return
    chosen = set(form.without.data or ())
    names = [each.person.display_name for each in form.unanswered if each.id not in chosen]
    if names:
        words = ngettext(
            "%(names)s has not answered: hand in without them?",
            "%(names)s have not answered: hand in without them?",
            len(names),
            names=", ".join(names),
        )
        form.without.errors = [words]
