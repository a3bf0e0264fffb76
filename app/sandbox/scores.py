"""Scores into the gradebook, and results out of it.

As strict as the LMS that is imitated; `standard` as the strictest of them: an
older or equal timestamp is refused, whatever a score leaves out is emptied.
Source: Assignment and Grade Services 2.0 §3.3 and §3.4.
"""

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.sandbox.addresses import below_line_item, line_item_path, line_item_url
from app.sandbox.attempts import SubmissionWish, hand_in, read_submission
from app.sandbox.enrolment import read_roll
from app.sandbox.grades import mark_grade, take_grade, when_changed
from app.sandbox.identities import subject_of
from app.sandbox.line_items import get_service_item
from app.sandbox.lms import ALLOWED_ATTEMPTS, current_lms, current_profile
from app.sandbox.models import TYPE_ID, Grade, LineItem
from app.sandbox.people import get_known_person
from app.sandbox.profiles import GradebookRules
from app.sandbox.records import OpenColumn
from app.sandbox.replies import check_accept, page_reply, read_json, reply
from app.sandbox.score_rules import Score, check_time, read_score
from app.sandbox.tokens import requires_scope
from app.sandbox.vocabulary import RESULT_READ, RESULTS_TYPE, SCORE, SCORE_TYPE

bp = Blueprint("scores", __name__, url_prefix="/lti/courses/<course_id>/lineitems/<item_key>")


@bp.post("/scores")
@requires_scope(SCORE)
def publish(course_id: str, item_key: str) -> ResponseReturnValue:
    """Take one score."""
    lms, profile = current_lms(), current_profile()
    allowed = lms.database.find_setting(ALLOWED_ATTEMPTS)
    with lms.database.writing() as session:
        item = _column_for_score(session, get_service_item(session, item_key, course_id))
        body = read_json(SCORE_TYPE)
        members = read_roll(session, profile, course_id).by_subject
        score = read_score(body, profile.gradebook, members)
        _check_order(session, item, score, profile.gradebook)
        wish = None
        if profile.gradebook.takes_submissions:
            wish = read_submission(body, score, datetime.now(UTC))
            hand_in(session, item, score.person.id, wish, int(allowed) if allowed else None)
        _store(session, item, score, profile.gradebook, wish)
        address = below_line_item(lms.config, profile, item, "results")
    return reply({"resultUrl": address}, "application/json")


@bp.get("/results")
@requires_scope(RESULT_READ)
def results(course_id: str, item_key: str) -> ResponseReturnValue:
    """List what stands in the column."""
    check_accept(RESULTS_TYPE)
    config, profile = current_lms().config, current_profile()
    with current_lms().database.reading() as session:
        item = get_service_item(session, item_key, course_id)
        statement = select(Grade).where(Grade.line_item_id == item.id).order_by(Grade.id)
        address = f"{line_item_path(config, profile, item)}/results"
        found = [_describe(grade, item, address) for grade in session.scalars(statement)]
    if "user_id" in request.args:
        found = [each for each in found if each["userId"] == request.args["user_id"]]
    return page_reply(found, address, RESULTS_TYPE)


def _column_for_score(session: Session, item: LineItem) -> LineItem:
    """Return the column that a score goes into: where one has no maximum, a new one each time.

    Source: Hypothesis' notes on Brightspace, hypothesis/lms issue 7224.
    """
    if session.get(OpenColumn, item.id) is None or not item.grades:
        return item
    another = LineItem(
        course_id=item.course_id, label=item.label, score_maximum=item.score_maximum, tag=item.tag
    )
    session.add(another)
    session.flush()
    return another


def _check_order(session: Session, item: LineItem, score: Score, rules: GradebookRules) -> None:
    changed_at = when_changed(session, item.id, score.person.id)
    stands = None if changed_at is None else datetime.fromtimestamp(changed_at, UTC)
    check_time(score, stands, rules)


def _store(
    session: Session,
    item: LineItem,
    score: Score,
    rules: GradebookRules,
    wish: SubmissionWish | None,
) -> None:
    mark = mark_grade(session, item.id, score.person.id, score.sent_at)
    grade = take_grade(session, item.id, score.person.id, score.sent_at)
    if score.share is None:
        keeps_points = wish is not None and wish.preserves_score
    else:
        keeps_points = wish is not None and wish.yields_to_teacher and mark.is_by_hand
    if not keeps_points:
        grade.points = None if score.share is None else score.share * item.score_maximum
        mark.is_by_hand = False
    if score.comment or not rules.keeps_comment:
        grade.comment = score.comment
    grade.activity_progress = score.activity_progress if rules.keeps_progress else ""
    grade.grading_progress = score.grading_progress if rules.keeps_progress else ""
    grade.scoring_person_id = score.scoring_person.id if score.scoring_person else ""
    grade.submitted_at = score.submitted_at


def _describe(grade: Grade, item: LineItem, address: str) -> dict[str, Any]:
    profile = current_profile()
    subject = subject_of(profile, get_known_person(grade.person_id))
    query = "" if profile.hides_ids else f"?type_id={TYPE_ID}"
    result: dict[str, Any] = {
        "id": f"{address}/{subject}{query}",
        "userId": subject,
        "scoreOf": line_item_url(current_lms().config, profile, item),
    }
    if grade.points is not None:
        result |= {"resultScore": grade.points, "resultMaximum": item.score_maximum}
    if grade.comment:
        result["comment"] = grade.comment
    if grade.scoring_person_id:
        scorer = get_known_person(grade.scoring_person_id)
        result["scoringUserId"] = subject_of(profile, scorer)
    return result
