"""Several who assess: what a page tells each of the others, and who is appointed for what."""

from datetime import timedelta

from babel.lists import format_list
from flask import current_app, render_template, request
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from app.assessment.agreement import sum_up
from app.assessment.anonymity import alias_of_number
from app.assessment.anonymity import shown_name as name_of
from app.assessment.authors import list_co_authors
from app.assessment.blueprint import asked_filters, bp, find_return_url, queue_marks, review_marks
from app.assessment.forms import AssessForm
from app.assessment.models import Assessment
from app.assessment.others import Others, describe_others
from app.assessment.queries import find_pending_decision, list_assessed_together
from app.assessment.queue_steps import find_next_after
from app.assessment.service import check_grantor
from app.assessment.work_pane import describe_work
from app.catalog.service import find_approved_version
from app.catalog.versions import get_achievement_by_id
from app.core.access import requires_administrator
from app.core.clock import utcnow
from app.core.db import db
from app.core.errors import NotFoundError
from app.core.principal import current_principal
from app.courses.reach import find_reaching_staffing, tell_apart
from app.courses.service import get_person
from app.evidence.models import Submission
from app.evidence.service import current_attempt
from app.programme.service import find_staffing

FIGURE_DAYS = 90


@bp.app_template_global()
def shown_name(submission: Submission) -> str:
    """Return how those who assess a submission are told whose it is."""
    return name_of(submission, vault=current_app.extensions["assay.vault"])


@bp.app_template_global()
def alias_name(lead_id: int) -> str:
    """Return the name under which the work with this number is assessed anonymously."""
    return alias_of_number(lead_id, vault=current_app.extensions["assay.vault"])


@bp.app_template_global()
def shown_authors(submission: Submission) -> str:
    """Return how those who assess a work are told whose it is: all of a group."""
    name = shown_name(submission)
    others = list_co_authors(db.session(), submission)
    if not others:
        return name
    if submission.assignment.version.is_anonymous:
        words: str = ngettext(
            "%(name)s and one other", "%(name)s and %(num)d others", len(others), name=name
        )
        return words
    names = [name, *(person.display_name for person in others)]
    return format_list(names, locale=get_locale() or "en")


def others_of(submission: Submission) -> Others:
    """Return what the principal may know of the others who assess a submission.

    Raises: as `check_grantor`.
    """
    principal, now = current_principal(), utcnow()
    session = db.session()
    person = get_person(session, principal.person_id, institution_id=principal.institution_id)
    appointment = check_grantor(session, submission, person, now=now)
    return describe_others(session, submission, appointment, now=now)


def show_standing(submission: Submission, others: Others) -> str:
    """Show somebody whose turn it is not where the work stands, instead of the rubric."""
    session, attempt = db.session(), current_attempt(submission)
    return render_template(
        "assessment/standing.html",
        submission=submission,
        assignment=submission.assignment,
        attempt=attempt,
        artifacts=describe_work(attempt),
        others=others,
        pending=find_pending_decision(session, submission.id),
        next_submission=find_next_after(
            session, current_principal(), submission, asked_filters(), now=utcnow()
        ),
        return_url=find_return_url(),
        marks=review_marks(),
        queue_marks=queue_marks(),
    )


def start_from(form: AssessForm, others: Others) -> Assessment | None:
    """Fill an empty form with the recommendation that the address names; return it.

    Raises: `NotFoundError` if it is none that the principal may read here.
    """
    asked = request.args.get("from", type=int)
    if asked is None:
        return None
    found = next((each for each in others.recommendations if each.id == asked), None)
    if found is None:
        raise NotFoundError("There is no such recommendation for this work.")
    for rating in found.ratings:
        criterion = rating.criterion
        if criterion in form.criteria:
            form.rating(criterion).data = rating.rubric_level_id
            form.comment(criterion).data = rating.comment
    form.decision.data, form.reason.data = found.decision.value, found.reason
    return found


def record_label(others: Others) -> str:
    """Return what the button says with which somebody records."""
    label: str = _("Settle it") if others.may_settle else _("Record assessment")
    if others.only_recommends:
        label = _("Recommend")
    return label


@bp.get("/admin/achievements/<int:achievement_id>/assessing")
@requires_administrator
def assessing(achievement_id: int) -> str:
    """Show who assesses one achievement, whether they are enough, and how far they agree."""
    session, now = db.session(), utcnow()
    achievement = get_achievement_by_id(
        session, achievement_id, institution_id=current_principal().institution_id
    )
    version = find_approved_version(achievement)
    if version is None or achievement.level.award_by != "grantor":
        raise NotFoundError("No work is assessed for this achievement.")
    needed = version.grantors_needed
    staffing = find_reaching_staffing(
        session, achievement.id, needed=needed, course_id=None, now=now
    )
    appointed = find_staffing(session, achievement.id, needed=needed, course_id=None, now=now)
    return render_template(
        "assessment/assessing.html",
        achievement=achievement,
        version=version,
        staffing=staffing,
        appointed=appointed,
        apart=tell_apart(session, appointed.people),
        figure=sum_up(
            list_assessed_together(session, achievement.id, since=now - timedelta(days=FIGURE_DAYS))
        ),
        figure_days=FIGURE_DAYS,
    )
