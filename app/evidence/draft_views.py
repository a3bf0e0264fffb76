"""A draft that saves itself, and the receipt of what was handed in."""

from flask import current_app, jsonify, render_template
from flask.typing import ResponseReturnValue

from app.core.access import requires
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import ConflictError, NotFoundError
from app.core.principal import Role, current_principal
from app.core.uploads import accepts_uploads
from app.courses.service import get_course, get_person
from app.evidence.blueprint import bp
from app.evidence.drafts import StaleDraftError, find_draft, mark_of
from app.evidence.group_lists import list_members
from app.evidence.pages import describe_conflict, make_form
from app.evidence.receiving import CLOSED, receive_typed
from app.evidence.service import find_work, is_open, save_draft
from app.evidence.signing import map_signatures
from app.mapping.service import get_assignment

WORK = "/courses/<int:course_id>/assignments/<int:assignment_id>/work"


@bp.post(f"{WORK}/draft")
@accepts_uploads  # for its many typed words; files are not taken here
@requires(Role.LEARNER)
def autosave(course_id: int, assignment_id: int) -> ResponseReturnValue:
    """Keep what has been typed so far; answer a script how the draft stands now.

    `seen`: as the page should send it next time; `problems`: what was not kept, and
    why; `conflict`: what another window saved, as a fragment (with status 409).
    """
    learner_id = current_principal().person_id
    assignment = get_assignment(db.session(), assignment_id, course_id=course_id)
    submission = find_work(db.session(), assignment.id, learner_id)
    if not is_open(submission):
        raise ConflictError(CLOSED)
    form = make_form(assignment, submission)
    form.validate()
    sent = receive_typed(form)
    try:
        with transaction() as session:
            save_draft(session, assignment, sent, learner_id=learner_id, now=utcnow())
    except StaleDraftError:
        draft = find_draft(find_work(db.session(), assignment.id, learner_id))
        fragment = render_template(
            "evidence/_conflict.html",
            conflict=describe_conflict(form, assignment, draft),
            assignment=assignment,
        )
        return jsonify(conflict=fragment), 409
    draft = find_draft(find_work(db.session(), assignment.id, learner_id))
    problems = [str(field.errors[0]) for field in form if field.errors]
    return jsonify(seen=mark_of(draft), problems=problems)


@bp.get("/courses/<int:course_id>/assignments/<int:assignment_id>/receipts/<int:number>")
@requires(Role.LEARNER)
def receipt(course_id: int, assignment_id: int, number: int) -> ResponseReturnValue:
    """Show the receipt of one attempt, to be printed or kept."""
    principal = current_principal()
    assignment = get_assignment(db.session(), assignment_id, course_id=course_id)
    submission = find_work(db.session(), assignment.id, principal.person_id)
    attempts = submission.attempts if submission else []
    attempt = next((each for each in attempts if each.number == number), None)
    if attempt is None or attempt.submitted_at is None:
        raise NotFoundError("You have handed in no such attempt.")
    return render_template(
        "evidence/receipt.html",
        assignment=assignment,
        attempt=attempt,
        signatures=map_signatures(db.session(), assignment, [attempt]),
        authors=list_members(db.session(), submission)
        if submission and assignment.takes_groups
        else [],
        person_id=principal.person_id,
        course=get_course(db.session(), course_id, institution_id=principal.institution_id),
        learner=get_person(
            db.session(), principal.person_id, institution_id=principal.institution_id
        ),
        parts={criterion.id: criterion.name for criterion in assignment.criteria},
        base_url=current_app.extensions["assay.settings"].base_url,
    )
