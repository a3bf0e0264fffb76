"""What may happen next, without a database."""

import pytest

from app.assessment import workflow
from app.assessment.models import Decision
from app.catalog.pass_rule import Standing
from app.core.errors import ConflictError
from app.evidence.models import SubmissionStatus


def test_every_status_and_decision_is_one_that_the_models_know():
    assert {SubmissionStatus(status) for status in workflow.WAITING} == {
        SubmissionStatus.SUBMITTED,
        SubmissionStatus.IN_ASSESSMENT,
    }
    assert set(workflow.STATUS_AFTER) == {decision.value for decision in Decision}
    for status in workflow.STATUS_AFTER.values():
        assert SubmissionStatus(status)


@pytest.mark.parametrize("status", ["submitted", "in_assessment"])
def test_what_waits_may_be_assessed(status):
    workflow.refuse_unless_waiting(status, is_decided=False)
    with pytest.raises(ConflictError, match="can be undone"):
        workflow.refuse_unless_waiting(status, is_decided=True)


@pytest.mark.parametrize(
    ("status", "message"),
    [
        ("draft", "not been handed in"),
        ("met", "already been assessed"),
        ("awarded", "already been assessed"),
        ("revision_requested", "already been assessed"),
        ("not_met", "already been assessed"),
        ("revoked", "already been assessed"),
    ],
)
def test_what_does_not_wait_may_not(status, message):
    with pytest.raises(ConflictError, match=message):
        workflow.refuse_unless_waiting(status, is_decided=False)


def test_nobody_takes_work_over_unknowingly():
    workflow.refuse_unless_unheld(None, seen_id=None, name=None)
    workflow.refuse_unless_unheld(7, seen_id=7, name="Priya")
    with pytest.raises(ConflictError, match="Priya has just started"):
        workflow.refuse_unless_unheld(7, seen_id=None, name="Priya")
    with pytest.raises(ConflictError, match="Another grantor"):
        workflow.refuse_unless_unheld(7, seen_id=8, name=None)


def test_comments_are_those_of_the_gradebook_table():
    assert workflow.comment_on("revision", "Cite.") == "Revision requested: Cite."
    assert workflow.comment_on("not_met", "No.") == "Not met: No."
    counted, rated = Standing(1, 2, None, None), Standing(1, 2, 55, 70)
    assert workflow.comment_on_met(counted, "Research") == "1 of 2 criteria of Research met"
    assert workflow.comment_on_met(rated, "Research") == (
        "1 of 2 criteria of Research met; 55 % of the points reached, 70 % needed"
    )
    assert workflow.comment_on_met(Standing(0, 0, 55, 70), "Research") == (
        "Research: 55 % of the points reached, 70 % needed"
    )
    assert workflow.comment_on_award("Level I", "https://x.test/1") == (
        "Level I awarded: https://x.test/1"
    )
