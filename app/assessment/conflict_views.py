"""Staying away: withdrawing from one work, one's own conflicts of interest, and everybody's."""

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.assessment.anonymity import shown_name_to
from app.assessment.blueprint import bp, review_marks
from app.assessment.conflict_forms import AnyConflictForm, ConflictForm, RecuseForm, SearchForm
from app.assessment.conflicts import find_unmasking
from app.assessment.moderation_views import others_of
from app.assessment.recusing import (
    declare_conflict,
    end_conflict,
    find_learners,
    find_own_learners,
    get_conflict,
    list_assessing,
    list_conflicts,
    recuse,
)
from app.core.access import requires_administrator, requires_grantor
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import InvalidError
from app.core.forms import Form
from app.core.principal import current_principal
from app.courses.models import Person
from app.courses.service import get_person
from app.evidence.conflict_models import ConflictOfInterest
from app.evidence.models import Submission
from app.evidence.service import get_work


@bp.route("/assessment/submissions/<int:submission_id>/step-aside", methods=["GET", "POST"])
@requires_grantor
def step_aside(submission_id: int) -> ResponseReturnValue:
    """Ask why somebody withdraws from a work, or from all of its learner's; on POST do it."""
    principal = current_principal()
    submission = get_work(db.session(), submission_id, institution_id=principal.institution_id)
    others = others_of(submission)
    form = RecuseForm()
    if submission.assignment.version.is_anonymous:
        form.leave_person_out()
    if form.validate_on_submit():
        with transaction() as session:
            found = get_work(session, submission_id, institution_id=principal.institution_id)
            person = _me()
            recuse(session, found, person=person, reason=form.reason.data, now=utcnow())
            if form.means_person:
                declare_conflict(
                    session,
                    person=person,
                    learner=found.learner,
                    reason=form.reason.data,
                    declared_by=person,
                    now=utcnow(),
                )
        flash(_("You have withdrawn. The work goes to another grantor."), "success")
        return redirect(url_for(".queue"), 303)
    page = render_template(
        "assessment/step_aside.html",
        form=form,
        submission=submission,
        assignment=submission.assignment,
        others=others,
        marks=review_marks(),
    )
    return page, form.status


@bp.route("/assessment/conflicts", methods=["GET", "POST"])
@requires_grantor
def my_conflicts() -> ResponseReturnValue:
    """Show whose work somebody who assesses stays away from, and take another declaration."""
    session, now, principal = db.session(), utcnow(), current_principal()
    asked = request.args.get("learner", "").strip()
    found = find_own_learners(session, _me(), asked, now=now) if asked else []
    form = ConflictForm()
    form.offer_learners(found)
    if found and form.validate_on_submit():
        with transaction() as write:
            learner = get_person(
                write, form.learner_id.data, institution_id=principal.institution_id
            )
            person = _me()
            declare_conflict(
                write,
                person=person,
                learner=learner,
                reason=form.reason.data,
                declared_by=person,
                now=now,
            )
            name = learner.display_name
        flash(_("Declared. You no longer see the work of %(name)s.", name=name), "success")
        return redirect(url_for(".my_conflicts"), 303)
    own = list_conflicts(session, principal.institution_id, person_id=principal.person_id)
    page = render_template(
        "assessment/my_conflicts.html",
        conflicts=[(each, *_tell(each)) for each in own],
        unmasking=find_unmasking(session, own),
        search=SearchForm(request.args),
        asked=asked,
        learners=found,
        form=form,
        act=Form(formdata=None),
    )
    return page, form.status


@bp.post("/assessment/conflicts/<int:conflict_id>/end")
@requires_grantor
def end_my_conflict(conflict_id: int) -> ResponseReturnValue:
    """End a conflict of interest that one declared oneself."""
    principal = current_principal()
    with transaction() as session:
        conflict = get_conflict(
            session,
            conflict_id,
            institution_id=principal.institution_id,
            person_id=principal.person_id,
        )
        end_conflict(session, conflict, person=_me(), is_administrator=False, now=utcnow())
    flash(_("Ended. The work stands in your queue again, if it still waits."), "success")
    return redirect(url_for(".my_conflicts"), 303)


@bp.route("/admin/conflicts", methods=["GET", "POST"])
@requires_administrator
def conflicts() -> ResponseReturnValue:
    """Show administrators every conflict of interest, and let them declare one for somebody."""
    session, now, principal = db.session(), utcnow(), current_principal()
    asked = request.args.get("learner", "").strip()
    found = find_learners(session, principal.institution_id, asked) if asked else []
    form = AnyConflictForm()
    form.offer_learners(found)
    form.offer_assessing(list_assessing(session, principal.institution_id, now=now))
    if found and form.validate_on_submit():
        try:
            _declare_for(form)
        except InvalidError as error:
            form.learner_id.errors = [str(error)]
        else:
            flash(_("Declared. It counts from now on."), "success")
            return redirect(url_for(".conflicts"), 303)
    every = list_conflicts(session, principal.institution_id)
    page = render_template(
        "assessment/conflicts.html",
        conflicts=every,
        unmasking=find_unmasking(session, every),
        search=SearchForm(request.args),
        asked=asked,
        learners=found,
        form=form,
        act=Form(formdata=None),
    )
    return page, form.status


@bp.post("/admin/conflicts/<int:conflict_id>/end")
@requires_administrator
def end_any_conflict(conflict_id: int) -> ResponseReturnValue:
    """End somebody's conflict of interest."""
    principal = current_principal()
    with transaction() as session:
        conflict = get_conflict(session, conflict_id, institution_id=principal.institution_id)
        end_conflict(session, conflict, person=_me(), is_administrator=True, now=utcnow())
    flash(_("Ended. They may assess the work again."), "success")
    return redirect(url_for(".conflicts"), 303)


def _declare_for(form: AnyConflictForm) -> None:
    principal, institution_id = current_principal(), current_principal().institution_id
    with transaction() as session:
        declare_conflict(
            session,
            person=get_person(session, form.person_id.data, institution_id=institution_id),
            learner=get_person(session, form.learner_id.data, institution_id=institution_id),
            reason=form.reason.data,
            declared_by=get_person(session, principal.person_id, institution_id=institution_id),
            now=utcnow(),
        )


def _tell(conflict: ConflictOfInterest) -> tuple[str, Submission | None]:
    """Return whose work it is about, as the one who stays away may know, and which one."""
    if conflict.submission_id is None:
        return conflict.learner.display_name, None
    session, principal = db.session(), current_principal()
    submission = get_work(session, conflict.submission_id, institution_id=principal.institution_id)
    vault = current_app.extensions["assay.vault"]
    return shown_name_to(session, submission, principal, vault=vault, now=utcnow()), submission


def _me() -> Person:
    principal = current_principal()
    return get_person(db.session(), principal.person_id, institution_id=principal.institution_id)
