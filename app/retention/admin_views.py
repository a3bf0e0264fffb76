"""Administrators: classes, what is due, legal holds, and the proof of what was deleted."""

from collections import Counter

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms import IntegerField, StringField
from wtforms.validators import DataRequired, Length, Optional

from app.core.access import requires_administrator
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import ConflictError, NotFoundError
from app.core.forms import Form
from app.core.principal import current_principal
from app.courses.finding import find_people
from app.courses.service import get_person
from app.evidence.service import get_submission
from app.retention.blueprint import bp
from app.retention.deleting import make_plan, prove
from app.retention.holds import MAX_REASON, lift_hold, list_holds, place_hold
from app.retention.models import DeletionProof, DeletionRun
from app.retention.planning import list_classes

SHOWN_PROOFS = 500
SHOWN_DUE = 200


class HoldForm(Form):
    """Whose records are held, and why."""

    person_id = IntegerField(validators=[Optional()])
    submission_id = IntegerField(
        _l("Number of the submission"),
        description=_l("It stands at the head of the submission’s history."),
        validators=[Optional()],
    )
    reason = StringField(
        _l("Reason"),
        description=_l("Such as the number of a case. Those held do not see it."),
        validators=[DataRequired(_l("Give a reason")), Length(max=MAX_REASON)],
    )


@bp.get("/admin/retention")
@requires_administrator
def overview() -> str:
    """Show how long what is kept, what is due, what is held, and what was deleted."""
    return _page(HoldForm(formdata=None))


@bp.post("/admin/retention/holds")
@requires_administrator
def hold() -> ResponseReturnValue:
    """Hold everything of a person, or of one submission."""
    form, principal = HoldForm(), current_principal()
    is_valid = form.validate()
    if form.person_id.errors:
        raise NotFoundError("There is no such person.")
    if not is_valid:
        return _page(form), 422
    with transaction() as session:
        institution_id = principal.institution_id
        person_id, submission_id = form.person_id.data, form.submission_id.data
        place_hold(
            session,
            institution_id=institution_id,
            person=get_person(session, person_id, institution_id=institution_id)
            if person_id
            else None,
            submission=get_submission(session, submission_id, institution_id=institution_id)
            if submission_id
            else None,
            reason=form.reason.data,
            placed_by=principal.person_id,
            now=utcnow(),
        )
    flash(_("Held: nothing of it is deleted until the hold is lifted."), "success")
    return redirect(url_for(".overview"), 303)


@bp.post("/admin/retention/holds/<int:hold_id>/lift")
@requires_administrator
def lift(hold_id: int) -> ResponseReturnValue:
    """End a hold."""
    principal = current_principal()
    with transaction() as session:
        lift_hold(
            session,
            hold_id,
            institution_id=principal.institution_id,
            lifted_by=principal.person_id,
            now=utcnow(),
        )
    flash(_("The hold is lifted. What was due meanwhile is deleted with the next run."))
    return redirect(url_for(".overview"), 303)


@bp.get("/admin/retention/runs/<int:run_id>")
@requires_administrator
def run(run_id: int) -> str:
    """Show the proof of what one run deleted."""
    session, principal = db.session(), current_principal()
    found = session.get(DeletionRun, run_id)
    if found is None or found.institution_id != principal.institution_id:
        raise NotFoundError("There is no such run.")
    problem = ""
    try:
        prove(session, run_id, institution_id=principal.institution_id)
    except ConflictError as error:
        problem = str(error)
    proofs = session.scalars(
        select(DeletionProof)
        .where(DeletionProof.run_id == run_id)
        .order_by(DeletionProof.id)
        .limit(SHOWN_PROOFS)
    ).all()
    return render_template(
        "retention/run.html",
        run=found,
        proofs=proofs,
        problem=problem,
        names={rule.key: rule.name for rule in list_classes(session, principal.institution_id)},
    )


def _page(form: HoldForm) -> str:
    session, institution_id = db.session(), current_principal().institution_id
    plan = make_plan(session, institution_id, now=utcnow())
    classes = list_classes(session, institution_id)
    words = request.args.get("q", "")
    return render_template(
        "retention/overview.html",
        classes=classes,
        names={rule.key: rule.name for rule in classes},
        due=Counter(each.class_key for each in plan.free),
        held=Counter(each.class_key for each in plan.due if each.held),
        plan=plan.due[:SHOWN_DUE],
        plan_count=len(plan.due),
        digest=plan.digest if plan.free else None,
        holds=list_holds(session, institution_id),
        words=words,
        found=find_people(session, institution_id, words),
        runs=session.scalars(
            select(DeletionRun)
            .where(DeletionRun.institution_id == institution_id)
            .order_by(DeletionRun.id.desc())
            .limit(50)
        ).all(),
        form=form,
        act=Form(formdata=None),
    )
