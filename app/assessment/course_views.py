"""What a course sees of its assessments: the class list, one learner's work, the feedback."""

from flask import current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.assessment.agreement import compare_assessments, newest_of
from app.assessment.appeals import can_appeal, find_appeal
from app.assessment.authors import list_co_authors, map_groups
from app.assessment.blueprint import bp, find_return_url
from app.assessment.class_list import Shown, Told, count_class, hide_names, list_class
from app.assessment.conflicts import refuse_reading
from app.assessment.gradebook import describe_gradebook
from app.assessment.models import Assessment, Decision
from app.assessment.moderation_views import shown_name
from app.assessment.queries import find_reached_levels, list_released
from app.assessment.questions import list_messages
from app.assessment.seeing import Viewer, see_assessments
from app.awards.models import Award
from app.awards.service import find_newest_award, find_renewal_start
from app.catalog.pass_rule import Standing, stand
from app.catalog.usability import why_unusable
from app.core.access import requires
from app.core.clock import utcnow
from app.core.db import db
from app.core.errors import ForbiddenError, NotFoundError
from app.core.forms import Form
from app.core.principal import STAFF, Role, current_principal
from app.courses.people import is_learner
from app.courses.reach import find_reaching_staffing
from app.courses.roster import find_reading
from app.courses.service import get_course, get_person
from app.evidence.groups import find_lead
from app.evidence.models import Attempt, Submission, SubmissionStatus
from app.evidence.naming import FileNames, is_name_hidden
from app.evidence.service import current_attempt, find_submission
from app.evidence.showing import ShownArtifact, describe_artifacts
from app.evidence.storage import open_storage
from app.mapping.artifact_kinds import describe_kinds
from app.mapping.service import get_assignment, list_unmapped_criteria
from app.passback.service import (
    find_cell,
    find_newest_delivery,
    list_cells,
    list_newest_deliveries,
)
from app.programme.service import find_appointment


@bp.app_template_global()
def list_asked_revisions(submission: Submission) -> list[Assessment]:
    """Return by which assessments the learner was asked to revise what they hand in next."""
    released = list_released(db.session(), submission.lead_id or submission.id)
    newest = [each for each in released if each.attempt_id == released[0].attempt_id]
    return [each for each in newest if each.decision is Decision.REVISION]


@bp.get("/courses/<int:course_id>/assignments/<int:assignment_id>")
@requires(*STAFF)
def overview(course_id: int, assignment_id: int) -> str:
    """Show staff how every learner of the course stands in one assignment."""
    session, principal = db.session(), current_principal()
    assignment = get_assignment(session, assignment_id, course_id=course_id)
    now = utcnow()
    shown = _asked_part()
    told = Told(list_newest_deliveries(session, assignment_id), list_cells(session, assignment_id))
    members = list_class(
        session,
        assignment,
        told,
        shown=shown,
        page=request.args.get("page", 1, type=int),
        now=now,
    )
    appointment = find_appointment(
        session,
        person_id=principal.person_id,
        achievement_id=assignment.version.achievement_id,
        course_id=course_id,
        now=now,
    )
    if appointment is not None and assignment.version.is_anonymous:
        members = hide_names(members, shown_name)
    staffing = find_reaching_staffing(
        session,
        assignment.version.achievement_id,
        needed=assignment.version.grantors_needed,
        course_id=course_id,
        now=now,
    )
    return render_template(
        "assessment/overview.html",
        course=get_course(session, course_id, institution_id=principal.institution_id),
        assignment=assignment,
        members=members,
        shown=shown,
        page_url=lambda page: url_for(
            ".overview",
            course_id=course_id,
            assignment_id=assignment_id,
            show=shown.value,
            page=page,
            _anchor="class",
        ),
        groups=map_groups(session, assignment),
        counts=count_class(session, assignment, told, now=now),
        reading=find_reading(session, course_id),
        kinds=describe_kinds(assignment.file_kinds),
        grantors=staffing.deciders,
        staffing=staffing,
        is_grantor=appointment is not None,
        why_unusable=why_unusable(assignment.version, now=now),
        unmapped=list_unmapped_criteria(session, assignment.version, course_id=course_id),
        gradebook=describe_gradebook(session, assignment),
        form=Form(),
    )


@bp.get("/courses/<int:course_id>/assignments/<int:assignment_id>/learners/<int:person_id>")
@requires(*STAFF)
def read(course_id: int, assignment_id: int, person_id: int) -> ResponseReturnValue:
    """Show staff what one learner handed in and how it was assessed."""
    session, principal = db.session(), current_principal()
    assignment = get_assignment(session, assignment_id, course_id=course_id)
    learner = get_person(session, person_id, institution_id=principal.institution_id)
    submission = find_submission(session, assignment_id, person_id)
    if submission is None and not is_learner(session, course_id, person_id, now=utcnow()):
        raise NotFoundError("There is no such learner in this course.")
    if submission is not None:
        reader = get_person(session, principal.person_id, institution_id=principal.institution_id)
        refuse_reading(session, submission, reader)
    attempt = None
    if submission is not None and submission.submitted_at is not None:
        _refuse_unmasking(submission)
        attempt = current_attempt(find_lead(session, submission))
    appointment = find_appointment(
        session,
        person_id=principal.person_id,
        achievement_id=assignment.version.achievement_id,
        course_id=course_id,
        now=utcnow(),
    )
    seen = []
    if submission is not None:
        viewer = Viewer(principal.person_id, appointment.role if appointment else None)
        seen = see_assessments(session, submission, viewer).everything
    return render_template(
        "assessment/read.html",
        assignment=assignment,
        learner=learner,
        submission=submission,
        co_authors=[] if submission is None else list_co_authors(session, submission),
        attempt=attempt,
        artifacts=_describe(attempt),
        file_names=FileNames(are_hidden=False),
        assessments=seen,
        agreement=compare_assessments(newest_of([e for e in seen if e.attempt is attempt]))
        if attempt
        else None,
        award=_find_award(submission),
        delivery=find_newest_delivery(session, assignment_id=assignment_id, person_id=person_id),
        can_assess=appointment is not None
        and person_id != principal.person_id
        and why_unusable(assignment.version, now=utcnow()) is None,
        cell=find_cell(session, assignment_id=assignment_id, person_id=person_id),
        return_url=find_return_url(),
    )


@bp.get("/courses/<int:course_id>/assignments/<int:assignment_id>/feedback")
@requires(Role.LEARNER)
def feedback(course_id: int, assignment_id: int) -> str:
    """Show a learner what the grantor said about their own work."""
    session, principal = db.session(), current_principal()
    assignment = get_assignment(session, assignment_id, course_id=course_id)
    submission = find_submission(session, assignment_id, principal.person_id)
    lead_id = (submission.lead_id or submission.id) if submission else None
    return render_template(
        "assessment/feedback.html",
        assignment=assignment,
        submission=submission,
        assessments=list_released(session, lead_id) if lead_id else [],
        award=_find_award(submission),
        standing=_find_standing(submission),
        appeal=find_appeal(session, lead_id) if lead_id else None,
        can_appeal=submission is not None and can_appeal(session, submission),
        message_count=len(list_messages(session, lead_id)) if lead_id else 0,
    )


def _refuse_unmasking(submission: Submission) -> None:
    """Refuse a page by the learner to whoever may not know whose the work is.

    However little it said of the name: its address does.
    """
    if is_name_hidden(db.session(), submission, current_principal().person_id, now=utcnow()):
        raise ForbiddenError(
            "This is assessed anonymously, and you are one of those who assess it: until it is "
            "decided, you read it under its alias, from your queue or the class list."
        )


def _describe(attempt: Attempt | None) -> list[ShownArtifact]:
    if attempt is None:
        return []
    return describe_artifacts(attempt, open_storage(current_app.extensions["assay.settings"]))


def _find_standing(submission: Submission | None) -> Standing | None:
    """Return how far somebody is whose work is met and who is owed no award yet."""
    if submission is None or submission.status is not SubmissionStatus.MET:
        return None
    session, version = db.session(), submission.assignment.version
    since = find_renewal_start(
        session,
        person_id=submission.learner_id,
        achievement_id=submission.achievement_id,
        now=utcnow(),
    )
    reached = find_reached_levels(
        session, learner_id=submission.learner_id, version=version, since=since
    )
    return stand(version.rule, version.criteria, reached)


def _find_award(submission: Submission | None) -> Award | None:
    """Return the award that the submission led to, also a revoked one."""
    if submission is None or submission.status not in {
        SubmissionStatus.AWARDED,
        SubmissionStatus.REVOKED,
    }:
        return None
    return find_newest_award(
        db.session(), person_id=submission.learner_id, achievement_id=submission.achievement_id
    )


def _asked_part() -> Shown:
    """Return which part of the class the address asks for; everybody, if it does not say."""
    try:
        return Shown(request.args.get("show", ""))
    except ValueError:
        return Shown.EVERYBODY
