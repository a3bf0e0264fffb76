"""What a course sees of its assessments: the class list, one learner's work, the feedback."""

from dataclasses import dataclass

from flask import current_app, render_template
from flask.typing import ResponseReturnValue

from app.assessment.blueprint import bp, find_return_url
from app.assessment.gradebook import describe_gradebook
from app.assessment.queries import list_assessments
from app.awards.models import Award
from app.awards.service import find_newest_award
from app.core.access import requires
from app.core.clock import utcnow
from app.core.db import db
from app.core.errors import NotFoundError
from app.core.forms import Form
from app.core.principal import STAFF, Role, current_principal
from app.courses.models import Person
from app.courses.service import get_course, get_person, list_learners
from app.evidence.models import Submission, SubmissionStatus
from app.evidence.service import current_attempt, find_submission, list_submissions
from app.evidence.showing import describe_artifacts
from app.evidence.storage import open_storage
from app.mapping.service import get_assignment, list_unmapped_criteria
from app.outbox.models import Delivery, DeliveryState
from app.passback.models import GradebookCell
from app.passback.service import (
    find_cell,
    find_newest_delivery,
    list_cells,
    list_newest_deliveries,
)
from app.programme.service import find_appointment, list_grantors


@dataclass(frozen=True)
class ClassRow:
    """One learner of the class list; `None` where nothing was begun, or nothing told."""

    learner: Person
    submission: Submission | None
    delivery: Delivery | None
    cell: GradebookCell | None

    @property
    def is_changed_by_hand(self) -> bool:
        """Whether somebody set the grade by hand, and nothing of ours is on its way to it."""
        is_settled = self.delivery is not None and self.delivery.state in SETTLED
        return is_settled and self.cell is not None and self.cell.found_at is not None

    @property
    def has_failed(self) -> bool:
        """Whether the gradebook did not take what it was told, and it can be sent again."""
        has_failed = self.delivery is not None and self.delivery.state is DeliveryState.FAILED
        return has_failed and not self.is_changed_by_hand


SETTLED = frozenset({DeliveryState.DELIVERED, DeliveryState.FAILED})


@bp.get("/courses/<int:course_id>/assignments/<int:assignment_id>")
@requires(*STAFF)
def overview(course_id: int, assignment_id: int) -> str:
    """Show staff how every learner of the course stands in one assignment."""
    session, principal = db.session(), current_principal()
    assignment = get_assignment(session, assignment_id, course_id=course_id)
    submissions = {work.learner_id: work for work in list_submissions(session, assignment_id)}
    deliveries = list_newest_deliveries(session, assignment_id)
    cells = list_cells(session, assignment_id)
    rows = [
        ClassRow(
            learner,
            submissions.get(learner.id),
            deliveries.get(learner.id),
            cells.get(learner.id),
        )
        for learner in list_learners(session, course_id)
    ]
    grantors = list_grantors(session, assignment.version.achievement_id, now=utcnow())
    return render_template(
        "assessment/overview.html",
        course=get_course(session, course_id, institution_id=principal.institution_id),
        assignment=assignment,
        rows=rows,
        counts=_count(rows),
        grantors=grantors,
        is_grantor=any(grantor.id == principal.person_id for grantor in grantors),
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
    if submission is None and learner not in list_learners(session, course_id):
        raise NotFoundError("There is no such learner in this course.")
    attempt = None
    if submission is not None and submission.submitted_at is not None:
        attempt = current_attempt(submission)
    appointment = find_appointment(
        session,
        person_id=principal.person_id,
        achievement_id=assignment.version.achievement_id,
        now=utcnow(),
    )
    storage = open_storage(current_app.extensions["assay.settings"])
    return render_template(
        "assessment/read.html",
        assignment=assignment,
        learner=learner,
        submission=submission,
        attempt=attempt,
        artifacts=describe_artifacts(attempt, storage) if attempt else [],
        assessments=list_assessments(session, submission.id) if submission else [],
        award=_find_award(submission),
        delivery=find_newest_delivery(session, assignment_id=assignment_id, person_id=person_id),
        can_assess=appointment is not None and person_id != principal.person_id,
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
    return render_template(
        "assessment/feedback.html",
        assignment=assignment,
        submission=submission,
        assessments=list_assessments(session, submission.id) if submission else [],
        award=_find_award(submission),
    )


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


def _count(rows: list[ClassRow]) -> dict[str, int]:
    """Count who waits for a grantor, who is done, and who has handed in nothing."""
    statuses = [row.submission.status if row.submission else None for row in rows]
    waiting = {SubmissionStatus.SUBMITTED, SubmissionStatus.IN_ASSESSMENT}
    done = {SubmissionStatus.MET, SubmissionStatus.AWARDED}
    return {
        "learners": len(rows),
        "waiting": sum(status in waiting for status in statuses),
        "met": sum(status in done for status in statuses),
        "failed": sum(row.has_failed for row in rows),
        "changed": sum(row.is_changed_by_hand for row in rows),
    }
